"""Invariants of every response."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from func.handler import IntentFunction
from func.messages import Response

REFUSALS = frozenset((400, 405, 413, 415, 422))


def ask(
    function: IntentFunction,
    content_type: str,
    body: bytes,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """Send a request as a WSGI server does (PEP 3333)."""
    names = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in headers}
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/predict",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **{names[name]: value for name, value in headers.items()},
    }
    return function(environ)


def check(answer: Response, intents: frozenset[str]) -> None:
    """Check a response: known intents, an acknowledgement, or an error with a reason.

    Raises:
        AssertionError: it is none of these.
    """
    text = "".join(name + value for name, value in answer.all_headers)
    assert not set(text) & set("\r\n"), "a header holds a line break"
    text.encode("latin-1")
    if answer.status in REFUSALS:
        assert list(json.loads(answer.body)) == ["error"]
    elif answer.status == 202:
        assert answer.body == b""
    else:
        assert answer.status == 200
        check_predictions(json.loads(answer.body), intents)


def check_predictions(value: Any, intents: frozenset[str]) -> None:
    """Check predictions, in any of their forms."""
    if isinstance(value, list):
        for event in value:
            check_predictions(event["data"], intents)
        return
    if "specversion" in value:
        value = value["data"]
    for each in value.get("predictions", [value]):
        if "status" in each:  # a rejected event of a batch
            assert each["status"] in REFUSALS
            continue
        assert each["intent"] in intents
        assert 0 <= each["confidence"] <= 1
