"""Constraints that JSON Schema can't express: parts of a request that depend on each other.

Without these hooks, schemathesis would consider some invalid requests as valid. Requests that are
meant to be invalid are sent unchanged.
"""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, HookContext

from func.protocols.binary_tensors import LENGTH_HEADER
from func.protocols.open_inference import OCTETS, RANKED


def binary_message(texts: list[str]) -> bytes:
    """Return an inference request in binary form, with its data in the JSON."""
    tensor = {"name": "text", "datatype": "BYTES", "shape": [len(texts)], "data": texts}
    return json.dumps({"inputs": [tensor]}).encode()


ANY_TEXT = {"/v1/systemone": "state", "/v1/decisions": "input"}
TEXTS = st.lists(st.text("ab\x00ü😀", min_size=1, max_size=5), min_size=1, max_size=3)
schemathesis.openapi.media_type(OCTETS, TEXTS.map(binary_message))


@schemathesis.hook
def before_call(_context: HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Make the parts of a request consistent, if it is meant to be valid."""
    parts = case.meta.components.values() if case.meta else []
    if not all(part.mode.is_positive for part in parts):
        return
    # Attributes of an event are all present or all absent, with matching data; the binary mode has
    # tests of its own.
    for name in [name for name in case.headers if name.lower().startswith("ce-")]:
        del case.headers[name]
    case.headers.pop(LENGTH_HEADER, None)
    if isinstance(case.body, bytes) and case.media_type == OCTETS:
        case.headers[LENGTH_HEADER] = str(len(case.body))
    if case.path == "/feedback" and isinstance(case.body, dict):
        case.body = without_line_ends(case.body)
    # A state or an input may be anything that holds a text.
    if case.path in ANY_TEXT and isinstance(case.body, dict):
        case.body = {**case.body, ANY_TEXT[case.path]: "hello"}
    if case.path.endswith("/infer") and isinstance(case.body, dict) and "inputs" in case.body:
        case.body = fitting(case.body)


def without_line_ends(body: dict[str, Any]) -> dict[str, Any]:
    """Return a correction whose intents end without a line break.

    In Python the ``$`` of a pattern matches before a final one too, in JSON Schema it does not.
    """
    answer = body["answer"] | {"intent": body["answer"]["intent"].rstrip("\n")}
    return body | {"answer": answer, "intent": body["intent"].rstrip("\n")}


def fitting(body: dict[str, Any]) -> dict[str, Any]:
    """Return an inference request with the shape of its texts and with existing outputs."""
    [tensor] = body["inputs"]
    depth = 2 if isinstance(tensor["data"][0], list) else len(tensor["shape"])
    shape = [len(tensor["data"]), 1][:depth]
    outputs = {output["name"]: output for output in body.get("outputs") or []}
    parameters = body.get("parameters") or {}
    if outputs.keys() & set(RANKED) and not parameters.get("top_k"):
        parameters = {**parameters, "top_k": 1}
    fields = {"outputs": [*outputs.values()], "parameters": parameters}
    return {**body, "inputs": [{**tensor, "shape": shape}], **fields}
