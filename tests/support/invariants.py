"""Invariants of every response."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from func.handler import IntentFunction
from func.messages import Response
from func.protocols.dialect_routes import DIALECTS
from model.inference.strict_json import DECODER

REFUSALS = frozenset((400, 405, 413, 415, 422))


def ask(
    function: IntentFunction,
    content_type: str,
    body: bytes,
    headers: Mapping[str, str] = MappingProxyType({}),
    path: str = "/predict",
) -> Response:
    """Send a request as a WSGI server does (PEP 3333)."""
    names = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in headers}
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **{names[name]: value for name, value in headers.items()},
    }
    if dialect := DIALECTS.get(("POST", path)):
        [response] = function.respond([function.parse_dialect(dialect, environ)])
        return response
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


def check_dialect(answer: Response) -> None:
    """Check a response in any dialect: probabilities that add up to 1, or an error with a reason.

    Raises:
        AssertionError: it is neither.
    """
    value = DECODER.decode(answer.body.decode())
    if answer.status in REFUSALS:
        assert value.keys() & {"error", "detail"}
        return
    assert answer.status == 200
    for probabilities in distributions(value):
        assert all(0 <= each <= 1 for each in probabilities)
        assert abs(sum(probabilities) - 1) < 0.001


def distributions(value: Any) -> Iterator[list[float]]:
    """Yield the distributions in a response: over options, levels or labels."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in ("probabilities", "probs"):
                rows = item.values() if isinstance(item, dict) else item
                yield [row["probability"] if isinstance(row, dict) else row for row in rows]
            else:
                yield from distributions(item)
    elif isinstance(value, list):
        if value and isinstance(value[0], dict) and "score" in value[0] and "label" in value[0]:
            yield [row["score"] for row in value]
        for item in value:
            yield from distributions(item)


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
