"""Read JSON that is a list of records or pairs: a text and an intent each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import UNREADABLE, Entry, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.label_names import label_names, named_label
from model.datasets.formats.table_columns import find_columns
from model.datasets.located import line_of
from model.errors import DataError, Problem
from model.tables.columns import TEXT, usual_column

PAIR = 2
LISTS = ("data", "rows", "examples", "utterances", "records", "train", "sentences")


def _records(document: Document) -> list[Any] | None:
    data = document.data
    if isinstance(data, dict):
        lists = (data.get(key) for key in LISTS)
        data = next((each for each in lists if isinstance(each, list)), None)
    if not isinstance(data, list) or not data:
        return None
    first = data[0]
    if isinstance(first, dict):
        if isinstance(first.get("row"), dict):  # as Hugging Face's data set server answers
            return [each.get("row") if isinstance(each, dict) else each for each in data]
        is_named = document.options.text_column or usual_column(list(first), TEXT) is not None
        return data if is_named else None
    is_pairs = isinstance(first, list) and len(first) == PAIR and isinstance(first[0], str)
    return data if is_pairs else None


def _recognises(document: Document) -> bool:
    return _records(document) is not None


def _read(document: Document) -> Iterator[Entry]:
    records = _records(document)
    if records is None:
        raise DataError.at(document.path, "holds no list of texts with intents")
    if isinstance(records[0], list):
        for record in records:
            is_pair = isinstance(record, list) and len(record) == PAIR
            text, intent = record if is_pair else (None, None)
            yield entry_of(text, intent, document.path, line_of(record))
        return
    keys = list(records[0])
    columns = find_columns(document, keys, line_of(records[0]))
    if columns.note:
        yield Note(document.path, line_of(records[0]), columns.note)
    names = label_names(document, keys[columns.intent])
    for record in records:
        if not isinstance(record, dict):
            yield Problem(document.path, line_of(record), "a record is no object", UNREADABLE)
            continue
        text, intent = (record.get(keys[at]) for at in (columns.text, columns.intent))
        yield entry_of(text, _label(intent, names), document.path, line_of(record))


def _label(value: Any, names: Any) -> Any:
    """Return a label: its number's name, the only choice of Label Studio's short form, a text."""
    if isinstance(value, dict) and isinstance(value.get("choices"), list):
        value = value["choices"]
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return named_label(value, names)


RECORDS = Format("json", "JSON records", _recognises, _read)
