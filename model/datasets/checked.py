"""Utterances whose labels a person has checked and kept, by the desk's log of decisions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from model.datasets.entry import Example

SUFFIX = ".decisions"  # of the log, appended to the name of the training file
KEEP, UNDO = "keep", "undo"

# A text and the intent that was confirmed.
Checked = frozenset[tuple[str, str]]


def read_checked(examples: Iterable[Example]) -> Checked:
    """Return the utterances that the logs beside the files of examples confirm.

    A decision that was undone does not count; lines that are no decisions are skipped.
    """
    files = {example.file for example in examples}
    logs = (file.with_name(f"{file.name}{SUFFIX}") for file in files)
    return frozenset(checked for log in logs if log.is_file() for checked in _checked_in(log))


def _checked_in(log: Path) -> Checked:
    kept: dict[int, list[tuple[str, str]]] = {}
    for line in log.read_bytes().splitlines():
        try:
            record = json.loads(line)
            if record["action"] == KEEP:
                utterances = record["utterances"]
                kept[record["number"]] = [(each["text"], each["intent"]) for each in utterances]
            elif record["action"] == UNDO:
                kept.pop(record["of"], None)
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return frozenset(checked for utterances in kept.values() for checked in utterances)
