"""Read the exports of LUIS and of its successor, conversational language understanding (CLU)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import TRAIN, UNREADABLE, Entry, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.grouped import left_out
from model.datasets.located import line_of
from model.errors import DataError, Problem

NAMES = ("name", "category")


def _app(data: Any) -> Mapping[str, Any] | None:
    """Return the object with the utterances: the whole export of LUIS, the assets of CLU."""
    if isinstance(data, dict) and isinstance(data.get("assets"), dict):
        data = data["assets"]
    if not isinstance(data, dict) or not isinstance(data.get("utterances"), list):
        return None
    is_labelled = any(
        isinstance(each, dict) and ("intent" in each or "intentName" in each)
        for each in data["utterances"]
    )
    return data if is_labelled or isinstance(data.get("intents"), list) else None


def _recognises(document: Document) -> bool:
    return _app(document.data) is not None


def _read(document: Document) -> Iterator[Entry]:
    app = _app(document.data)
    if app is None:
        message = "holds no list 'utterances' as LUIS's and CLU's exports do"
        raise DataError.at(document.path, message)
    labelled = set()
    for utterance in app["utterances"]:
        entry = _entry(document, utterance)
        labelled.add(getattr(entry, "intent", None))
        yield entry
    yield from _without_utterances(document, app.get("intents"), labelled)
    yield from left_out(document, app, {"utterances", "intents", "settings"})


def _entry(document: Document, utterance: Any) -> Entry:
    line = line_of(utterance)
    if not isinstance(utterance, dict):
        return Problem(document.path, line, "an utterance is no object", UNREADABLE)
    part = "test" if str(utterance.get("dataset", "")).casefold() == "test" else TRAIN
    intent = utterance.get("intent", utterance.get("intentName"))
    return entry_of(utterance.get("text"), intent, document.path, line, part)


def _without_utterances(document: Document, intents: Any, labelled: set[Any]) -> Iterator[Entry]:
    for intent in intents if isinstance(intents, list) else []:
        name = (
            next((intent[key] for key in NAMES if key in intent), None)
            if isinstance(intent, dict)
            else intent
        )
        if isinstance(name, str) and name.strip() not in labelled:
            yield Note(document.path, line_of(intent), f"{name} has no utterances")


MICROSOFT = Format("luis", "LUIS or CLU", _recognises, _read)
