"""Read intents that list their utterances: the shape of most formats of chatbots."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.datasets.documents.document import Document
from model.datasets.entry import UNREADABLE, Entry, LeftOut, Note, entry_of
from model.datasets.located import line_of
from model.errors import Problem

# Keys under which formats keep the text of an utterance that is an object.
TEXT_KEYS = ("text", "utterance", "phrase", "example", "pattern")
# Keys under which they keep its pieces, each a text or an object with a text.
PIECE_KEYS = ("data", "parts", "chunks", "segments")
_ITEM = re.compile(r"[-*+]\s*(.*)")


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an intent's object.

    Attributes:
        name: those that may hold the intent's name; the first one that is there counts.
        texts: those that may hold the utterances.
        ignored: those that say nothing that training could use, as ids and dates.
    """

    name: Sequence[str]
    texts: Sequence[str]
    ignored: Sequence[str] = ()


def is_group(value: Any, keys: Keys) -> bool:
    """Return whether a value is an object with an intent's name and its utterances."""
    if not isinstance(value, dict):
        return False
    return _first(value, keys.name) is not None and _first(value, keys.texts) is not None


def has_groups(values: Any, keys: Keys) -> bool:
    """Return whether a value is a list with at least one intent in it."""
    return isinstance(values, list) and any(is_group(value, keys) for value in values)


def read_groups(document: Document, groups: Sequence[Any], keys: Keys) -> Iterator[Entry]:
    """Yield the entries of a list of intents."""
    for number, group in enumerate(groups, 1):
        if isinstance(group, dict):
            yield from _group(document, group, keys)
        else:
            message = f"intent {number} is no object"
            yield Problem(document.path, line_of(group), message, UNREADABLE)


def _group(document: Document, group: Mapping[str, Any], keys: Keys) -> Iterator[Entry]:
    name_key, texts_key = _first(group, keys.name), _first(group, keys.texts)
    name = group.get(name_key or "")
    if texts_key is None:
        yield Note(document.path, line_of(group), f"{name or 'an intent'} has no utterances")
    else:
        yield from read_texts(document, name, group[texts_key], line_of(group))
    used = {name_key, texts_key, *keys.ignored}
    yield from left_out(document, group, used)


def read_texts(document: Document, intent: Any, texts: Any, line: int) -> Iterator[Entry]:
    """Yield the entries of an intent's utterances: a list of them, or a single one."""
    values = [texts] if isinstance(texts, str) else texts
    if not values:
        yield Note(document.path, line, f"{intent} has no utterances")
    elif not isinstance(values, list):
        yield Problem(document.path, line, f"the utterances of {intent} are no list", UNREADABLE)
    else:
        for value in values:
            place, text = line_of(value) or line, text_of(value)
            if text is not None and not text.strip():
                yield Note(document.path, place, f"{intent} has an empty utterance")
            else:
                yield entry_of(text, intent, document.path, place)


def text_of(value: Any) -> str | None:
    """Return the text of an utterance that is a text, or an object with a text or with pieces."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    key = _first(value, TEXT_KEYS)
    if key is not None:
        return value[key] if isinstance(value[key], str) else None
    pieces = value.get(_first(value, PIECE_KEYS) or "")
    if not isinstance(pieces, list):
        return None
    texts = [text_of(piece) for piece in pieces]
    return None if None in texts else "".join(text for text in texts if text is not None)


def item_of(document: Document, content: str, line: int) -> str | Problem:
    """Return the text of an item in a list of Markdown, or the problem that it has no dash."""
    found = _ITEM.fullmatch(content.strip())
    if found:
        return found[1]
    message = f"no dash before the example: {content.strip()[:60]}"
    return Problem(document.path, line, message, UNREADABLE)


def left_out(
    document: Document, fields: Mapping[str, Any], used: set[str | None]
) -> Iterator[LeftOut]:
    """Yield a remark on each list or object under a key that was not used."""
    for key, value in fields.items():
        if key not in used and isinstance(value, dict | list) and value:
            count = len(value) if isinstance(value, list) else 1
            yield LeftOut(document.path, line_of(value), key, count)


def _first(fields: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    return next((key for key in keys if fields.get(key) is not None), None)
