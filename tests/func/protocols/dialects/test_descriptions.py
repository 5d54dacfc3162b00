"""Options that are no intents, and the work of comparing them."""

from __future__ import annotations

import pytest

from func.errors import InvalidQueryError, TooLargeError
from func.models.served_model import ServedModel
from func.protocols.dialects.descriptions import Descriptions
from func.protocols.dialects.options import MARK, Options
from func.settings import Settings
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction, Ranking
from model.inference.sklearn_scorer import PipelineScorer
from model.inference.spelling import Spelling
from tests.support.tiny_embedding import TINY_SENTENCES

PREDICTION = Prediction("a", 0.75, Ranking(["a", "b"], [0.75, 0.25]))
SETTINGS = Settings(max_batch_size=2, max_text_length=20)


class EncodingScorer(PipelineScorer):
    """A scorer with a sentence encoder, which predicts nothing."""

    labels = ("a", "b")

    def __init__(self) -> None:
        """Take no pipeline."""

    encoder = TINY_SENTENCES
    spelling = Spelling({"order"}, str.lower)


@pytest.fixture
def served(small_model) -> ServedModel:
    """A model that has a sentence encoder."""
    return ServedModel("intents", "", IntentModel(EncodingScorer(), small_model.card), 0)


def described(*texts: str) -> Options:
    """Return a question with these options."""
    return Options([(MARK + text,) for text in texts])


def test_similar_descriptions_are_likelier(served):
    """The text itself is the likeliest, and intents keep their probabilities."""
    question = described("my order", "xylophone")
    descriptions = Descriptions.of("my order", [question], served, SETTINGS)
    distribution = descriptions.distribution(PREDICTION)

    assert distribution["a"] == 0.75
    assert distribution[f"{MARK}my order"] == pytest.approx(1, abs=1e-4)
    assert question.shares(distribution)[0] > 0.9
    assert sum(question.shares(distribution)) == pytest.approx(1, abs=1e-5)


def test_typos_of_the_text_are_corrected(served):
    """The text is compared as it is predicted from, so that its vector is known by then."""
    question = described("my order", "xylophone")
    distributions = [
        Descriptions.of(text, [question], served, SETTINGS).distribution(PREDICTION)
        for text in ("my order", "my ordre")
    ]

    assert distributions[0] == distributions[1]


def test_silence_is_like_no_description(served):
    """Where no human spoke, all options are equally likely."""
    question = described("my order", "xylophone")
    descriptions = Descriptions.of("", [question], served, SETTINGS)

    assert question.shares(descriptions.distribution(PREDICTION)) == [0.5, 0.5]


def test_model_is_marked_where_descriptions_answer(served):
    """So that nobody takes such probabilities for calibrated ones."""
    answered = Descriptions.of("x", [Options([("a",), ("b",)])], served, SETTINGS)

    assert answered.model == "intents"
    assert answered.distribution(PREDICTION) == {"a": 0.75, "b": 0.25, "out_of_scope": 0.0}
    described_options = Descriptions.of("x", [described("x")], served, SETTINGS)
    assert described_options.model == "intents+descriptions"


def test_work_counts_the_descriptions_to_encode(served):
    """Those that were encoded lately cost nothing, and options of two questions are one text."""
    plain = Descriptions.of("new", [Options([("a",), ("b",)])], served, SETTINGS)
    questions = [described("fresh one", "and two"), described("and two")]
    fresh = Descriptions.of("new", questions, served, SETTINGS)

    assert plain.work == 12
    assert fresh.work == 11 + 12 + 3
    fresh.distribution(PREDICTION)
    assert fresh.work == 11 + 12


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        pytest.param(
            ("x", "y", "z"),
            TooLargeError,
            "A request must hold at most 2 options that are no intents",
            id="many",
        ),
        pytest.param(
            ("x" * 21,), TooLargeError, "An option must have at most 20 characters", id="long"
        ),
        pytest.param(
            ("\ud800",), InvalidQueryError, "An option must be valid Unicode", id="no-unicode"
        ),
    ],
)
def test_descriptions_are_bounded(served, texts, error, message):
    """The limits are those of a batch of texts."""
    with pytest.raises(error) as caught:
        Descriptions.of("x", [described(*texts)], served, SETTINGS)

    assert caught.value.message == message
