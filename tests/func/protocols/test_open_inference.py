"""Inference requests: parsing in JSON and in binary form, and the responses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from func.errors import InvalidQueryError, TooLargeError, UnsupportedMediaTypeError
from func.protocols.binary_tensors import pack_bytes, pack_floats
from func.protocols.open_inference import InferenceRequest, RequestedOutput, render_results
from func.protocols.query import Query
from func.settings import Settings

SETTINGS = Settings(max_text_length=10, max_batch_size=3)
PLAIN = [RequestedOutput("intent", is_binary=False), RequestedOutput("confidence", is_binary=False)]
ANSWERS = [
    {
        "intent": name,
        "confidence": 0.5,
        "alternatives": [{"intent": name, "confidence": 0.5}, {"intent": "c", "confidence": 0.25}],
    }
    for name in ("a", "b")
]
LENGTH_ERROR = "'binary_data_size' must be the number of bytes that follow the JSON"
SHAPE_ERROR = "The shape of 'text' must be [N] or [N, 1]"
DATA_ERROR = "'text' must have 'data', a list of strings"


def message(**fields: Any) -> dict[str, Any]:
    """Return a request of one text; keyword arguments are fields of its input."""
    own: dict[str, Any] = {
        name: fields.pop(name) for name in ("id", "parameters", "outputs") if name in fields
    }
    text = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["hi"], **fields}
    return {**own, "inputs": [{name: value for name, value in text.items() if value is not ...}]}


def parse(value: object, *, tensors: bytes | None = None) -> InferenceRequest:
    """Parse a request, in binary form if there are tensors."""
    header = json.dumps(value).encode()
    if tensors is None:
        return InferenceRequest.parse("application/json", None, header, SETTINGS)
    content_type, length = "application/octet-stream", str(len(header))
    return InferenceRequest.parse(content_type, length, header + tensors, SETTINGS)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        pytest.param(message(), ["hi"], id="vector"),
        pytest.param(message(shape=[2, 1], data=["a", "b"]), ["a", "b"], id="column-flat"),
        pytest.param(message(shape=[2, 1], data=[["a"], ["b"]]), ["a", "b"], id="column-nested"),
        pytest.param(message(parameters={"priority": 1, "x": []}), ["hi"], id="other-parameters"),
        pytest.param(message(id=None, parameters=None, outputs=None), ["hi"], id="nulls"),
        pytest.param(message(outputs=[]), ["hi"], id="no-outputs-named"),
    ],
)
def test_texts_are_read_from_json(value, texts):
    """Elements may be flat or nested; unknown fields are ignored."""
    assert parse(value) == InferenceRequest(Query(texts, is_batch=True), PLAIN, None)


@pytest.mark.parametrize(
    ("content_type", "length"),
    [
        pytest.param("application/json", None, id="json"),
        pytest.param("application/vnd.x+json; charset=utf-8", None, id="json-suffix"),
        pytest.param("", None, id="absent-means-json"),
        pytest.param("application/octet-stream", "all", id="bytes-with-length"),
        pytest.param("application/json", "all", id="json-with-length"),
        pytest.param("", "all", id="absent-with-length"),
    ],
)
def test_media_types_of_the_protocol_are_read(content_type, length):
    """JSON media types are read, and octet streams whose header announces the JSON's length."""
    body = json.dumps(message()).encode()
    json_length = {"all": str(len(body)), None: None}[length]

    parsed = InferenceRequest.parse(content_type, json_length, body, SETTINGS)
    assert parsed.query.utterances == ["hi"]


@pytest.mark.parametrize(
    ("content_type", "length"),
    [
        pytest.param("application/octet-stream", None, id="bytes-without-length"),
        pytest.param("text/plain", "2", id="text"),
    ],
)
def test_other_media_types_are_refused(content_type, length):
    """Octet streams without that header, and other media types, are rejected."""
    with pytest.raises(UnsupportedMediaTypeError, match=r"^The Content-Type must be application/j"):
        InferenceRequest.parse(content_type, length, b"{}", SETTINGS)


@pytest.mark.parametrize("shape", [[2], [2, 1]], ids=["vector", "column"])
def test_texts_are_read_from_bytes(shape):
    """With the binary extension, the elements follow the JSON."""
    tensors = pack_bytes(["a", "ü"])
    size = {"binary_data_size": len(tensors)}
    value = message(shape=shape, data=...)
    value["inputs"][0]["parameters"] = size

    assert parse(value, tensors=tensors).query.utterances == ["a", "ü"]


