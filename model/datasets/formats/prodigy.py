"""Read what Prodigy exports: in each line of JSONL, the answer to a question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.tables.columns import INTENT, TEXT

TASK = "_task_hash"  # which Prodigy adds to each question
CHOSEN = "accept"  # the answer, and the key of the labels that were chosen of several


def from_prodigy(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the record of a question with its label; None if the label was rejected or ignored.

    Other objects are returned as they are.
    """
    if TASK not in fields:
        return fields
    if fields.get("answer") != CHOSEN:
        return None
    return {TEXT: fields.get("text"), INTENT: fields.get(CHOSEN, fields.get("label"))}
