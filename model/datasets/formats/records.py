"""Read JSON that is a list of records or pairs: a text and an intent each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from model.datasets.collection import PARTS, entry_within, part_named
from model.datasets.documents.document import Document
from model.datasets.entry import TRAIN, UNREADABLE, Entry, LeftOut, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.grouped import left_out
from model.datasets.formats.label_names import label_names, named_label
from model.datasets.formats.record_shapes import TASK, record_of
from model.datasets.formats.row_parts import RowParts
from model.datasets.formats.table_columns import Columns, find_columns, wanted_columns
from model.datasets.located import line_of
from model.errors import DataError, Problem
from model.tables.columns import INTENT, TEXT, order_without_header, usual_column

PAIR = 2
MAX_SHOWN_KEYS = 5
COLUMNS, ROWS = "columns", "data"
LISTS = (ROWS, "rows", "examples", "utterances", "records", "sentences", "items", "intents")


def of_columns(data: Mapping[str, Any]) -> list[Any] | None:
    """Return the records of an object with a list or an object for each column, as of pandas.

    None if the object has no columns of a text and an intent, or not the same number of values. If
    more than two have texts that are all different, they are intents.
    """
    text_at, intent_at = (usual_column(list(data), role) for role in (TEXT, INTENT))
    columns = [list(each.values()) if isinstance(each, dict) else each for each in data.values()]
    if text_at is None or intent_at is None or not all(isinstance(each, list) for each in columns):
        return None
    rows = [dict(zip(data, row, strict=False)) for row in zip(*columns, strict=False)]
    text, intent = columns[text_at], columns[intent_at]
    is_table = bool(rows) and all(len(each) == len(rows) for each in columns)
    are_texts = all(isinstance(value, str) for each in columns for value in each)
    may_be_intents = len(columns) > PAIR and are_texts and len(set(intent)) == len(intent)
    return rows if is_table and not may_be_intents and isinstance(text[0], str) else None


def _parts(document: Document) -> dict[Any, str]:
    """Return the keys under which an object has records, with the parts that they are of."""
    data = document.data
    fields = data if isinstance(data, dict) and not _of_rows(data) else {}
    filled = [key for key, value in fields.items() if isinstance(value, list | dict) and value]
    named = {key: part_named(str(key)) for key in filled}
    # Under such a key, other files have settings.
    trained = (fields[key] for key, part in named.items() if part == TRAIN)
    if any(_records(document, value) is not None for value in trained):
        return {key: part for key, part in named.items() if part in PARTS}
    first = next((key for key in LISTS if isinstance(fields.get(key), list)), None)
    return {} if first is None else {first: TRAIN}


def _records(document: Document, data: Any) -> list[Any] | None:
    if isinstance(data, dict):
        data = _numbered(data) or _of_rows(data) or of_columns(data)
    if not isinstance(data, list) or not data:
        return None
    first = data[0]
    if isinstance(first, dict):
        if isinstance(first.get("row"), dict):  # as Hugging Face's data set server answers
            return [each.get("row") if isinstance(each, dict) else each for each in data]
        is_named = document.options.text_column or usual_column(list(first), TEXT) is not None
        return data if is_named or record_of(first) is not first else None
    return data if _is_pair(first) and isinstance(first[0], str) else None


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == PAIR


def _numbered(data: Mapping[Any, Any]) -> list[Any]:
    """Return the records of an object that has them by their numbers, as pandas writes an index."""
    return list(data.values()) if all(str(key).isdecimal() for key in data) else []


def _of_rows(data: Mapping[Any, Any]) -> list[Any]:
    """Return the records of an object with the names of columns and lists of cells, as of pandas.

    Rows that are no list stay as they are.
    """
    columns, rows = data.get(COLUMNS), data.get(ROWS)
    if not isinstance(columns, list) or not isinstance(rows, list):
        return []
    if not all(isinstance(name, str) for name in columns):
        return []
    return [dict(zip(columns, row, strict=False)) if isinstance(row, list) else row for row in rows]


def _lists(document: Document, parts: Collection[Any]) -> dict[Any, list[Any] | None]:
    """Return the records under each key of ``parts``, or those of the whole file without a key."""
    data = document.data
    return {key: _records(document, data[key]) for key in parts} or {None: _records(document, data)}


def _recognises(document: Document) -> bool:
    return any(each is not None for each in _lists(document, _parts(document)).values())


def _read(document: Document) -> Iterator[Entry]:
    data, parts = document.data, _parts(document)
    lists = _lists(document, parts)
    if all(records is None for records in lists.values()):
        raise DataError.at(document.path, "holds no list of texts with intents")
    for key, records in lists.items():
        if records is None:
            message = f"'{key}' holds no texts with intents"
            yield Problem(document.path, line_of(data[key]), message, UNREADABLE)
        part = parts.get(key, TRAIN)
        yield from (entry_within(part, each) for each in _entries(document, records or []))
    if parts:
        yield from left_out(document, data, set(parts))


def _entries(document: Document, records: list[Any]) -> Iterator[Entry]:
    if records and isinstance(records[0], list):
        pairs = [each if _is_pair(each) else (None, None) for each in records]
        text, intent = order_without_header([list(map(str, pair)) for pair in pairs])
        if text:
            yield Note(document.path, 0, "the second of each pair is read as the text")
        for record, pair in zip(records, pairs, strict=True):
            yield entry_of(pair[text], pair[intent], document.path, line_of(record))
        return
    yield from entries_of(document, (_record(document, each) for each in records))


def _record(document: Document, record: Any) -> tuple[int, Mapping[str, Any]] | Problem:
    line = line_of(record)
    if isinstance(record, dict):
        return line, record
    return Problem(document.path, line, "a record is no object", UNREADABLE)


def entries_of(
    document: Document, records: Iterable[tuple[int, Mapping[str, Any]] | Problem]
) -> Iterator[Entry]:
    """Yield the entries of objects with their lines.

    Those in the shape of another tool are read as such, unless the options choose one of their
    keys. The others have the keys of the first of them, and may have that of their part.
    """
    wanted = wanted_columns(document)
    columns: Columns | None = None
    keys: list[str] = []
    names: Mapping[str, str] = {}
    has_note = False
    parts = RowParts(document.path)
    others: frozenset[str] = frozenset()
    for each in records:
        if isinstance(each, Problem):
            yield each
            continue
        line, record = each
        fields = record if any(name in record for name in wanted) else record_of(record)
        if fields is None:
            yield LeftOut(document.path, line, "answers of Prodigy that accept no label")
            continue
        if fields is not record:
            if not has_note and TASK not in record:
                has_note = True
                made_of = ", ".join(list(record)[:MAX_SHOWN_KEYS])
                yield Note(document.path, line, f"text and intent are read from {made_of}")
            entry = entry_of(fields[TEXT], _label(fields[INTENT], {}), document.path, line)
        else:
            if columns is None:
                keys = list(fields)
                columns = find_columns(document, keys, line)
                names = label_names(document, keys[columns.intent])
                others = frozenset((keys[columns.text], keys[columns.intent]))
                if columns.note:
                    yield Note(document.path, line, columns.note)
            text, intent = (fields.get(keys[at]) for at in (columns.text, columns.intent))
            entry = entry_of(text, columns.label or _label(intent, names), document.path, line)
        yield parts.assign_record(entry, record, others)
    yield from parts.notes()


def _label(value: Any, names: Any) -> Any:
    """Return a label: its number's name, the only choice of Label Studio's short form, a text."""
    if isinstance(value, dict) and isinstance(value.get("choices"), list):
        value = value["choices"]
    return named_label(value, names)


RECORDS = Format("json", "JSON records", _recognises, _read)