@pytest.mark.parametrize(
    ("parameters", "outputs", "expected"),
    [
        pytest.param({}, None, [("intent", False), ("confidence", False)], id="default"),
        pytest.param(
            {"binary_data_output": True}, None, [("intent", True), ("confidence", True)], id="all"
        ),
        pytest.param(
            {"top_k": 2},
            None,
            [
                ("intent", False),
                ("confidence", False),
                ("alternatives", False),
                ("alternative_confidences", False),
            ],
            id="ranked",
        ),
        pytest.param({"top_k": 2}, [{"name": "intent"}], [("intent", False)], id="just-one"),
        pytest.param(
            {"binary_data_output": True},
            [
                {"name": "confidence"},
                {"name": "intent", "parameters": {"binary_data": False}},
            ],
            [("confidence", True), ("intent", False)],
            id="each-its-own-way",
        ),
    ],
)
def test_requested_outputs_are_returned(parameters, outputs, expected):
    """Outputs have the requested order and form; by default, all are returned."""
    parsed = parse(message(parameters=parameters, outputs=outputs))

    assert [(output.name, output.is_binary) for output in parsed.outputs] == expected


@pytest.mark.parametrize(
    ("value", "error"),
    [
        pytest.param({}, "'inputs' must be a list of one input, 'text'", id="no-inputs"),
        pytest.param({"inputs": [1]}, "'inputs' must be a list of one input, 'text'", id="number"),
        pytest.param(
            {"inputs": message()["inputs"] * 2},
            "'inputs' must be a list of one input, 'text'",
            id="two-inputs",
        ),
        pytest.param(message(name="marker"), "The input must have the name 'text'", id="name"),
        pytest.param(
            message(datatype="FP32"), "The input 'text' must have the datatype BYTES", id="datatype"
        ),
        pytest.param(message(shape=...), SHAPE_ERROR, id="no-shape"),
        pytest.param(message(shape=[]), SHAPE_ERROR, id="scalar"),
        pytest.param(message(shape=[1, 2]), SHAPE_ERROR, id="two-columns"),
        pytest.param(message(shape=[True]), SHAPE_ERROR, id="shape-of-truth"),
        pytest.param(message(shape=[-1]), SHAPE_ERROR, id="negative-shape"),
        pytest.param(message(shape=[1, 1, 1]), SHAPE_ERROR, id="three-axes"),
        pytest.param(message(data=...), DATA_ERROR, id="no-data"),
        pytest.param(message(data="marker"), DATA_ERROR, id="data-is-no-list"),
        pytest.param(message(data=[1]), "'text[0]' must be a string", id="number-for-a-text"),
        pytest.param(
            message(data=[["marker"]]), "'text[0]' must be a string", id="nested-in-a-vector"
        ),
        pytest.param(message(shape=[0], data=[]), "'text' must not be empty", id="no-texts"),
        pytest.param(message(data=[" "]), "'text[0]' must not be empty", id="white-space"),
        pytest.param(message(data=["\ud800"]), "'text[0]' must be valid Unicode", id="surrogate"),
        pytest.param(
            message(data=["a", "b"]), "'text' must hold as many texts as its shape says", id="more"
        ),
        pytest.param(message(id=1), "'id' must be a string of valid Unicode", id="id-number"),
        pytest.param(
            message(id="\ud800"), "'id' must be a string of valid Unicode", id="id-surrogate"
        ),
        pytest.param(
            message(parameters=[]), "The parameters of the request must be an object", id="list"
        ),
        pytest.param(
            message(parameters={"top_k": "marker"}),
            "'top_k' must be a whole number, 0 or more",
            id="top-k",
        ),
        pytest.param(
            message(parameters={"binary_data_output": 1}),
            "'binary_data_output' must be true or false",
            id="binary-flag",
        ),
        pytest.param(
            message(outputs={"name": "intent"}), "'outputs' must be a list of objects", id="object"
        ),
        pytest.param(
            message(outputs=["intent"]), "'outputs' must be a list of objects", id="output-names"
        ),
        pytest.param(
            message(outputs=[{"name": "marker"}]),
            "The outputs are intent, confidence, alternatives, alternative_confidences",
            id="unknown-output",
        ),
        pytest.param(
            message(outputs=[{"name": []}]),
            "The outputs are intent, confidence, alternatives, alternative_confidences",
            id="output-name-is-a-list",
        ),
        pytest.param(
            message(outputs=[{"name": "alternatives"}]),
            "The output 'alternatives' needs the parameter 'top_k'",
            id="alternatives-without-top-k",
        ),
        pytest.param(
            message(outputs=[{"name": "intent"}] * 2),
            "'outputs' must name each output once",
            id="twice",
        ),
        pytest.param(
            message(outputs=[{"name": "intent", "parameters": {"classification": 2}}]),
            "The parameter 'classification' is not supported",
            id="classification",
        ),
        pytest.param(
            {"inputs": [{**message()["inputs"][0], "parameters": {"content_type": "base64"}}]},
            "The content_type 'base64' is not supported: send plain strings",
            id="base64",
        ),
        pytest.param(
            {"inputs": [{**message()["inputs"][0], "parameters": {"binary_data_size": 6}}]},
            "'text' must have either 'data' or 'binary_data_size'",
            id="data-twice",
        ),
    ],
)
def test_bad_requests_are_rejected(value, error):
    """A request that violates the protocol or names an unknown output raises an error."""
    with pytest.raises(InvalidQueryError) as caught:
        parse(value)

    assert caught.value.message == error


