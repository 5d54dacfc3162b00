"""Take Rasa's markup of entities out of utterances."""

from __future__ import annotations

import json
import re

_DECODER = json.JSONDecoder()
_ANNOTATED = re.compile(r"\[([^\[\]]+)\](?=[({\[]| +[{\[])")
_ROUND = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)")
_LOOSE = {"{": re.compile(r"\{[^}]*\}"), "[": re.compile(r"\[[^\]]*\]")}


def without_entities(text: str) -> str:
    """Return an utterance in which each annotated entity is its text.

    The forms are ``[Berlin](city)``, ``[Berlin](city:BER)``, ``[Berlin]{"entity": "city"}`` and
    ``[Berlin][{"entity": "city"}, {"entity": "goal"}]``.
    """
    pieces, begin = [], 0
    while found := _ANNOTATED.search(text, begin):
        end = _annotation_end(text, found.end())
        pieces.append(text[begin : found.start()])
        pieces.append(found[1] if end else found[0])
        begin = end or found.end()
    return "".join((*pieces, text[begin:]))


def _annotation_end(text: str, begin: int) -> int | None:
    """Return the offset behind an annotation; None if there is none."""
    if text[begin] == "(":
        found = _ROUND.match(text, begin)
        return found.end() if found else None
    is_apart = text[begin] == " "
    begin += len(text[begin:]) - len(text[begin:].lstrip())
    try:
        value, end = _DECODER.raw_decode(text, begin)
    except (ValueError, RecursionError):
        loose = None if is_apart else _LOOSE[text[begin]].match(text, begin)
        return loose.end() if loose and ":" in loose[0] else None
    is_annotation = isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)
    )
    return end if is_annotation else None
