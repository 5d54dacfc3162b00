"""Read tables of utterances: CSV and its relatives, JSONL, Parquet, spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from model.datasets.document import Document
from model.datasets.entry import Entry, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.label_names import label_names, named_label
from model.errors import DataError, Problem
from model.tables.columns import (
    INTENT,
    TEXT,
    is_header,
    named_column,
    order_without_header,
    usual_column,
)
from model.tables.delimited_rows import DelimitedRows, HeaderRules
from model.tables.encoding import as_utf8, detect_encoding
from model.tables.json_rows import json_rows
from model.tables.line_reader import Lines
from model.tables.opening import SPREADSHEETS, open_binary
from model.tables.optional import load_parquet_rows, load_spreadsheet_rows

SAMPLE_ROWS = 50
# Of .xls files; and of ZIP archives, of which only spreadsheets are single files.
SPREADSHEET_MAGIC = (b"\xd0\xcf\x11\xe0", b"PK\x03\x04")


@dataclass(frozen=True, slots=True)
class Columns:
    """The indices of the text and the intent in a row, and a note where they were guessed."""

    text: int
    intent: int
    note: str | None = None


def find_columns(document: Document, names: Sequence[str], line: int) -> Columns:
    """Return the columns by the options or by usual names.

    Raises:
        DataError: a column is missing; the message names the columns that were found.
    """
    options = document.options
    found = {}
    for role, wanted in ((TEXT, options.text_column), (INTENT, options.intent_column)):
        index = usual_column(names, role) if wanted is None else named_column(names, wanted)
        found[role] = index
    missing = [
        f"no column {getattr(options, f'{role}_column') or role}"
        for role, index in found.items()
        if index is None
    ]
    text, intent = found[TEXT], found[INTENT]
    if text is None or intent is None:
        seen = ", ".join(names) or "nothing"
        message = (
            f"{' and '.join(missing)} in the header: found {seen}; "
            "--text-column and --intent-column choose by name or number"
        )
        raise DataError([Problem(document.path, line, message)])
    is_plain = (names[text], names[intent]) == (TEXT, INTENT)
    is_chosen = options.text_column is not None and options.intent_column is not None
    is_unique = names.count(names[text]) == names.count(names[intent]) == 1
    if is_unique and (is_plain or is_chosen):
        return Columns(text, intent)
    note = f"column {names[text]} is read as the text, {names[intent]} as the intent"
    if not is_unique:
        note = f"{note}; of columns of one name, number {text + 1} and number {intent + 1}"
    return Columns(text, intent, note)


def _wanted(document: Document) -> tuple[str, ...]:
    options = document.options
    return tuple(name for name in (options.text_column, options.intent_column) if name)


def _without_header(document: Document, sample: Sequence[Sequence[str]]) -> Columns:
    options = document.options
    text, intent = order_without_header([row for row in sample if len(row) == 2])  # noqa: PLR2004
    names = ["1", "2"]
    if options.text_column is not None:
        text = _numbered(document, names, options.text_column)
        intent = 1 - text
    elif options.intent_column is not None:
        intent = _numbered(document, names, options.intent_column)
        text = 1 - intent
    note = (
        f"has no header: column {text + 1} is read as the text, {intent + 1} as the intent; "
        "--text-column and --intent-column change it"
    )
    return Columns(text, intent, note)


def _numbered(document: Document, names: Sequence[str], wanted: str) -> int:
    index = named_column(names, wanted)
    if index is None:
        message = f"has no header, and so no column {wanted}: --text-column takes 1 or 2"
        raise DataError([Problem(document.path, 1, message)])
    return index


def _open(document: Document) -> BinaryIO:
    if document.archived is not None:
        return BytesIO(document.content)
    return open_binary(document.path)


def table_columns(document: Document, lines: Lines) -> tuple[DelimitedRows, Columns]:
    """Return the rows of a text table below its header, and its columns.

    Raises:
        DataError: the header can't be read, or lacks a column.
    """
    default = "\t" if document.suffix == ".tsv" else ","
    rows = DelimitedRows(lines, document.path, default, HeaderRules(_wanted(document)))
    if rows.columns is None and rows.width == 2:  # noqa: PLR2004 - a text and an intent
        return rows, _without_header(document, rows.sample)
    names = rows.columns or [*rows.sample, []][0]
    return rows, find_columns(document, names, 1)


def _read_delimited(document: Document) -> Iterator[Entry]:
    with _open(document) as file:
        encoding = detect_encoding(file)
        if encoding.note:
            yield Note(document.path, 0, encoding.note)
        rows, columns = table_columns(document, Lines(as_utf8(file, encoding)))
        if columns.note:
            yield Note(document.path, 1, columns.note)
        names = label_names(document, (rows.columns or ["", ""])[columns.intent])
        for row in rows:
            if row.problem:
                yield Problem(document.path, row.line, row.problem, row.kind)
            elif any(cell.strip() for cell in row.cells):
                yield _entry(document.path, row.line, row.cells, columns, names)


def _entry(
    path: Path, line: int, cells: Sequence[str], columns: Columns, names: Mapping[str, str]
) -> Entry:
    intent = cells[columns.intent].strip()
    return entry_of(cells[columns.text], names.get(intent, intent), path, line)


def _read_jsonl(document: Document) -> Iterator[Entry]:
    with _open(document) as file:
        encoding = detect_encoding(file)
        if encoding.note:
            yield Note(document.path, 0, encoding.note)
        columns: Columns | None = None
        keys: list[str] = []
        names: Mapping[str, str] = {}
        for row in json_rows(Lines(as_utf8(file, encoding))):
            if row.problem:
                yield Problem(document.path, row.line, row.problem, row.kind)
                continue
            if columns is None:
                keys = list(row.fields)
                columns = find_columns(document, keys, row.line)
                names = label_names(document, keys[columns.intent])
                if columns.note:
                    yield Note(document.path, row.line, columns.note)
            text, intent = (row.fields.get(keys[at]) for at in (columns.text, columns.intent))
            yield entry_of(text, named_label(intent, names), document.path, row.line)


def _read_spreadsheet(document: Document) -> Iterator[Entry]:
    path = document.path
    if document.archived is not None:
        message = "is a spreadsheet in an archive; unpack it first"
        raise DataError([Problem(path, 0, message)])
    rows = load_spreadsheet_rows(path)(path, document.options.sheet)
    if rows.other_sheets:
        names = ", ".join(rows.other_sheets)
        yield Note(path, 0, f"sheet {rows.sheet} is read; --sheet chooses another one of {names}")
    cells = iter(rows)
    line, first = next(cells)
    width = len(first)
    if HeaderRules(_wanted(document)).has_none(first) and width == 2:  # noqa: PLR2004
        columns = _without_header(document, [row for _, row in islice(rows, SAMPLE_ROWS)])
        yield Note(path, line, columns.note or "")
        yield _entry(path, line, first, columns, {})
    else:
        columns = find_columns(document, first, line)
        if columns.note:
            yield Note(path, line, columns.note)
    for line, row in cells:
        yield _entry(path, line, row, columns, {})


def _read_parquet(document: Document) -> Iterator[Entry]:
    path = document.path
    rows = load_parquet_rows(path)(path if document.archived is None else document.content, path)
    columns = find_columns(document, rows.columns, 1)
    if columns.note:
        yield Note(path, 0, columns.note)
    own = {str(number): name for number, name in enumerate(rows.names_of(columns.intent))}
    names = own or label_names(document, rows.columns[columns.intent])
    for number, (text, intent) in enumerate(rows.pairs(columns.text, columns.intent), 1):
        yield entry_of(text, named_label(intent, names), path, number)


def _is_delimited(document: Document) -> bool:
    return document.suffix in {".csv", ".tsv"} or (
        document.suffix in {".txt", ".tab", ".psv", ""} and _has_table_head(document)
    )


def _has_table_head(document: Document) -> bool:
    first = document.head.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    return any(
        len(cells := first.split(mark)) > 1 and is_header([cell.strip(' "') for cell in cells])
        for mark in (",", ";", "\t", "|")
    )


def _is_jsonl(document: Document) -> bool:
    if document.suffix in {".jsonl", ".ndjson"}:
        return not document.head.lstrip().startswith(b"[")
    lines = [line.strip() for line in document.head.split(b"\n") if line.strip()]
    return (
        len(lines) > 1
        and all(line[:1] == b"{" for line in lines[:2])
        and lines[0].endswith(b"}")
        and document.looks_like_json
    )


def _is_spreadsheet(document: Document) -> bool:
    is_named = document.suffix.removeprefix(".") in SPREADSHEETS
    return is_named or document.head.startswith(SPREADSHEET_MAGIC)


def _is_parquet(document: Document) -> bool:
    return document.head.startswith(b"PAR1") or document.suffix == ".parquet"


DELIMITED = Format("csv", "CSV or TSV", _is_delimited, _read_delimited)
JSON_LINES = Format("jsonl", "JSONL", _is_jsonl, _read_jsonl)
SPREADSHEET = Format("spreadsheet", "Excel or OpenDocument", _is_spreadsheet, _read_spreadsheet)
PARQUET = Format("parquet", "Parquet", _is_parquet, _read_parquet)
TABLES = (PARQUET, SPREADSHEET, JSON_LINES, DELIMITED)
