from __future__ import annotations

import json
import math

import pytest

from model.errors import ArtifactBrokenError
from model.inference.calibration import InScopeCalibration, Temperature
from model.inference.model_card import IntentDescription, ModelCard, SelfTest
from model.inference.prediction import OUT_OF_SCOPE, Prediction

CARD = ModelCard(
    labels=("grüße", "order_tracking"),
    model_sha256="0f" * 32,
    temperature=Temperature(0.5, entropy_slope=-0.125),
    in_scope=InScopeCalibration(slope=0.75, intercept=-4.0),
    threshold=0.625,
    corrects_typos=True,
    self_test=SelfTest("hello", "grüße", 0.75),
    training={"seed": 0, "metrics": {"accuracy": 0.9, "intents": [{"intent": "grüße"}]}},
    intents={"grüße": IntentDescription("Says hello", ("hallo",))},
)
FIELDS = json.loads(CARD.to_json())
# Without in_scope there is an error of its own.
OPTIONAL = ("in_scope", "act_above", "corrects_typos", "intents")


@pytest.mark.parametrize(
    "card",
    [
        pytest.param(CARD, id="full"),
        pytest.param(ModelCard(labels=("a", "b"), model_sha256=""), id="labels-and-hash-alone"),
    ],
)
def test_card_is_read_as_it_was_written(card, tmp_path):
    """A card that was written as JSON reads as the same card."""
    path = tmp_path / "card.json"
    path.write_text(card.to_json(), encoding="utf-8")

    assert ModelCard.read(path) == card


def test_card_without_more_is_uncalibrated():
    """A card of labels and hash alone leaves scores as they are and rejects nothing."""
    card = ModelCard(labels=("a", "b"), model_sha256="")

    assert (card.temperature, card.in_scope, card.threshold) == (Temperature(1.0), None, None)
    assert not card.corrects_typos
    assert card.self_test is None
    assert card.training == {}


def test_card_is_written_for_people():
    """The JSON is indented, keeps letters of other languages, and ends with a line end."""
    text = CARD.to_json()

    assert text.startswith('{\n  "labels": [\n    "grüße",\n')
    assert text.endswith("}\n")


def with_fields(**changes: object) -> str:
    return json.dumps(FIELDS | changes)


def with_self_test(confidence: object) -> str:
    return with_fields(self_test={"utterance": "hi", "intent": "a", "confidence": confidence})


def without(key: str) -> str:
    return json.dumps({name: value for name, value in FIELDS.items() if name != key})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="not-json"),
        pytest.param("[]", id="not-an-object"),
        *(pytest.param(without(key), id=f"without-{key}") for key in FIELDS if key not in OPTIONAL),
        pytest.param(with_fields(labels=None), id="labels-null"),
        pytest.param(with_fields(temperature="warm"), id="temperature-not-a-number"),
        pytest.param(with_fields(temperature=None), id="temperature-null"),
        pytest.param(with_fields(temperature={"base": 1}), id="temperature-incomplete"),
        pytest.param(with_fields(threshold="high"), id="threshold-not-a-number"),
        pytest.param(with_fields(in_scope=[1, 2]), id="in-scope-no-object"),
        pytest.param(with_fields(in_scope={"slope": 1}), id="in-scope-incomplete"),
        pytest.param(with_fields(self_test={"utterance": "hi"}), id="self-test-incomplete"),
        pytest.param(with_fields(self_test="hi"), id="self-test-not-an-object"),
        pytest.param(with_fields(intents={"a": {}}), id="description-incomplete"),
        pytest.param(with_fields(intents=["a"]), id="descriptions-not-an-object"),
        pytest.param(with_self_test(confidence="x"), id="self-test-confidence-text"),
        pytest.param(with_self_test(confidence=None), id="self-test-confidence-null"),
        pytest.param(with_self_test(confidence=float("nan")), id="self-test-confidence-nan"),
        pytest.param(with_fields(temperature=10**400), id="temperature-huge"),
        pytest.param(with_fields(training=7), id="training-no-object"),
    ],
)
def test_file_that_is_no_card_is_refused(content, tmp_path):
    """A file that is not a whole card is an error that names it."""
    path = tmp_path / "card.json"
    path.write_text(content)

    with pytest.raises(ArtifactBrokenError) as caught:
        ModelCard.read(path)

    assert str(caught.value) == f"{path} is not a readable model card. Train it again: make train."


def test_card_in_another_encoding_is_refused(tmp_path):
    """A card that is not UTF-8 is an error."""
    path = tmp_path / "card.json"
    path.write_text(CARD.to_json(), encoding="latin-1")

    with pytest.raises(ArtifactBrokenError, match="is not a readable model card"):
        ModelCard.read(path)


