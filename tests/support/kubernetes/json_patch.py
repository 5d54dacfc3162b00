"""JSON Patch (RFC 6902), as far as the fake API needs it."""

from __future__ import annotations

from typing import Any


class PatchError(Exception):
    """A test failed, or a path does not exist."""


def apply(document: Any, patch: list[dict[str, Any]]) -> None:
    """Change a document in place."""
    for operation in patch:
        *path, last = [
            part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]
        ]
        place = document
        for part in path:
            place = _step(place, part)
        key = int(last) if isinstance(place, list) else last
        _OPERATIONS[operation["op"]](place, key, operation.get("value"))


def _step(place: Any, part: str) -> Any:
    try:
        return place[int(part)] if isinstance(place, list) else place[part]
    except (KeyError, IndexError) as error:
        raise PatchError(part) from error


def _test(place: Any, key: Any, value: Any) -> None:
    if place.get(key) != value:
        raise PatchError(f"testing {key} failed")


def _add(place: Any, key: Any, value: Any) -> None:
    place[key] = value


def _remove(place: Any, key: Any, _value: Any) -> None:
    if key not in place:
        raise PatchError(f"{key} does not exist")
    del place[key]


_OPERATIONS = {"test": _test, "add": _add, "remove": _remove}
