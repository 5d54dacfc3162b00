"""Texts that know their line, in values of JSON and YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class LocatedText(str):
    """A string with the line on which it begins."""

    __slots__ = ("line",)
    line: int

    def __new__(cls, text: str, line: int) -> LocatedText:
        """Return a string with a line."""
        located = super().__new__(cls, text)
        located.line = line
        return located


def line_of(value: Any) -> int:
    """Return the line of a text, or of the first text within a list or an object; 0 if unknown."""
    return next((text.line for text in _texts(value)), 0)


def _texts(value: Any) -> Iterator[LocatedText]:
    waiting, seen = [value], set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:  # aliases of YAML can name one list any number of times
            continue
        seen.add(id(value))
        if isinstance(value, LocatedText):
            yield value
        elif isinstance(value, dict):
            waiting += reversed(list(value.values()))
        elif isinstance(value, list):
            waiting += reversed(value)
