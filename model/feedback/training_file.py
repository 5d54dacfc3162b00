"""Add labelled utterances to a file of training data."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from model.atomic_files import write_atomically
from model.datasets.dataset import normalised
from model.datasets.readers import COLUMNS, read_examples, read_text
from model.errors import DataError, Problem

DELIMITERS = {".csv": ",", ".tsv": "\t"}
JSONL = ".jsonl"


@dataclass(frozen=True, slots=True)
class Additions:
    """Result of adding utterances to a file.

    Attributes:
        added: texts and intents that are new.
        known: number of texts that the file already has with the same intent.
        conflicts: texts that the file has with another intent, which it keeps.
    """

    added: tuple[tuple[str, str], ...]
    known: int
    conflicts: tuple[Problem, ...]


def add(path: Path, labelled: Mapping[str, str]) -> Additions:
    """Add new utterances in the file's own columns; write the file atomically.

    Texts are stored unchanged, also those that a spreadsheet program would run as a formula: the
    file is training data.

    Args:
        path: CSV, TSV or JSONL file; created if it does not exist.
        labelled: the intent of each text.

    Raises:
        DataError: the file has another format or can't be read.
        OSError: the file can't be written.
    """
    if path.suffix.lower() not in (*DELIMITERS, JSONL):
        kinds = ", ".join((*DELIMITERS, JSONL))
        raise DataError.at(path, f"is none of {kinds}")
    existing = read_examples(path) if path.exists() else []
    present = {normalised(each.text): each for each in existing}
    added, known, conflicts = [], 0, []
    for text, intent in labelled.items():
        example = present.get(normalised(text))
        if example is None:
            added.append((text, intent))
        elif example.intent == intent:
            known += 1
        else:
            conflicts.append(example.problem(f"labelled {example.intent}, not {intent}; kept"))
    if added:
        write_atomically(path, _extended(path, added).encode())
    return Additions(tuple(added), known, tuple(conflicts))


def _extended(path: Path, added: Sequence[tuple[str, str]]) -> str:
    content = read_text(path) if path.exists() else ""
    if content and not content.endswith("\n"):
        content += "\n"
    if path.suffix.lower() == JSONL:
        lines = (dict(zip(COLUMNS, each, strict=True)) for each in added)
        return content + "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return content + _rows(content, DELIMITERS[path.suffix.lower()], added)


def _rows(content: str, delimiter: str, added: Sequence[tuple[str, str]]) -> str:
    header = next(csv.reader(StringIO(content, newline=""), delimiter=delimiter), [])
    names = [name.strip() for name in header]
    line_break = "\r\n" if "\r\n" in content else "\n"
    rows = StringIO(newline="")
    # Any other columns of the file stay empty.
    writer = csv.DictWriter(
        rows, names or COLUMNS, restval="", delimiter=delimiter, lineterminator=line_break
    )
    if not names:
        writer.writeheader()
    writer.writerows(dict(zip(COLUMNS, each, strict=True)) for each in added)
    return rows.getvalue()
