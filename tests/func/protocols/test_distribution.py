"""One distribution in every contract: all probabilities of a text add up to 1."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import Client

from func.protocols.binary_tensors import pack_bytes
from tests.support.random_texts import random_texts
from tests.support.small_data import SMALL_DATA

LABELS = {*SMALL_DATA, "out_of_scope"}
WORDS = [text for texts in SMALL_DATA.values() for text in texts]
TEXTS = [text.encode(errors="ignore").decode() for text in random_texts(WORDS, count=60)]
UTTERANCES = [text for text in TEXTS if text.strip() and len(text) < 150]
ROUNDING = len(LABELS) * 5e-5  # confidences have four decimal places

Pairs = list[tuple[str, float]]


def pairs(prediction: dict[str, Any]) -> Pairs:
    return [(each["intent"], each["confidence"]) for each in prediction["alternatives"]]


def answer_to(client: Client, path: str, **options: Any) -> Any:
    response = client.post(path, **options)
    assert response.status_code == 200
    return response.json


def from_json(client: Client, text: str) -> tuple[dict[str, Any], Pairs]:
    answer = answer_to(client, "/predict", json={"text": text, "top_k": 9})
    return answer, pairs(answer)


def from_batch(client: Client, text: str) -> tuple[dict[str, Any], Pairs]:
    answer = answer_to(client, "/predict", json={"texts": ["hello", text], "top_k": 9})
    return answer["predictions"][1], pairs(answer["predictions"][1])


def from_event(client: Client, text: str) -> tuple[dict[str, Any], Pairs]:
    attributes = {"specversion": "1.0", "id": "1", "source": "/test", "type": "chat.message"}
    body = json.dumps({**attributes, "data": {"text": text, "top_k": 9}})
    answer = answer_to(client, "/", data=body, content_type="application/cloudevents+json")
    return answer["data"], pairs(answer["data"])


def from_tensors(client: Client, text: str) -> tuple[dict[str, Any], Pairs]:
    tensor = pack_bytes([text])
    parameters = {"binary_data_size": len(tensor)}
    own = {"name": "text", "datatype": "BYTES", "shape": [1], "parameters": parameters}
    header = json.dumps({"inputs": [own], "parameters": {"top_k": 9}}).encode()
    answer = answer_to(
        client,
        "/v2/models/intent-classifier/infer",
        data=header + tensor,
        headers={"Inference-Header-Content-Length": str(len(header))},
    )
    values = {output["name"]: output["data"] for output in answer["outputs"]}
    prediction = {name: values[name][0] for name in ("intent", "confidence")}
    return prediction, [
        *zip(values["alternatives"], values["alternative_confidences"], strict=True)
    ]


@pytest.mark.parametrize("ask", [from_json, from_batch, from_event, from_tensors])
def test_probabilities_of_all_labels_add_up_to_one(client, ask):
    """Known intents and out_of_scope share 1, and the returned intent has its own probability."""
    answers = [ask(client, text) for text in UTTERANCES]

    assert len(answers) > 30
    assert all({intent for intent, _ in ranked} == LABELS for _, ranked in answers)
    sums = [sum(confidence for _, confidence in ranked) for _, ranked in answers]
    assert sums == pytest.approx([1.0] * len(answers), abs=ROUNDING)
    assert all((each["intent"], each["confidence"]) in ranked for each, ranked in answers)
