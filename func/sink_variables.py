"""The attributes that a SinkBinding adds to events: the variable ``K_CE_OVERRIDES``."""

from __future__ import annotations

import json
import re

# CloudEvents 1.0, section "Context Attributes".
_CONTEXT_ATTRIBUTES = frozenset(
    ("datacontenttype", "dataschema", "id", "source", "specversion", "subject", "time", "type")
)


def extensions(text: str) -> tuple[tuple[str, str], ...]:
    """Return the extension attributes of ``K_CE_OVERRIDES``; raise ValueError for other JSON."""
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
