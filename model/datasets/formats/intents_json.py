"""Read the ``intents.json`` of chatbot tutorials: a list of objects with ``tag`` and ``patterns``.

Alike shapes are read, too: other names of the keys, and the list under another key or alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model.datasets.collection import part_named
from model.datasets.documents.document import Document
from model.datasets.entry import Entry
from model.datasets.format import Format
from model.datasets.formats.grouped import Keys, has_groups, left_out, read_groups, read_texts
from model.datasets.formats.record_shapes import record_of
from model.datasets.formats.records import RECORDS, of_columns
from model.datasets.formats.row_parts import part_columns
from model.datasets.located import line_of
from model.errors import DataError

KEYS = Keys(
    name=("tag", "intent", "intent_name", "intentName", "label", "displayName", "name", "class"),
    texts=(
        *("patterns", "utterances", "examples", "samples", "training_phrases", "trainingPhrases"),
        *("phrases", "questions", "sentences", "texts", "queries", "user_says", "text"),
        *("exampleSentences", "inputs"),
    ),
)
INTENTS = "intents"
LISTS = (INTENTS, "data", "nlu", "items", "tags")


def _groups(document: Document) -> list[Any] | None:
    data = document.data
    if has_groups(data, KEYS):
        return _unless_records(data)
    if not isinstance(data, dict):
        return None
    candidates = (data.get(key) for key in LISTS)
    found = next((each for each in candidates if has_groups(each, KEYS)), None)
    if found is not None:
        return _unless_records(found) if _have_parts(found) else found
    # Beside records, further intents are metadata.
    return None if RECORDS.recognises(document) else list(_intents_below(data)) or None


def _unless_records(groups: list[Any]) -> list[Any] | None:
    """Return a list of intents; None for records, whose texts stand beside their intents."""
    objects = [each for each in groups if isinstance(each, dict)]
    is_record = all(isinstance(each.get("text"), str) for each in objects)
    has_other_shape = any(record_of(each) is not each for each in objects)
    return None if is_record or has_other_shape else groups


def _have_parts(groups: list[Any]) -> bool:
    objects = [each for each in groups if isinstance(each, dict)]
    return any(
        part_named(str(each[name])) for each in objects for name in part_columns(tuple(each))
    )


def _used_keys(data: dict[Any, Any], groups: list[Any]) -> set[Any]:
    """Return the keys of an object under which the intents that are read stand."""
    listed = {key for key, value in data.items() if value is groups}
    return listed or {key for key, value in data.items() if any(_intents_below({key: value}))}


def _intents_below(data: dict[Any, Any]) -> Iterator[Any]:
    """Yield the intents of all lists under a key ``intents``, wherever an export has them.

    Keys that name parts, as ``test``, are left: an export has none, and a test is not trained on.
    """
    waiting, seen = [data], set()
    for fields in waiting:
        if id(fields) in seen:  # an alias of YAML is the same object again
            continue
        seen.add(id(fields))
        for key, value in fields.items():
            if key == INTENTS and has_groups(value, KEYS):
                yield from value
            elif isinstance(value, dict) and not part_named(str(key)):
                waiting.append(value)


def _named_groups(data: Any) -> list[Any]:
    """Return the objects of intents whose names are their keys, if each has a list of texts."""
    values = _by_name(data) if isinstance(data, dict) else {}
    groups = [
        {**value, KEYS.name[0]: name}
        for name, value in values.items()
        if isinstance(value, dict) and any(_are_texts(value.get(key)) for key in KEYS.texts)
    ]
    if len(groups) < len(values) or _are_splits(data) or any(map(of_columns, values.values())):
        return []  # splits of columns have intents of their own
    return groups


def _are_splits(data: Any) -> bool:
    """Return whether all keys name parts; those below a key ``intents`` are intents."""
    return isinstance(data, dict) and all(part_named(str(key)) for key in data)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _named_lists(data: Any) -> bool:
    """Return whether data is an object of lists of texts, named by their intents."""
    is_of_splits = _are_splits(data)
    if isinstance(data, dict) and len(data) == 1 and isinstance(data.get(INTENTS), dict):
        data = data[INTENTS]
    return (
        isinstance(data, dict)
        and not is_of_splits
        and of_columns(data) is None
        and not any(key in data for key in LISTS)
        and all(isinstance(each, list) for each in data.values())
        and any(isinstance(text, str) for each in data.values() for text in each)
    )


def is_by_name(document: Document) -> bool:
    """Return whether a file has lists by names, and nothing that calls these intents."""
    data = document.data
    is_unnamed = _groups(document) is None and isinstance(data, dict) and _by_name(data) is data
    return is_unnamed and (_named_lists(data) or bool(_named_groups(data)))


def _by_name(data: Any) -> Any:
    return data[INTENTS] if isinstance(data.get(INTENTS), dict) else data


def _recognises(document: Document) -> bool:
    if _groups(document) is not None:
        return True
    data = document.data
    is_named = isinstance(data, dict) and INTENTS in data
    # In YAML, lists of texts are usually settings; splits of records have intents of their own.
    may_be_named = (document.looks_like_json or is_named) and not RECORDS.recognises(document)
    return may_be_named and (_named_lists(data) or bool(_named_groups(data)))


def _read(document: Document) -> Iterator[Entry]:
    data = document.data
    groups = _groups(document)
    if groups is not None:
        yield from read_groups(document, groups, KEYS)
        if isinstance(data, dict):
            yield from left_out(document, data, _used_keys(data, groups))
    elif named := _named_groups(data):
        yield from read_groups(document, named, KEYS)
    elif _named_lists(data):
        for intent, texts in _by_name(data).items():
            yield from read_texts(document, intent, texts, line_of(texts))
    else:
        raise DataError.at(document.path, "holds no list of intents, each with tag and patterns")


INTENTS_JSON = Format("intents-json", "intents.json", _recognises, _read)
