"""Read labelled utterances from CSV, TSV, JSONL and Rasa's YAML files."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from model.datasets.rasa import read_rasa
from model.errors import DataError, Problem

COLUMNS = ("text", "intent")

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can hold half a character; UTF-8 can't


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled utterance and where it stands; lines count from 1."""

    text: str
    intent: str
    file: Path
    line: int

    def problem(self, message: str) -> Problem:
        """Say that something is wrong with this example."""
        return Problem(self.file, self.line, message)


def read_examples(path: Path) -> list[Example]:
    """Read a file of labelled utterances, in its order.

    Args:
        path: ``.csv`` or ``.tsv`` with a header that names ``text`` and ``intent``, or
            ``.jsonl`` with these keys in each line's object, or Rasa's training data as ``.yml``
            or ``.yaml``; UTF-8. Other columns and keys are left out.

    Raises:
        DataError: unknown kind of file, unreadable encoding, no such columns, an empty or
            missing value; every such line is named.
    """
    try:
        reader = _READERS[path.suffix.lower()]
    except KeyError as error:
        kinds = ", ".join(_READERS)
        raise DataError([Problem(path, 0, f"is none of {kinds}")]) from error
    examples, problems = [], []
    for line, record in reader(read_text(path), path):
        missing = [name for name in COLUMNS if not is_filled(record.get(name))]
        if missing:
            problems.append(Problem(path, line, f"no {' and no '.join(missing)}"))
        else:
            text, intent = (str(record[name]).strip() for name in COLUMNS)
            examples.append(Example(text, intent, path, line))
    if not examples and not problems:
        problems.append(Problem(path, 0, "holds no utterances"))
    if problems:
        raise DataError(problems)
    return examples


def is_filled(value: object) -> bool:
    """Tell whether a value is a text that says something."""
    return isinstance(value, str) and bool(value.strip()) and not _SURROGATE.search(value)


def read_text(path: Path) -> str:
    """Read a file as UTF-8.

    Raises:
        DataError: it can't be read, or is in another encoding.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError([Problem(path, 0, "can't be read")]) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError([Problem(path, line, "is not UTF-8; save the file as UTF-8")]) from error


def _read_csv(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    yield from _read_table(text, path, ",")


def _read_tsv(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    yield from _read_table(text, path, "\t")


def _read_table(
    text: str, path: Path, delimiter: str
) -> Iterator[tuple[int, Mapping[str, object]]]:
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        if missing := [name for name in COLUMNS if name not in header]:
            found = ", ".join(header) or "nothing"
            message = f"no column {' and no column '.join(missing)} in the header: found {found}"
            raise DataError([Problem(path, 1, message)])
        line = rows.line_num + 1
        for row in rows:
            if row:
                yield line, dict(zip(header, row, strict=False))
            line = rows.line_num + 1
    except csv.Error as error:
        raise DataError([Problem(path, rows.line_num, "is not well-formed")]) from error


def _read_jsonl(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError([Problem(path, number, "is not JSON")]) from error
        if not isinstance(record, dict):
            raise DataError([Problem(path, number, "is not a JSON object")])
        yield number, record


_Reader = Callable[[str, Path], Iterator[tuple[int, Mapping[str, object]]]]
_READERS: Mapping[str, _Reader] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_jsonl,
    ".yml": read_rasa,
    ".yaml": read_rasa,
}
