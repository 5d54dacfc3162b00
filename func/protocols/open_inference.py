"""Inference requests and responses of the Open Inference Protocol (v2), in its REST form.

The one input is ``text``. Each output has a row for each text; the outputs ``alternatives`` and
``alternative_confidences`` need the parameter ``top_k``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from func.errors import InvalidQueryError, UnsupportedMediaTypeError
from func.messages import JSON, Outcome, Response
from func.protocols.batch_limit import check_batch_size
from func.protocols.binary_tensors import (
    LENGTH_HEADER,
    pack_bytes,
    pack_floats,
    split_message,
    unpack_texts,
)
from func.protocols.json_codec import parse_object, render_json, whole_number
from func.protocols.media_type import MediaType
from func.protocols.query import Query
from func.settings import MODEL_NAME, Settings
from model.inference.strict_json import is_unicode

KIND = "open-inference"
INPUT = "text"
OCTETS = "application/octet-stream"
RANKED = ("alternatives", "alternative_confidences")
DATATYPES = {
    "intent": "BYTES",
    "confidence": "FP32",
    "alternatives": "BYTES",
    "alternative_confidences": "FP32",
}
# To ignore these would mislead: they change the meaning of the data.
UNSUPPORTED = ("classification", "shared_memory_region")


@dataclass(frozen=True, slots=True)
class RequestedOutput:
    """A requested output, as bytes or in JSON."""

    name: str
    is_binary: bool


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """A parsed request.

    Attributes:
        query: the texts, and the number of alternatives to rank.
        outputs: the requested outputs, in order.
        request_id: to be sent back; None if absent.
    """

    query: Query
    outputs: Sequence[RequestedOutput]
    request_id: str | None

    @classmethod
    def parse(
        cls, content_type: str, json_length: str | None, body: bytes, settings: Settings
    ) -> Self:
        """Parse a request.

        With ``json_length``, the header of the binary tensor extension, tensors in binary form
        follow the JSON.

        Raises:
            UnsupportedMediaTypeError: neither JSON nor, with the header, bytes.
            InvalidQueryError: the request violates the protocol, or does not fit the model.
            TooLargeError: a text or the batch exceeds its limit.
        """
        media_type = _media_type(content_type, has_length=json_length is not None)
        header, tensors = (body, b"") if json_length is None else split_message(body, json_length)
        fields = parse_object(media_type.decode(header), settings)
        parameters = _parameters(fields, "the request")
        texts = _texts(_only_input(fields), tensors, settings)
        query = Query.from_texts(texts, parameters.get("top_k", 0), settings, INPUT)
        return cls(query, _outputs(fields, parameters, query.top_k), _request_id(fields))


def render_results(
    request: InferenceRequest,
    results: Sequence[Mapping[str, Any]],
    model_version: str,
    model_name: str = MODEL_NAME,
) -> Response:
    """Return the response with one result for each text, in the form of the JSON contract."""
    outcome = Outcome(KIND, results, len(results))
    outputs, tensors = [], []
    for output in request.outputs:
        fields, tensor = _render_output(output, results)
        outputs.append(fields)
        tensors.append(tensor)
    identity = {"model_name": model_name, "model_version": model_version}
    if request.request_id is not None:
        identity["id"] = request.request_id
    header = render_json({**identity, "outputs": outputs})
    if not any(output.is_binary for output in request.outputs):
        return Response(header, outcome=outcome)
    length = (LENGTH_HEADER, str(len(header)))
    return Response(b"".join((header, *tensors)), OCTETS, headers=(length,), outcome=outcome)


def _media_type(content_type: str, *, has_length: bool) -> MediaType:
    media_type = MediaType.parse(content_type)
    if media_type.is_json or (has_length and media_type.name == OCTETS):
        return media_type
    raise UnsupportedMediaTypeError(
        f"The Content-Type must be {JSON}, or {OCTETS} with the header {LENGTH_HEADER}"
    )


def _only_input(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    inputs = fields.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise InvalidQueryError(f"'inputs' must be a list of one input, '{INPUT}'")
    only: dict[str, Any] = inputs[0]
    if only.get("name") != INPUT:
        raise InvalidQueryError(f"The input must have the name '{INPUT}'")
    if only.get("datatype") != "BYTES":
        raise InvalidQueryError(f"The input '{INPUT}' must have the datatype BYTES")
    return only


def _texts(fields: Mapping[str, Any], tensors: bytes, settings: Settings) -> list[object]:
    """Return the elements of an input: from the JSON, or from the bytes after it."""
    shape = _shape(fields)
    check_batch_size(shape[0], settings, f"'{INPUT}'")
    size = _parameters(fields, f"'{INPUT}'").get("binary_data_size")
    if size is None:
        elements = _elements(fields, is_nested=len(shape) > 1)
        expected_size: object = 0
    else:
        if "data" in fields:
            raise InvalidQueryError(f"'{INPUT}' must have either 'data' or 'binary_data_size'")
        elements = [*unpack_texts(tensors, settings, INPUT)]
        expected_size = size
    if isinstance(expected_size, bool) or expected_size != len(tensors):
        raise InvalidQueryError(
            "'binary_data_size' must be the number of bytes that follow the JSON"
        )
    if len(elements) != shape[0]:
        raise InvalidQueryError(f"'{INPUT}' must hold as many texts as its shape says")
    return elements


def _shape(fields: Mapping[str, Any]) -> list[int]:
    shape = fields.get("shape")
    sizes = [whole_number(size) for size in shape] if isinstance(shape, list) else []
    match sizes:
        case [int(count)] | [int(count), 1] if count >= 0:
            return [count, *[1] * (len(sizes) - 1)]
        case _:
            raise InvalidQueryError(f"The shape of '{INPUT}' must be [N] or [N, 1]")


def _elements(fields: Mapping[str, Any], *, is_nested: bool) -> list[object]:
    """Return the elements of a tensor in JSON, which may be flat or nested like its shape."""
    data = fields.get("data")
    if not isinstance(data, list):
        raise InvalidQueryError(f"'{INPUT}' must have 'data', a list of strings")
    if is_nested and all(isinstance(row, list) and len(row) == 1 for row in data):
        return [row[0] for row in data]
    return data


def _outputs(
    fields: Mapping[str, Any], parameters: Mapping[str, Any], top_k: int
) -> list[RequestedOutput]:
    is_binary = _flag(parameters, "binary_data_output", default=False)
    requested = fields.get("outputs") or []
    if not isinstance(requested, list) or not all(isinstance(item, dict) for item in requested):
        raise InvalidQueryError("'outputs' must be a list of objects")
    available = [name for name in DATATYPES if top_k or name not in RANKED]
    if not requested:
        return [RequestedOutput(name, is_binary) for name in available]
    outputs = [_output(item, available, is_binary=is_binary) for item in requested]
    if len({output.name for output in outputs}) < len(outputs):
        raise InvalidQueryError("'outputs' must name each output once")
    return outputs


def _output(
    fields: Mapping[str, Any], available: Sequence[str], *, is_binary: bool
) -> RequestedOutput:
    name = fields.get("name")
    if name in RANKED and name not in available:
        raise InvalidQueryError(f"The output '{name}' needs the parameter 'top_k'")
    if name not in available:
        raise InvalidQueryError(f"The outputs are {', '.join(DATATYPES)}")
    parameters = _parameters(fields, f"'{name}'")
    return RequestedOutput(str(name), _flag(parameters, "binary_data", default=is_binary))


def _parameters(fields: Mapping[str, Any], owner: str) -> Mapping[str, Any]:
    """Return the parameters of an object; unknown ones are ignored."""
    parameters = fields.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise InvalidQueryError(f"The parameters of {owner} must be an object")
    for name in UNSUPPORTED:
        if name in parameters:
            raise InvalidQueryError(f"The parameter '{name}' is not supported")
    if parameters.get("content_type") == "base64":
        raise InvalidQueryError("The content_type 'base64' is not supported: send plain strings")
    return parameters


def _flag(parameters: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise InvalidQueryError(f"'{name}' must be true or false")
    return value


def _request_id(fields: Mapping[str, Any]) -> str | None:
    value = fields.get("id")
    if value is not None and not (isinstance(value, str) and is_unicode(value)):
        raise InvalidQueryError("'id' must be a string of valid Unicode")
    return value


def _render_output(
    output: RequestedOutput, results: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], bytes]:
    """Return the fields of an output, and its elements if they are sent as bytes."""
    datatype = DATATYPES[output.name]
    key = "confidence" if datatype == "FP32" else "intent"
    shape, rows = [len(results)], results
    if output.name in RANKED:
        shape = [len(results), len(results[0]["alternatives"])]
        rows = [item for answer in results for item in answer["alternatives"]]
    elements = [row[key] for row in rows]
    fields: dict[str, Any] = {"name": output.name, "shape": shape, "datatype": datatype}
    if not output.is_binary:
        return {**fields, "data": elements}, b""
    tensor = pack_floats(elements) if datatype == "FP32" else pack_bytes(elements)
    return {**fields, "parameters": {"binary_data_size": len(tensor)}}, tensor
