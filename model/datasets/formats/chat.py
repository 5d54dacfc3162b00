"""Read conversations in the form that chat models are fine-tuned with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.tables.columns import INTENT, TEXT, usual_column

MESSAGES = "messages"


def from_chat(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record of a conversation: the user's last message, and the answer as its intent.

    Objects without a list of messages, or with a text beside it, are returned as they are.
    """
    messages = fields.get(MESSAGES)
    if not isinstance(messages, list) or usual_column(list(fields), TEXT) is not None:
        return fields
    said = {each.get("role"): each.get("content") for each in messages if isinstance(each, dict)}
    return {TEXT: said.get("user"), INTENT: said.get("assistant")}
