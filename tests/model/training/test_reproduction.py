from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from model.datasets.dataset import load_dataset
from model.errors import ArtifactBrokenError, DataError
from model.inference.calibration import Temperature
from model.inference.model_card import ModelCard
from model.training.record import Options
from model.training.reproduction import Comparison, TrainingRecord, reproduce
from model.training.trainer import fit

CARD = Path("model_card.json")


def silently(_: str) -> None:
    """Report no progress."""


@pytest.mark.parametrize(
    ("recorded", "repeated", "is_same"),
    [
        pytest.param(0.95, 0.95 + 1e-9, True, id="last-places"),
        pytest.param(0.95, 0.9501, False, id="other-number"),
        pytest.param(7, 7, True, id="whole"),
        pytest.param("greeting", "greeting", True, id="text"),
        pytest.param("greeting", "goodbye", False, id="other-text"),
        pytest.param(0.5, None, False, id="gone"),
        pytest.param(None, None, True, id="never-there"),
    ],
)
def test_values_are_compared(recorded, repeated, is_same):
    """Numbers may differ within the tolerance; other values must be equal."""
    assert Comparison("x", recorded, repeated).is_same is is_same


@pytest.mark.parametrize(
    ("name", "value", "is_main"),
    [
        pytest.param("training.metrics.accuracy", 0.9, True, id="accuracy"),
        pytest.param("training.metrics.intents.0.f1", 0.9, False, id="intent"),
        pytest.param("training.metrics.intervals.accuracy.low", 0.9, False, id="interval"),
        pytest.param("labels.0", "greeting", False, id="label"),
    ],
)
def test_main_numbers_are_printed(name, value, is_main):
    """Of hundreds of numbers, a few are printed."""
    assert Comparison(name, value, value).is_main is is_main


def test_training_again_gives_the_card(small_trained, small_dataset):
    """A repeated training leads to the same numbers and the same file."""
    record = TrainingRecord.of(small_trained.card, CARD)

    reproduction = reproduce(small_trained.card, record, small_dataset, silently)

    assert record.options == Options()
    assert reproduction.differences == []
    assert reproduction.has_same_bytes
    names = {each.name for each in reproduction.comparisons}
    assert {"temperature.base", "training.metrics.accuracy", "training.options.seed"} <= names
    assert not any(name.startswith(("training.created", "model_sha256")) for name in names)


def test_card_of_a_fit_without_assessment_is_repeated_without_one(small_dataset):
    """A card without test results is compared with a fit that has none either."""
    card = fit(small_dataset, Options(), progress=silently).card

    reproduction = reproduce(card, TrainingRecord.of(card, CARD), small_dataset, silently)

    assert reproduction.differences == []
    assert not any("metrics" in each.name for each in reproduction.comparisons)


def test_other_numbers_are_found(small_trained, small_dataset):
    """Changed and missing values of a card are differences."""
    metrics = small_trained.card.training["metrics"]
    training = {**small_trained.card.training, "metrics": {**metrics, "accuracy": 0.999}}
    del training["rounding_loss"]
    card = replace(small_trained.card, training=training, temperature=Temperature(9.0))

    differences = reproduce(
        card, TrainingRecord.of(card, CARD), small_dataset, silently
    ).differences

    assert {each.name for each in differences} == {
        "temperature.base",
        "temperature.entropy_slope",
        "training.metrics.accuracy",
        "training.rounding_loss",
    }


def test_options_of_the_card_are_those_of_the_training(small_trained, small_dataset):
    """The training is repeated with the recorded seed and reject budget."""
    training = {**small_trained.card.training, "options": {"seed": 3, "reject_budget": 0.5}}
    card = replace(small_trained.card, training=training)

    record = TrainingRecord.of(card, CARD)
    differing = reproduce(card, record, small_dataset, silently).differences

    assert record.options == Options(seed=3, reject_budget=0.5)
    assert {"temperature.base", "threshold"} <= {each.name for each in differing}


def test_data_is_the_card_s(small_trained, tmp_path):
    """Data with another hash is refused."""
    path = tmp_path / "data.csv"
    rows = [f"text {intent} {number},{intent}" for intent in "ab" for number in range(8)]
    path.write_text("\n".join(["text,intent", *rows]))

    with pytest.raises(DataError, match="is other data than the card's: SHA-256"):
        TrainingRecord.of(small_trained.card, CARD).load(path)


def test_data_that_was_split_is_split_again(tmp_path):
    """The seed and the size of the test set are the recorded ones."""
    path = tmp_path / "data.csv"
    rows = [f"text {intent} {number},{intent}" for intent in "ab" for number in range(8)]
    path.write_text("\n".join(["text,intent", *rows]))
    record = TrainingRecord(Options(seed=4), "", 0.5, {})

    with pytest.raises(DataError) as caught:
        record.load(path)
    sha256 = str(caught.value).partition("SHA-256 ")[2].partition("…")[0]
    dataset = load_dataset(path, seed=4, test_size=0.5)
    assert dataset.sha256.startswith(sha256)
    assert replace(record, data_sha256=dataset.sha256).load(path) == dataset


def test_other_versions_are_reported(small_trained):
    """A message names each library whose version differs from the recorded one."""
    versions = small_trained.card.training["versions"]
    training = {**small_trained.card.training, "versions": {**versions, "numpy": "1.0", "x": "2"}}

    messages = TrainingRecord.of(
        replace(small_trained.card, training=training), CARD
    ).other_versions()

    assert messages == [
        f"the card was made with numpy 1.0, here is {versions['numpy']}",
        "the card was made with x 2, here is none",
    ]
    assert TrainingRecord.of(small_trained.card, CARD).other_versions() == []


@pytest.mark.parametrize(
    "training",
    [
        pytest.param({}, id="not-trained"),
        pytest.param(
            {"data": {"sha256": "", "test_size": None}, "options": {"speed": 1}, "versions": {}},
            id="unknown-option",
        ),
    ],
)
def test_card_that_can_not_be_followed_is_refused(training):
    """A card without a readable training record is refused."""
    with pytest.raises(ArtifactBrokenError, match="does not record how it was trained"):
        TrainingRecord.of(ModelCard(("a",), "", training=training), CARD)
