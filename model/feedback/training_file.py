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
    """What became of utterances that were to be added.

    Attributes:
        added: new ones, as text and intent.
        known: how many stand there already, with the same intent.
        conflicts: what stands there already with another intent.
    """

    added: tuple[tuple[str, str], ...]
    known: int
    conflicts: tuple[Problem, ...]


def add(path: Path, labelled: Mapping[str, str]) -> Additions:
    """Add utterances that are not there yet, all at once, in the file's own columns.

    Args:
        path: CSV, TSV or JSONL; made where there is none.
        labelled: the intent of each text.

    Raises:
        DataError: the file is of another kind or can't be read.
        OSError: it can't be written.
    """
    if path.suffix.lower() not in (*DELIMITERS, JSONL):
        kinds = ", ".join((*DELIMITERS, JSONL))
        raise DataError([Problem(path, 0, f"is none of {kinds}")])
    existing = read_examples(path) if path.exists() else []
    there = {normalised(each.text): each for each in existing}
    added, known, conflicts = [], 0, []
    for text, intent in labelled.items():
        example = there.get(normalised(text))
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
    # Columns of the file's own stay empty.
    writer = csv.DictWriter(
        rows, names or COLUMNS, restval="", delimiter=delimiter, lineterminator=line_break
    )
    if not names:
        writer.writeheader()
    writer.writerows(dict(zip(COLUMNS, each, strict=True)) for each in added)
    return rows.getvalue()