@pytest.mark.parametrize(
    ("data", "size", "tensors"),
    [
        pytest.param(..., 7, pack_bytes(["hi"]), id="more-than-there-is"),
        pytest.param(..., 6, pack_bytes(["hi", ""]), id="less-than-there-is"),
        pytest.param(..., "6", pack_bytes(["hi"]), id="string"),
        pytest.param(..., False, b"", id="truth"),
        pytest.param(["hi"], None, b"x", id="none"),
    ],
)
def test_bytes_must_be_announced(data, size, tensors):
    """Bytes after the JSON that belong to no input are an error."""
    value = message(data=data)
    value["inputs"][0]["parameters"] = {"binary_data_size": size}

    with pytest.raises(InvalidQueryError) as caught:
        parse(value, tensors=tensors)

    assert caught.value.message == LENGTH_ERROR


@pytest.mark.parametrize(
    ("value", "error"),
    [
        pytest.param(
            message(data=["x" * 11]), "'text[0]' must have at most 10 characters", id="long-text"
        ),
        pytest.param(
            message(shape=[4], data=["x"] * 4), "'text' must hold at most 3 texts", id="many-texts"
        ),
    ],
)
def test_limits_are_those_of_the_contract(value, error):
    """Texts and batches have the same limits as in the JSON contract."""
    with pytest.raises(TooLargeError) as caught:
        parse(value)

    assert caught.value.message == error


def test_answers_become_tensors():
    """Outputs hold a row for each text; ranked outputs have a column for each rank."""
    request = parse(message(parameters={"top_k": 2}, id="7"))

    answer = render_results(request, ANSWERS, "v")
    assert answer.content_type == "application/json"
    assert json.loads(answer.body) == {
        "model_name": "intent-classifier",
        "model_version": "v",
        "id": "7",
        "outputs": [
            {"name": "intent", "shape": [2], "datatype": "BYTES", "data": ["a", "b"]},
            {"name": "confidence", "shape": [2], "datatype": "FP32", "data": [0.5, 0.5]},
            {
                "name": "alternatives",
                "shape": [2, 2],
                "datatype": "BYTES",
                "data": ["a", "c", "b", "c"],
            },
            {
                "name": "alternative_confidences",
                "shape": [2, 2],
                "datatype": "FP32",
                "data": [0.5, 0.25, 0.5, 0.25],
            },
        ],
    }


def test_binary_outputs_follow_the_json():
    """Binary outputs follow the JSON, which states their sizes; other outputs are in the JSON."""
    outputs = [
        {"name": "confidence", "parameters": {"binary_data": True}},
        {"name": "intent", "parameters": {"binary_data": True}},
        {"name": "alternatives"},
    ]
    request = parse(message(parameters={"top_k": 2}, outputs=outputs))

    answer = render_results(request, ANSWERS, "v")
    [(name, length)] = answer.headers
    header, tensors = json.loads(answer.body[: int(length)]), answer.body[int(length) :]
    assert (name, answer.content_type) == (
        "Inference-Header-Content-Length",
        "application/octet-stream",
    )
    assert [output.get("parameters") for output in header["outputs"]] == [
        {"binary_data_size": 8},
        {"binary_data_size": 10},
        None,
    ]
    assert tensors == pack_floats([0.5, 0.5]) + pack_bytes(["a", "b"])
    assert "id" not in header
