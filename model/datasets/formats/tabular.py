"""Read tables of utterances: CSV and its relatives, JSONL, Parquet, spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from model.datasets.collection import (
    PARTS,
    entry_within,
    part_named,
    part_of,
    parts_of_pairs,
)
from model.datasets.documents.document import Document
from model.datasets.entry import TRAIN, Entry, LeftOut, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.label_names import cell_label, label_names, named_label
from model.datasets.formats.record_shapes import is_of_another_shape
from model.datasets.formats.records import entries_of
from model.datasets.formats.row_parts import RowParts, names_by_row
from model.datasets.formats.table_columns import (
    Columns,
    columns_by_rows,
    find_columns,
    wanted_columns,
)
from model.errors import DataError, Problem
from model.tables import optional
from model.tables.columns import PAIR, is_header
from model.tables.delimited_rows import DelimitedRows
from model.tables.encoding import as_utf8, decode_text, detect_encoding
from model.tables.header import SAMPLE_ROWS, HeaderRules, header_below
from model.tables.json_rows import JsonRow, json_rows
from model.tables.line_reader import Lines
from model.tables.opening import SPREADSHEETS, open_binary

if TYPE_CHECKING:
    from model.tables.spreadsheet_rows import SpreadsheetRows

REPEATED_HEADERS = "repetitions of the header"
MAX_SEEN_LINES = 20
COLUMNAR = (".parquet", ".arrow", ".feather")
COLUMNAR_MAGIC = (b"PAR1", b"ARROW1")
NAMED = (".csv", ".tsv")  # suffixes of tables alone
# Of .xls files; and of ZIP archives, of which only spreadsheets are single files.
SPREADSHEET_MAGIC = (b"\xd0\xcf\x11\xe0", b"PK\x03\x04")


def _open(document: Document) -> BinaryIO:
    if document.archived is not None:
        return BytesIO(document.content)
    return open_binary(document.path)


def _source(document: Document) -> Path | bytes:
    return document.path if document.archived is None else document.content


def table_columns(document: Document, lines: Lines) -> tuple[DelimitedRows, Columns]:
    """Return the rows of a text table below its header, and its columns.

    Raises:
        DataError: the header can't be read, or lacks a column.
    """
    default = "\t" if document.suffix == ".tsv" else ","
    rules = HeaderRules(wanted_columns(document), has_labels=True)
    rows = DelimitedRows(lines, document.path, default, rules)
    has_header = rows.columns is not None
    columns = columns_by_rows(document, rows.first, rows.sample, has_header=has_header)
    columns = columns or find_columns(document, rows.first, rows.first_line)
    return rows, columns.with_notes(rows.notes)


def _read_delimited(document: Document) -> Iterator[Entry]:
    with _open(document) as file:
        encoding = detect_encoding(file)
        if encoding.note:
            yield Note(document.path, 0, encoding.note)
        rows, columns = table_columns(document, Lines(as_utf8(file, encoding)))
        if columns.note:
            yield Note(document.path, rows.first_line, columns.note, columns.are_guessed)
        names = label_names(document, rows.columns[columns.intent] if rows.columns else "")
        parts = RowParts(document.path, rows.columns or names_by_row(rows.first), columns)
        for row in rows:
            if row.problem:
                yield Problem(document.path, row.line, row.problem, row.kind)
            elif rows.repeats_header(row):
                yield LeftOut(document.path, row.line, REPEATED_HEADERS)
            elif any(cell.strip() for cell in row.cells):
                entry = _entry(document.path, row.line, row.cells, columns, names)
                yield parts.assign(entry, *(row.cells[place] for place in parts.places))
        yield from parts.notes()


def _entry(
    path: Path, line: int, cells: Sequence[str], columns: Columns, names: Mapping[str, str]
) -> Entry:
    label = columns.label or cell_label(cells[columns.intent], names)
    return entry_of(cells[columns.text], label, path, line)


def _read_jsonl(document: Document) -> Iterator[Entry]:
    with _open(document) as file:
        encoding = detect_encoding(file)
        if encoding.note:
            yield Note(document.path, 0, encoding.note)
        rows = json_rows(Lines(as_utf8(file, encoding)))
        yield from entries_of(document, (_record(document, row) for row in rows))


def _record(document: Document, row: JsonRow) -> tuple[int, Mapping[str, Any]] | Problem:
    if row.problem:
        return Problem(document.path, row.line, row.problem, row.kind)
    return row.line, row.fields


def _read_spreadsheet(document: Document) -> Iterator[Entry]:
    path, wanted = document.path, document.options.sheet
    with optional.required(path, optional.SPREADSHEET):
        from model.tables.spreadsheet_rows import SpreadsheetRows  # noqa: PLC0415 - as it says
    with closing(SpreadsheetRows(_source(document), path, wanted)) as rows:
        names = (rows.sheet, *rows.other_sheets)
        pairs = parts_of_pairs(map(Path, names))  # as "Train data" and "Test data"
        may_be_parts = len(names) > 1 and not wanted
        parts = {name: part_named(name) or pairs.get(Path(name)) for name in names if may_be_parts}
        if TRAIN not in parts.values():
            yield from _chosen_sheet(document, rows, parts)
            return
    read = [name for name, part in parts.items() if part in PARTS]
    others = ", ".join(name for name in parts if name not in read)
    left_out = f"; left out: {others}" if others else ""
    used = ", ".join(f"{name} as {parts[name]}" for name in read)
    yield Note(path, 0, f"sheets are read by their names: {used}{left_out}")
    for name in read:
        with closing(SpreadsheetRows(_source(document), path, name)) as rows:
            part, sheet = parts[name] or TRAIN, replace(document, path=path / name)
            yield from (entry_within(part, each) for each in _sheet_entries(sheet, rows))


def _chosen_sheet(
    document: Document, rows: SpreadsheetRows, parts: Mapping[str, str | None]
) -> Iterator[Entry]:
    """Yield the entries of a sheet, with a note on the others; refuse a test as training texts."""
    file_part = part_of(Path(document.path.name))
    if parts.get(rows.sheet) and file_part in {None, TRAIN}:
        message = f"sheet {rows.sheet} is the first one, and none is named {TRAIN}"
        remedy = f"rename one, or choose by --sheet one of {', '.join(parts)}"
        raise DataError.at(document.path, f"{message}; {remedy}")
    if rows.other_sheets:
        others = ", ".join(rows.other_sheets)
        note = f"sheet {rows.sheet} is read; --sheet chooses another one of {others}"
        yield Note(document.path, 0, note)
    yield from _sheet_entries(document, rows)


def _sheet_entries(document: Document, rows: Iterable[tuple[int, list[str]]]) -> Iterator[Entry]:
    path, cells = document.path, iter(rows)
    sample = [row for _, row in islice(rows, SAMPLE_ROWS)]
    rules = HeaderRules(wanted_columns(document), has_labels=True)
    above = rules.rows_above(sample)
    sample = sample[above:]
    line, first = next(islice(cells, above, None))
    has_header = not rules.has_none(first, sample)
    found = columns_by_rows(document, first, sample, has_header=has_header)
    columns = found or find_columns(document, first, line)
    columns = columns.with_notes([header_below(line)] if above else [])
    if columns.note:
        yield Note(path, line, columns.note, columns.are_guessed)
    parts = RowParts(path, first if has_header else names_by_row(first), columns)
    utterances = cells if has_header else chain([(line, first)], cells)
    for line, row in utterances:
        if has_header and row == first:
            yield LeftOut(path, line, REPEATED_HEADERS)
        else:
            entry = _entry(path, line, row, columns, {})
            yield parts.assign(entry, *(row[place] for place in parts.places))
    yield from parts.notes()


def _read_parquet(document: Document) -> Iterator[Entry]:
    path = document.path
    with optional.required(path, optional.PARQUET):
        from model.tables.parquet_rows import ParquetRows  # noqa: PLC0415 - as it says
    rows = ParquetRows(_source(document), path)
    if is_of_another_shape(rows.columns) and not wanted_columns(document):
        yield from entries_of(document, enumerate(rows.records(), 1))
        return
    columns = find_columns(document, rows.columns, 1)
    if columns.note:
        yield Note(path, 0, columns.note)
    own = {str(number): name for number, name in enumerate(rows.names_of(columns.intent))}
    names = own or label_names(document, rows.columns[columns.intent])
    parts = RowParts(path, rows.columns, columns)
    values = rows.pairs(columns.text, columns.intent, *parts.places)
    for number, (text, intent, *part) in enumerate(values, 1):
        entry = entry_of(text, columns.label or named_label(intent, names), path, number)
        yield parts.assign(entry, *part)
    yield from parts.notes()


def _is_delimited(document: Document) -> bool:
    if document.suffix in NAMED:
        return True
    head = decode_text(document.head)[0]
    is_text = document.suffix in {".txt", ".tab", ".psv", ""}
    return is_text and (_has_header(head) or _has_pairs(head))


def is_recognised_by_tabs(document: Document) -> bool:
    """Return whether a text table has neither a table's name nor a header, but tabs alone."""
    return document.suffix not in NAMED and not _has_header(decode_text(document.head)[0])


