"""Read the exports of Amazon Lex, versions 1 and 2, and interaction models of Alexa."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import Entry, Example, LeftOut
from model.datasets.format import Format
from model.datasets.formats.grouped import Keys, read_groups
from model.errors import DataError

KEYS = Keys(
    name=("name", "intentName"),
    texts=("sampleUtterances", "samples"),
    ignored=("identifier", "fulfillmentCodeHook", "fulfillmentActivity"),
)
_SLOT = re.compile(r"\{[^{}]+\}")


def _intents(data: Any) -> list[Any]:
    """Return the objects of intents in a file: one of Lex 2, or those of a whole bot."""
    if not isinstance(data, dict):
        return []
    if "name" in data and ("sampleUtterances" in data or "parentIntentSignature" in data):
        return [data]
    for key in ("resource", "interactionModel", "languageModel", "intents"):
        value = data.get(key)
        if isinstance(value, dict):
            return _intents(value)
        if key == "intents" and isinstance(value, list):
            return value if any(_is_intent(each) for each in value) else []
    return []


def _is_intent(value: Any) -> bool:
    return isinstance(value, dict) and "name" in value and any(key in value for key in KEYS.texts)


def _recognises(document: Document) -> bool:
    return bool(_intents(document.data))


def _read(document: Document) -> Iterator[Entry]:
    intents = _intents(document.data)
    if not intents:
        message = "holds no intents with sampleUtterances or samples as Lex and Alexa do"
        raise DataError.at(document.path, message)
    for entry in read_groups(document, intents, KEYS):
        yield entry
        if isinstance(entry, Example) and _SLOT.search(entry.text):
            yield LeftOut(entry.file, entry.line, "values of {slots}, whose names stay in the text")


AMAZON = Format("lex", "Amazon Lex or Alexa", _recognises, _read)
