"""Read the exports of Dialogflow ES and CX: a file of training phrases for each intent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import UNREADABLE, Entry, LeftOut, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.grouped import text_of
from model.datasets.located import line_of
from model.errors import DataError, Problem
from model.inference.prediction import OUT_OF_SCOPE

_USER_SAYS = re.compile(r"_usersays_[\w-]+$")


def _phrases(data: Any) -> Sequence[Any] | None:
    """Return the training phrases of a file; None if it is not of Dialogflow."""
    if isinstance(data, list) and data and all(isinstance(each, dict) for each in data):
        return data if all(isinstance(each.get("data"), list) for each in data) else None
    if isinstance(data, dict):
        for key in ("trainingPhrases", "userSays"):
            if isinstance(data.get(key), list):
                return list(data[key])
    return None


def _is_intent(data: Any) -> bool:
    """Return whether a file describes an intent: its phrases are in another file."""
    if not isinstance(data, dict):
        return False
    is_es = "fallbackIntent" in data and "responses" in data
    return is_es or ("displayName" in data and ("numTrainingPhrases" in data or "priority" in data))


def _recognises(document: Document) -> bool:
    return _phrases(document.data) is not None or _is_intent(document.data)


def _intent_file(document: Document) -> Any:
    """Return the object of the intent whose phrases a file holds."""
    if isinstance(document.data, dict) and "name" in document.data:
        return document.data
    name = _USER_SAYS.sub("", document.path.stem)
    folder = document.path.parent.parent.name  # of CX: intents/NAME/trainingPhrases/en.json
    for place in (f"{name}.json", f"../{folder}.json"):
        beside = document.beside(place)
        if beside is not None and beside.path != document.path:
            return beside.data
    return {"name": folder if document.path.parent.name == "trainingPhrases" else name}


def _read(document: Document) -> Iterator[Entry]:
    data = document.data
    phrases = _phrases(data)
    if phrases is None:
        if not _is_intent(data):
            message = "holds no training phrases as Dialogflow's exports do"
            raise DataError.at(document.path, message)
        yield from _described(document, data)
        return
    intent = _intent_file(document)
    fields = intent if isinstance(intent, dict) else {}
    name = fields.get("displayName") or fields.get("name")
    if fields.get("fallbackIntent") is True or fields.get("isFallback") is True:
        name = OUT_OF_SCOPE
    if not phrases:
        yield Note(document.path, 0, f"{name} has no training phrases")
    for phrase in phrases:
        yield from _phrase(document, phrase, name)


def _phrase(document: Document, phrase: Any, name: Any) -> Iterator[Entry]:
    line = line_of(phrase)
    if not isinstance(phrase, dict):
        yield Problem(document.path, line, "a training phrase is no object", UNREADABLE)
    elif phrase.get("isTemplate") is True:
        yield LeftOut(document.path, line, "templates with @entities")
    else:
        yield entry_of(text_of(phrase), name, document.path, line)


def _described(document: Document, data: Any) -> Iterator[Entry]:
    """Name an intent that has no file of training phrases."""
    name = document.path.stem
    beside: Iterable[Path] | None = document.archived
    if beside is None:
        beside = document.path.parent.rglob("*.json")
    prefix, folder = f"{name}_usersays_", document.path.parent
    has_phrases = any(
        path.is_relative_to(folder)  # which takes longest
        for path in beside
        if path.name.startswith(prefix) or path.parent.name == "trainingPhrases"
    )
    if not has_phrases:
        title = data.get("displayName") or data.get("name") or name
        yield Note(document.path, 0, f"{title} has no training phrases")
    if data.get("responses") or data.get("description"):
        yield LeftOut(document.path, 0, "descriptions of intents, with their responses")


DIALOGFLOW = Format("dialogflow", "Dialogflow", _recognises, _read)
