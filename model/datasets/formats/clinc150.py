"""Read the JSON form of CLINC150 (Larson et al. 2019): all splits in one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import TRAIN, UNREADABLE, Entry, LeftOut, entry_of
from model.datasets.format import Format
from model.datasets.located import line_of
from model.errors import DataError, Problem
from model.inference.prediction import OUT_OF_SCOPE

# The part of ours that each split belongs to.
PARTS: Mapping[str, str] = {
    "train": TRAIN,
    "test": "test",
    "oos_train": "out_of_scope_validation",
    "oos_val": "out_of_scope_validation",
    "oos_test": "out_of_scope_test",
}
UNUSED = "val"  # settings are chosen by cross-validation
PAIR = 2


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == PAIR


def _recognises(document: Document) -> bool:
    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get("train"), list):
        return False
    return any(map(_is_pair, data["train"]))


def _read(document: Document) -> Iterator[Entry]:
    data = document.data
    if not isinstance(data, dict) or "train" not in data:
        raise DataError.at(document.path, "holds no list 'train' as CLINC150's files do")
    for name, entries in data.items():
        if name == UNUSED and isinstance(entries, list):
            yield LeftOut(
                document.path, line_of(entries), "utterances for validation", len(entries)
            )
        elif name not in PARTS:
            yield LeftOut(document.path, line_of(entries), name)
        elif not isinstance(entries, list):
            yield Problem(document.path, line_of(entries), f"'{name}' is no list", UNREADABLE)
        else:
            for number, entry in enumerate(entries, 1):
                yield _entry(document, entry, number, name)


def _entry(document: Document, entry: Any, number: int, name: str) -> Entry:
    line = line_of(entry)
    if not _is_pair(entry):
        message = f"entry {number} of '{name}' is no pair of a text and an intent"
        return Problem(document.path, line, message, UNREADABLE)
    text, intent = entry
    is_out_of_scope = PARTS[name].startswith(OUT_OF_SCOPE)
    label = OUT_OF_SCOPE if is_out_of_scope else intent
    return entry_of(text, label, document.path, line, PARTS[name])


CLINC150 = Format("clinc150", "CLINC150 JSON", _recognises, _read)