def test_missing_card_is_refused(tmp_path):
    """Reading a card that is not there is an error."""
    with pytest.raises(ArtifactBrokenError, match=r"card\.json does not exist"):
        ModelCard.read(tmp_path / "card.json")


def test_folder_in_place_of_a_card_is_refused(tmp_path):
    """It holds no numbers."""
    with pytest.raises(ArtifactBrokenError, match="is not a readable model card"):
        ModelCard.read(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"temperature": 0}, id="temperature-0"),
        pytest.param({"temperature": -1.0}, id="temperature-negative"),
        pytest.param({"temperature": math.nan}, id="temperature-nan"),
        pytest.param({"temperature": math.inf}, id="temperature-infinite"),
        pytest.param({"temperature": {"base": 0, "entropy_slope": 0}}, id="base-0"),
        pytest.param({"temperature": {"base": 1, "entropy_slope": 1.01}}, id="entropy-slope-large"),
        pytest.param(
            {"temperature": {"base": 1, "entropy_slope": math.nan}}, id="entropy-slope-nan"
        ),
        pytest.param({"threshold": math.nan}, id="threshold-nan"),
        pytest.param({"threshold": 1.01}, id="threshold-above-1"),
        pytest.param({"threshold": -0.01}, id="threshold-negative"),
        pytest.param({"act_above": 1.01}, id="act-above-1"),
        pytest.param({"act_above": math.nan}, id="act-nan"),
        pytest.param({"corrects_typos": "false"}, id="corrects-typos-a-text"),
        pytest.param({"in_scope": None}, id="threshold-without-a-probability"),
        pytest.param({"in_scope": {"slope": 0, "intercept": 1}}, id="slope-0"),
        pytest.param({"in_scope": {"slope": math.inf, "intercept": 1}}, id="slope-infinite"),
        pytest.param({"in_scope": {"slope": 1, "intercept": math.nan}}, id="intercept-nan"),
    ],
)
def test_card_with_a_number_out_of_range_is_refused(changes, tmp_path):
    """Numbers that are not finite or are no probability, or scales that are not above 0: errors."""
    path = tmp_path / "card.json"
    path.write_text(with_fields(**changes))

    with pytest.raises(ArtifactBrokenError) as caught:
        ModelCard.read(path)

    assert str(caught.value) == (f"{path} holds a value out of range. Train it again: make train.")


@pytest.mark.parametrize("threshold", [0.0, 1.0, None])
def test_threshold_is_a_probability_or_missing(threshold, tmp_path):
    """A threshold of 0 is one, not the lack of it."""
    path = tmp_path / "card.json"
    path.write_text(with_fields(threshold=threshold))

    assert ModelCard.read(path).threshold == threshold


def test_texts_of_a_model_of_an_earlier_version_are_not_corrected(tmp_path):
    """Its card does not speak of typos."""
    path = tmp_path / "card.json"
    path.write_text(without("corrects_typos"))

    assert ModelCard.read(path).corrects_typos is False


def test_card_of_an_earlier_version_is_refused(tmp_path):
    """A card whose threshold is still a logit is an error that says so."""
    path = tmp_path / "card.json"
    path.write_text(without("in_scope"))

    with pytest.raises(ArtifactBrokenError) as caught:
        ModelCard.read(path)

    assert str(caught.value) == (
        f"{path} was written by an earlier version of this program. Train it again: make train."
    )


@pytest.mark.parametrize(
    ("act_above", "intent", "confidence", "expected"),
    [
        pytest.param(0.8, "a", 0.8, True, id="enough"),
        pytest.param(0.8, "a", 0.79, False, id="too-little"),
        pytest.param(0.8, OUT_OF_SCOPE, 0.99, False, id="out-of-scope"),
        pytest.param(None, "a", 0.99, None, id="none-chosen"),
    ],
)
def test_model_acts_on_confident_known_intents(act_above, intent, confidence, expected):
    """Out-of-scope messages are for people, however sure the model is of them."""
    card = ModelCard(labels=("a", "b"), model_sha256="", act_above=act_above)

    assert card.acts_on(Prediction(intent, confidence)) is expected


@pytest.mark.parametrize(
    ("act_above", "expected"),
    [pytest.param(0.5, False, id="chosen"), pytest.param(None, None, id="none-chosen")],
)
def test_answers_of_other_classifiers_are_not_acted_on(act_above, expected):
    """The errors that training measured are the model's own."""
    card = ModelCard(labels=("a", "b"), model_sha256="", act_above=act_above)

    assert card.acts_on(Prediction("a", 0.9, answered_by="fallback")) is expected
