"""The records of CSV and JSONL files: read with their bytes, edited one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from model.datasets.documents.document import Document, ReadOptions
from model.datasets.entry import Example, entry_of
from model.datasets.formats.label_names import cell_label, label_names
from model.datasets.formats.record_shapes import record_of
from model.datasets.formats.table_columns import Columns, find_columns
from model.datasets.formats.tabular import DELIMITED, JSON_LINES, table_columns
from model.datasets.readers import COLUMNS
from model.errors import DataError
from model.inference.strict_json import DECODER
from model.tables.delimited_rows import Row
from model.tables.encoding import detect_encoding
from model.tables.json_rows import JsonRow, json_rows
from model.tables.line_reader import Lines

CONVERT = "python -m model.datasets convert makes a CSV or JSONL file of other formats"
QUOTE = '"'
# How JSON is written: the first style that reproduces a line is the style of that line.
STYLES = tuple(
    partial(json.dumps, ensure_ascii=is_ascii, separators=separators)
    for separators in ((", ", ": "), (",", ":"))
    for is_ascii in (False, True)
)


# The heads of files that are created with their first utterance.
HEADS = {".csv": ",".join(COLUMNS) + "\n", ".tsv": "\t".join(COLUMNS) + "\n"}


class Utterance(NamedTuple):
    """A text and its intent."""

    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class Record:
    """A piece of a file.

    Attributes:
        raw: its bytes.
        utterance: None where the piece is no utterance, as a blank line.
    """

    raw: bytes
    utterance: Utterance | None


class RecordFormat(Protocol):
    """How a file writes its records."""

    def edited(self, raw: bytes, utterance: Utterance) -> bytes:
        """Return a record with another text or intent; all else stays as it is."""

    def created(self, utterance: Utterance) -> bytes:
        """Return a new record."""


def parse(
    path: Path, content: bytes, options: ReadOptions = ReadOptions()
) -> tuple[RecordFormat, list[Record]]:
    """Return the format of a content, and its records in order; joined, they are the content.

    Raises:
        DataError: the file is no CSV or JSONL file in UTF-8 with a text and an intent.
    """
    document = Document(path, options, archived={path: content})
    if not detect_encoding(BytesIO(content)).is_plain:
        raise DataError.at(path, "is not UTF-8; save the file as UTF-8 to edit it")
    if JSON_LINES.recognises(document):
        return _json_records(document)
    if DELIMITED.recognises(document):
        return _delimited_records(document)
    raise DataError.at(path, f"can't be edited: {CONVERT}")


def head_of(path: Path) -> bytes:
    """Return what a new file begins with."""
    return HEADS.get(path.suffix.lower(), "").encode()


def _delimited_records(document: Document) -> tuple[RecordFormat, list[Record]]:
    lines = Lines(BytesIO(document.content))
    rows, columns = table_columns(document, lines)
    _refuse_texts(document, columns)
    _refuse_numbers(document, rows.columns[columns.intent] if rows.columns else "")
    head = Record(document.content[: lines.offset], None)

    def utterance_of(row: Row) -> Utterance | None:
        text, intent = row.cells[columns.text], row.cells[columns.intent]
        if cell_label(intent, {}) != intent.strip():
            raise DataError.at(document.path, f"holds lists of intents: {CONVERT}", line=row.line)
        return None if rows.repeats_header(row) else _utterance(document.path, text, intent)

    records = [head, *_pieces(document.content, lines, rows, utterance_of)]
    first = next((each.raw.decode() for each in records if each.utterance), "")
    form = DelimitedFormat(
        rows.delimiter, rows.width, (columns.text, columns.intent), _line_break(document), first
    )
    return form, records


def _json_records(document: Document) -> tuple[RecordFormat, list[Record]]:
    rows = (row.fields for row in json_rows(_lines(document)) if not row.problem)
    first = next(rows, dict.fromkeys(COLUMNS))
    if record_of(first) is not first:
        raise DataError.at(
            document.path, f"holds conversations, or labels of Prodigy or spaCy: {CONVERT}"
        )
    names = list(first)
    columns = find_columns(document, names, 1)
    _refuse_texts(document, columns)
    keys = (names[columns.text], names[columns.intent])
    if isinstance(first[keys[1]], list):
        raise DataError.at(document.path, f"holds lists of intents: {CONVERT}")
    _refuse_numbers(document, keys[1])

    def utterance_of(row: JsonRow) -> Utterance | None:
        if record_of(row.fields) is not row.fields:
            return None
        text, intent = (row.fields.get(key) for key in keys)
        return _utterance(document.path, text, intent)

    lines = _lines(document)
    records = [*_pieces(document.content, lines, json_rows(lines), utterance_of)]
    raw = next((each.raw.decode() for each in records if each.utterance), "")
    return JsonFormat(keys, _line_break(document), raw), records


def _lines(document: Document) -> Lines:
    return Lines(BytesIO(document.content))


def _pieces(
    content: bytes, lines: Lines, rows: Iterable[Any], utterance_of: Any
) -> Iterator[Record]:
    """Yield each row, and all that stands between rows, with its bytes."""
    start = lines.offset
    for row in rows:
        end, utterance = lines.offset, None if row.problem else utterance_of(row)
        own = end - len(row.text.encode()) if utterance else end
        if start < own:
            yield Record(content[start:own], None)
        if own < end:
            yield Record(content[own:end], utterance)
        start = end
    if start < len(content):
        yield Record(content[start:], None)


def _utterance(path: Path, text: object, intent: object) -> Utterance | None:
    label = str(intent) if isinstance(intent, int) else intent
    entry = entry_of(text, label, path, 0)
    return Utterance(entry.text, entry.intent) if isinstance(entry, Example) else None


def _refuse_texts(document: Document, columns: Columns) -> None:
    if columns.label:
        raise DataError.at(document.path, f"has no column of intents to edit: {CONVERT}")


def _refuse_numbers(document: Document, column: str) -> None:
    if label_names(Document(document.path), column):  # files beside it are on the disk
        message = f"has numbers for intents; write their names to edit it: {CONVERT}"
        raise DataError.at(document.path, message)


def _line_break(document: Document) -> str:
    return "\r\n" if b"\r\n" in document.content else "\n"


class DelimitedFormat:
    """CSV and its relatives."""

    def __init__(
        self, delimiter: str, width: int, places: tuple[int, int], line_break: str, sample: str
    ) -> None:
        """Set the dialect; new rows imitate the quotes of ``sample``, which may be empty."""
        mark = re.escape(delimiter)
        self._cell = re.compile(rf'(?P<cell> *"(?:[^"]|"")*"|[^{mark}\r\n]*)(?:{mark}|\r?\n?$)')
        self._needs_quotes = re.compile(rf'[{mark}"\r\n]').search
        self._delimiter, self._width, self._places = delimiter, width, places
        self._line_break = line_break
        cells = [sample[start:end] for start, end in self._spans(sample)]
        self._quotes_all = all(map(_is_quoted, cells))

    def edited(self, raw: bytes, utterance: Utterance) -> bytes:
        """Return a row with another text or intent; cells stay quoted."""
        row = raw.decode()
        spans, values = self._spans(row), dict(zip(self._places, utterance, strict=True))
        for place, value in sorted(values.items(), reverse=True):
            start, end = spans[place]
            cell = row[start:end]
            if _unquoted(cell).strip() != value:
                quoted = self._quoted(value, always=_is_quoted(cell))
                row = row[:start] + quoted + row[end:]
        return row.encode()

    def created(self, utterance: Utterance) -> bytes:
        """Return a new row; further columns stay empty."""
        values = dict(zip(self._places, utterance, strict=True))
        cells = (
            self._quoted(values.get(place, ""), always=self._quotes_all)
            for place in range(self._width)
        )
        return (self._delimiter.join(cells) + self._line_break).encode()

    def _spans(self, row: str) -> list[tuple[int, int]]:
        spans = [match.span("cell") for match in self._cell.finditer(row)]
        return spans[: self._width]

    def _quoted(self, value: str, *, always: bool) -> str:
        if not always and not self._needs_quotes(value):
            return value
        return QUOTE + value.replace(QUOTE, QUOTE * 2) + QUOTE


def _is_quoted(cell: str) -> bool:
    return cell.lstrip().startswith(QUOTE)


def _unquoted(cell: str) -> str:
    return cell.lstrip()[1:-1].replace(QUOTE * 2, QUOTE) if _is_quoted(cell) else cell


class JsonFormat:
    """A JSON object in each line."""

    def __init__(self, keys: tuple[str, str], line_break: str, sample: str) -> None:
        """Set the style; new lines imitate that of ``sample``, which may be empty."""
        self._keys, self._line_break = keys, line_break
        self._dumps = _style(sample)

    def edited(self, raw: bytes, utterance: Utterance) -> bytes:
        """Return a line with another text or intent; all other fields stay as they are."""
        line = raw.decode()
        fields: dict[str, Any] = DECODER.decode(line)
        for key, value in zip(self._keys, utterance, strict=True):
            if str(fields[key]).strip() != value:
                fields[key] = value
        ending = line[len(line.rstrip()) :]
        return (_style(line)(fields) + ending).encode()

    def created(self, utterance: Utterance) -> bytes:
        """Return a new line."""
        fields: Mapping[str, str] = dict(zip(self._keys, utterance, strict=True))
        return (self._dumps(fields) + self._line_break).encode()


def _style(line: str) -> partial[str]:
    fields = DECODER.decode(line) if line else {}
    return next((each for each in STYLES if each(fields) == line.strip()), STYLES[0])
