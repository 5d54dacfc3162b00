"""Read intents and questions of Botpress: utterances by language, or in a text file (before 12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import Entry, LeftOut, Note, entry_of
from model.datasets.format import Format
from model.datasets.formats.grouped import left_out
from model.datasets.formats.rasa.markup import without_entities
from model.datasets.located import line_of
from model.errors import DataError, Problem

# Botpress keeps the questions of an answer as an intent as well, whose name begins with this.
QUESTION_PREFIX = "__qna__"
UTTERANCES_SUFFIX = ".utterances.txt"


def _is_text_file(document: Document) -> bool:
    """Return whether a file holds the utterances, a line each, of the intent beside it."""
    name = document.path.name
    intent = name.removesuffix(UTTERANCES_SUFFIX)
    return intent != name and document.beside(f"{intent}.json") is not None


def _is_intent(value: Any) -> bool:
    if not isinstance(value, dict) or "name" not in value:
        return False
    utterances = value.get("utterances")
    return isinstance(utterances, dict) or (
        isinstance(utterances, list) and ("slots" in value or "contexts" in value)
    )


def _is_question(value: Any) -> bool:
    data = value.get("data") if isinstance(value, dict) else None
    return isinstance(data, dict) and isinstance(data.get("questions"), dict | list)


def _items(data: Any) -> list[Any]:
    """Return intents and questions: one, a list, or lists under the keys of an export."""
    if isinstance(data, dict) and not _is_intent(data) and not _is_question(data):
        lists = (data.get(key) for key in ("intents", "qnas", "questions"))
        return [each for some in lists if isinstance(some, list) for each in _items(some)]
    values = data if isinstance(data, list) else [data]
    return values if any(_is_intent(each) or _is_question(each) for each in values) else []


def _recognises(document: Document) -> bool:
    return _is_text_file(document) or bool(_items(document.data))


def _read(document: Document) -> Iterator[Entry]:
    if _is_text_file(document):
        yield from _lines(document)
        return
    items = _items(document.data)
    if not items:
        message = "holds no intents with utterances by language as Botpress's do"
        raise DataError.at(document.path, message)
    for item in items:
        if _is_question(item):
            yield from _question(document, item)
        elif _is_intent(item):
            yield from _texts(document, _name(item["name"]), item["utterances"])
            yield from left_out(document, item, {"utterances"})
        else:
            yield Problem(document.path, line_of(item), "an entry is no intent")


def _lines(document: Document) -> Iterator[Entry]:
    intent = document.path.name.removesuffix(UTTERANCES_SUFFIX)
    for line, text in enumerate(document.text.splitlines(), 1):
        if text.strip():
            yield entry_of(without_entities(text), intent, document.path, line)


def _question(document: Document, item: Any) -> Iterator[Entry]:
    data = item["data"]
    if data.get("enabled") is False:
        yield LeftOut(document.path, line_of(item), "questions that are not enabled")
    else:
        name = _name(item.get("id") or data.get("id"))
        yield from _texts(document, name, data["questions"])
        yield LeftOut(document.path, line_of(item), "answers")


def _name(name: Any) -> Any:
    """Return an intent's name, which is the same for a question and for the intent made of it."""
    return name.removeprefix(QUESTION_PREFIX) if isinstance(name, str) else name


def _texts(document: Document, name: Any, by_language: Any) -> Iterator[Entry]:
    lists = by_language.values() if isinstance(by_language, dict) else [by_language]
    texts = [text for some in lists for text in (some if isinstance(some, list) else [some])]
    if not texts:
        yield Note(document.path, line_of(name), f"{name} has no utterances")
    for text in texts:
        plain = without_entities(text) if isinstance(text, str) else None
        yield entry_of(plain, name, document.path, line_of(text) or line_of(name))


BOTPRESS = Format("botpress", "Botpress", _recognises, _read)
