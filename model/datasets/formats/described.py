"""Read ``intents.yaml``: intents with a description each, and utterances where there are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import DESCRIPTION, Entry, LeftOut, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.grouped import left_out, read_texts
from model.datasets.located import line_of
from model.errors import DataError
from model.inference.prediction import OUT_OF_SCOPE

INTENTS, TEXT = "intents", "description"
UTTERANCES = ("utterances", "examples")


def _intents(data: Any) -> Mapping[str, Any] | None:
    """Return the intents by their names; None if data is something else.

    At the top of a file, other programs have settings, so that each intent is an object there.
    """
    if not isinstance(data, dict):
        return None
    wrapped = data.get(INTENTS)
    intents = wrapped if isinstance(wrapped, dict) else data
    is_wrapped = intents is wrapped
    values = intents.values()
    if is_wrapped:
        return intents if any(map(_has_description, values)) else None
    return intents if intents and all(map(_is_intent, values)) else None


def _has_description(value: Any) -> bool:
    return isinstance(value.get(TEXT) if isinstance(value, dict) else value, str)


def _is_intent(value: Any) -> bool:
    if not (isinstance(value, dict) and value and {TEXT, *UTTERANCES}.issuperset(value)):
        return False
    utterances = [value[key] for key in UTTERANCES if value.get(key)]
    return TEXT in value or all(map(_are_texts, utterances))


def _are_texts(value: Any) -> bool:
    return isinstance(value, str | list) and all(isinstance(each, str) for each in value)


def _recognises(document: Document) -> bool:
    return _intents(document.data) is not None


def _read(document: Document) -> Iterator[Entry]:
    intents = _intents(document.data)
    if intents is None:
        raise DataError.at(document.path, "holds no intents with a description each")
    for name, value in intents.items():
        yield from _read_intent(document, name, value)
    if intents is not document.data:
        yield from left_out(document, document.data, {INTENTS})


def _read_intent(document: Document, name: str, value: Any) -> Iterator[Entry]:
    """Yield the entries of an intent: an object, a description, or a list of utterances."""
    line = line_of(value)
    fields = value if isinstance(value, dict) else {TEXT: value}
    if isinstance(value, list):
        fields = {UTTERANCES[0]: value}
    description = fields.get(TEXT)
    texts = [fields[key] for key in UTTERANCES if fields.get(key)]
    if description and name == OUT_OF_SCOPE:
        yield LeftOut(document.path, line, f"description of {OUT_OF_SCOPE}")
    elif description:
        place = line_of(description) or line
        yield entry_of(description, name, document.path, place, DESCRIPTION)
    elif not texts:
        yield Note(document.path, line, f"{name} has neither a description nor utterances")
    for each in texts:
        yield from read_texts(document, name, each, line)
    yield from left_out(document, fields, {TEXT, *UTTERANCES})


DESCRIBED = Format("described", "intents with descriptions", _recognises, _read)
