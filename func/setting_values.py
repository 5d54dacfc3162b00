"""The values that settings may have: how each is parsed, and the words for what is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
# A function that raises ValueError for a value that is not allowed, and a description of those that
# are allowed.
Parser = tuple[Callable[[str], Any], str]
# Pairs of an option and its intents: hashable, for a cache.
OptionIntents = tuple[tuple[str, tuple[str, ...]], ...]

KNATIVE_PORTS = (8008, 8012, 8013, 8022, 9090, 9091)  # the queue-proxy's, in the same pod
POINTER = r"(?:/(?:[^~/]|~[01])*)+"  # RFC 6901, but for the pointer to the whole document
# CloudEvents 1.0, section "Context Attributes".
_CONTEXT_ATTRIBUTES = frozenset(
    ("datacontenttype", "dataschema", "id", "source", "specversion", "subject", "time", "type")
)


def setting(default: T, parser: Parser) -> T:
    """Return the field of a setting."""
    declared: T = field(default=default, metadata={"parser": parser})
    return declared


def integer(lowest: int, highest: int) -> Parser:
    """Parse a whole number."""
    is_allowed = range(lowest, highest + 1).__contains__
    return _checked(int, is_allowed), f"a whole number from {lowest} to {highest}"


def number(lowest: float, highest: float) -> Parser:
    """Parse a number."""
    parse = _checked(float, lambda value: lowest <= value <= highest)
    return parse, f"a number from {lowest:g} to {highest:g}"


def choice(*allowed: str) -> Parser:
    """Parse one of several names, in any case."""
    by_lower_case = {name.lower(): name for name in allowed}
    parse = _checked(lambda text: by_lower_case.get(text.lower()), bool)
    return parse, f"one of {', '.join(allowed)}"


def matching(pattern: str, allowed: str) -> Parser:
    """Parse a text that a pattern matches."""
    return _checked(str, partial(re.fullmatch, pattern)), allowed


def several(pattern: str, allowed: str) -> Parser:
    """Parse texts that a pattern matches in lower case, or ``*``, separated by commas."""
    pattern = rf"\*|{pattern}"

    def parse(text: str) -> tuple[str, ...]:
        return tuple(item.strip().lower() for item in text.split(","))

    allowed = f"{allowed}, separated by commas, or *"
    return _checked(
        parse, lambda items: all(re.fullmatch(pattern, item) for item in items)
    ), allowed


def url(example: str) -> Parser:
    """Parse the URL of a server."""
    return _checked(str, _is_url), f"a URL such as {example}"


def _checked(convert: Callable[[str], T], is_allowed: Callable[[T], object]) -> Callable[[str], T]:
    def parse(text: str) -> T:
        value = convert(text)
        if not is_allowed(value):
            raise ValueError
        return value

    return parse


def _pointers(text: str) -> tuple[str, ...]:
    # Names may hold commas; only a comma before a slash ends a pointer.
    return tuple(pointer.strip() for pointer in re.split(r",\s*(?=/)", text))


def _is_url(text: str) -> bool:
    if not re.fullmatch(r"https?://[0-9A-Za-z.:_\[\]-]+(?:/[!-~]*)?", text):
        return False
    parts = urlsplit(text)
    return bool(parts.hostname) and parts.port != 0  # both raise ValueError as well


def _option_intents(text: str) -> OptionIntents:
    match json.loads(text):
        case dict(value) if all(map(_is_list_of_texts, value.values())):
            return tuple((option, tuple(intents)) for option, intents in value.items())
    raise ValueError


def _is_list_of_texts(value: object) -> bool:
    is_filled = isinstance(value, list) and bool(value)
    return is_filled and all(isinstance(each, str) for each in value)  # type: ignore[attr-defined]


def _extensions(text: str) -> tuple[tuple[str, str], ...]:
    """Return the attributes that a SinkBinding adds to events, by ``K_CE_OVERRIDES``."""
    overrides = json.loads(text)
    if not isinstance(overrides, dict):
        raise ValueError  # noqa: TRY004 - as of all values that are not allowed
    found = overrides.get("extensions")
    if found is None:
        return ()
    if not isinstance(found, dict) or not all(map(_is_extension, found.items())):
        raise ValueError
    return tuple(found.items())


def _is_extension(item: tuple[str, object]) -> bool:
    name, value = item
    is_named = re.fullmatch("[a-z0-9]{1,20}", name) and name not in _CONTEXT_ATTRIBUTES
    return bool(is_named) and isinstance(value, str) and value.isprintable() and value != ""


PATH: Parser = (Path, "a path")
STORE: Parser = (str, "a path or a URI")
NAME = matching(r"[!-~]+", "a name of printable ASCII without spaces")
METRICS_PORT: Parser = (
    _checked(int, lambda port: 0 <= port <= 65535 and port not in KNATIVE_PORTS),  # noqa: PLR2004
    f"a number from 0 to 65535, but none of Knative's {', '.join(map(str, KNATIVE_PORTS))}",
)
POINTERS: Parser = (
    _checked(_pointers, lambda pointers: all(re.fullmatch(POINTER, each) for each in pointers)),
    "JSON pointers such as /event/text or /body/0/text, separated by commas",
)
OPTIONS: Parser = (
    _option_intents,
    'a JSON object of options and their intents, such as {"billing": ["charge_dispute"]}',
)
EXTENSIONS: Parser = (_extensions, 'JSON such as {"extensions": {"environment": "staging"}}')
