from __future__ import annotations

import csv
import json

import pytest

from knative.rollout.comparison import Comparison
from knative.rollout.errors import DifferingAnswersError
from knative.rollout.smoke import SHIPPED_CASES, Endpoint, SmokeTest
from tests.support.kubernetes.fake_api import image
from tests.support.kubernetes.gateway import JSON, Request, Response, sound

MAX_CELL = 131_072
INTENTS = {case.text: case.intent for case in SHIPPED_CASES}
CSV = "text,intent\n" + "".join(f'"{text}",{intent}\n' for text, intent in INTENTS.items())


def answering(**changed: str):
    """Return a function that knows the shipped cases, and answers some intents otherwise."""

    def answer(request: Request) -> Response:
        texts = json.loads(request.body or b"{}").get("texts")
        if texts is None:
            return sound(request)
        intents = [changed.get(INTENTS[text], INTENTS[text]) for text in texts]
        predictions = [{"intent": intent, "confidence": 0.9} for intent in intents]
        return 200, JSON, json.dumps({"predictions": predictions}).encode()

    return answer


@pytest.fixture
def roll_out(run, gateway, tmp_path):
    """Roll out an image with a comparison; the candidate answers as a test says."""
    path = tmp_path / "labelled.csv"
    path.write_text(CSV)

    def roll_out_image(candidate, *options, file=path):
        gateway.functions = {image(1): answering(), image(2): candidate}
        options = ("--pause", "0", "--gateway", gateway.url, "--compare", str(file), *options)
        return run("rollout", "--image", image(2), *options)

    return roll_out_image


def test_equal_answers_pass(roll_out, api):
    """The summary is printed, and traffic moves."""
    outcome = roll_out(answering())
    assert outcome.code == 0
    assert (
        "0 of 3 answers differ from the stable revision's, "
        "accuracy 100.0 % before and 100.0 % after" in outcome.out
    )
    assert api.traffic == [(2, 100, "stable")]


def test_too_many_other_answers_stop_the_rollout(roll_out, api):
    """The candidate gets no traffic, and the error says what changed and what may change."""
    outcome = roll_out(answering(order_tracking="greeting"))
    assert outcome.code == 1
    assert "1 of 3 answers differ" in outcome.err
    assert "--max-changed" in outcome.err
    assert api.traffic == [(1, 100, "stable")]


def test_limits_are_options(roll_out):
    """A model that is meant to answer otherwise is rolled out with wider limits."""
    changed = answering(order_tracking="greeting")
    assert roll_out(changed, "--max-changed", "40%").code == 1  # its accuracy falls
    assert roll_out(changed, "--max-changed", "40%", "--max-loss", "34").code == 0


def test_texts_without_labels_are_compared(roll_out, tmp_path):
    """Accuracy is not known, the changes are."""
    path = tmp_path / "texts.txt"
    path.write_text("\n \n".join(INTENTS))
    outcome = roll_out(answering(), file=path)
    assert outcome.code == 0
    assert "0 of 3 answers differ from the stable revision's\n" in outcome.out


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"predictions": [{"intent": "a"}]}', "some utterances have no prediction"),
        (b'{"predictions": 1}', "predictions to compare at"),
    ],
)
def test_a_wrong_answer_stops_the_rollout(roll_out, body, reason):
    """A candidate that answers batches with something else is not rolled out."""

    def answer(request: Request) -> Response:
        is_batch = b'"texts"' in request.body
        return (200, JSON, body) if is_batch else sound(request)

    outcome = roll_out(answer)
    assert outcome.code == 1
    assert reason in outcome.err


@pytest.fixture
def default_limit():
    """Python's limit of a cell, which other tests' code may have raised in this process."""
    former = csv.field_size_limit(MAX_CELL)
    yield
    csv.field_size_limit(former)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("a,b\n1,2\n", id="no-text"),
        pytest.param("text,intent\n,greeting\n", id="blank-text"),
        pytest.param(f"text\n{'x' * (MAX_CELL + 1)}\n", id="endless-text"),
    ],
)
@pytest.mark.usefixtures("default_limit")
def test_a_file_without_utterances_is_refused(roll_out, tmp_path, content):
    """Nothing is changed, and the error says how the file must look."""
    path = tmp_path / "other.csv"
    path.write_text(content)
    outcome = roll_out(answering(), file=path)
    assert outcome.code == 2
    assert f"{path} holds no utterances that can be read" in outcome.err


def test_a_separator_within_a_text_does_not_end_it(tmp_path):
    """Rows and lines end at line breaks only, whatever else Unicode calls the end of a line."""
    path = tmp_path / "texts.csv"
    path.write_text("text,intent\nhello\u2028there,greeting\n", encoding="utf-8")
    comparison = Comparison.read(path, max_changed=0, max_loss=0)
    assert (comparison.texts, comparison.labels) == (["hello\u2028there"], ["greeting"])


def test_a_missing_file_is_refused(roll_out, tmp_path):
    """Nothing is changed, and the error names the file."""
    outcome = roll_out(answering(), file=tmp_path / "other.csv")
    assert outcome.code == 2
    assert "other.csv holds no utterances that can be read" in outcome.err


def compare(*, max_changed, max_loss):
    """Compare four answers of which the last one is wrong by the candidate alone."""

    class Answering(SmokeTest):
        def intents(self, endpoint, _):
            return list(endpoint.url)

    comparison = Comparison(
        texts=["text"] * 4, labels=list("abcd"), max_changed=max_changed, max_loss=max_loss
    )
    stable, candidate = Endpoint(url="abcd"), Endpoint(url="abca")
    return comparison.run(Answering(), stable=stable, candidate=candidate)


def test_changes_up_to_the_limits_pass():
    """The limits are the largest values that are allowed."""
    summary = compare(max_changed=25.0, max_loss=25.0)
    assert summary.endswith("accuracy 100.0 % before and 75.0 % after")


@pytest.mark.parametrize(("max_changed", "max_loss"), [(24.9, 25.0), (25.0, 24.9)])
def test_each_limit_counts_for_itself(max_changed, max_loss):
    """More changes or a larger loss than allowed is an error."""
    with pytest.raises(DifferingAnswersError, match="accuracy may fall by 2"):
        compare(max_changed=max_changed, max_loss=max_loss)


def test_many_utterances_are_sent_in_parts():
    """No request exceeds the function's usual limits."""
    parts = []

    class Counting(SmokeTest):
        def intents(self, endpoint, texts):
            parts.append((endpoint.url, len(texts)))
            return ["a"] * len(texts)

    comparison = Comparison(texts=["text"] * 100, max_changed=0.0, max_loss=0.0)
    stable, candidate = Endpoint(url="stable"), Endpoint(url="candidate")
    summary = comparison.run(Counting(), stable=stable, candidate=candidate)
    assert parts == [("stable", 64), ("stable", 36), ("candidate", 64), ("candidate", 36)]
    assert summary == "0 of 100 answers differ from the stable revision's"