def _first_lines(head: str) -> list[str]:
    return [line.strip() for line in head.splitlines() if line.strip()][:MAX_SEEN_LINES]


def _has_header(head: str) -> bool:
    first = "".join(_first_lines(head)[:1])
    return any(
        len(cells := first.split(mark)) > 1 and is_header([cell.strip(' "') for cell in cells])
        for mark in (",", ";", "\t", "|")
    )


def _has_pairs(head: str) -> bool:
    """Return whether each of several lines holds two cells with a tab between them.

    Sentences with a tag for each word are no pairs: in every line, both cells have the same number
    of words, and more than one. A token and its tag in each line can't be told from a pair.
    """
    rows = [line.split("\t") for line in _first_lines(head)]
    if len(rows) <= 1 or any(len(row) != PAIR for row in rows):
        return False
    words = [(len(first.split()), len(second.split())) for first, second in rows]
    return any(first != second or first == 1 for first, second in words)


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
    return document.head.startswith(COLUMNAR_MAGIC) or document.suffix in COLUMNAR


DELIMITED = Format("csv", "CSV or TSV", _is_delimited, _read_delimited)
JSON_LINES = Format("jsonl", "JSONL", _is_jsonl, _read_jsonl)
SPREADSHEET = Format("spreadsheet", "Excel or OpenDocument", _is_spreadsheet, _read_spreadsheet)
PARQUET = Format("parquet", "Parquet or Arrow", _is_parquet, _read_parquet)
TABLES = (PARQUET, SPREADSHEET, JSON_LINES, DELIMITED)
