from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.inference.calibration import InScopeCalibration, Temperature
from model.learning.calibration import (
    Calibration,
    fit_temperature,
    rejection_threshold,
    start_calibration,
)
from model.learning.cross_validation import cross_validate
from model.learning.training_set import TrainingSet


@pytest.mark.parametrize(
    "temperature",
    [
        pytest.param(Temperature(0.3), id="small"),
        pytest.param(Temperature(2.0), id="large"),
        pytest.param(Temperature(1.5, -0.3), id="smaller-for-uncertain-texts"),
        pytest.param(Temperature(1.0, 0.3), id="larger-for-uncertain-texts"),
    ],
)
def test_temperature_of_the_data_is_found(temperature):
    """The temperature that the labels were sampled with is recovered."""
    random = np.random.default_rng(0)
    logits = random.normal(scale=3.0, size=(50_000, 5))
    logits -= logits.max(axis=1, keepdims=True)
    # The largest of logits with Gumbel noise is a draw from their softmax.
    targets = (temperature.scaled(logits) + random.gumbel(size=logits.shape)).argmax(axis=1)

    fitted = fit_temperature(logits, targets)

    assert fitted.base == pytest.approx(temperature.base, rel=0.05)
    assert fitted.entropy_slope == pytest.approx(temperature.entropy_slope, abs=0.05)


def test_temperature_does_not_depend_on_an_offset():
    """Logits that are larger by a constant, however large, have the same temperature."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(100, 3))
    targets = random.integers(3, size=100)

    moved, fitted = fit_temperature(logits + 5000.0, targets), fit_temperature(logits, targets)

    assert moved.base == pytest.approx(fitted.base, rel=1e-3)
    assert moved.entropy_slope == pytest.approx(fitted.entropy_slope, abs=1e-3)


def test_slope_stays_within_its_bounds():
    """A model that is always right where it doubts, and often wrong where not, is still served."""
    doubtful, sure = np.tile([0.0, -2.0, -2.0], (5000, 1)), np.tile([0.0, -8.0, -60.0], (5000, 1))
    targets = np.repeat([0, 0, 1], [5000, 4000, 1000])

    fitted = fit_temperature(np.vstack((doubtful, sure)), targets)

    assert fitted.entropy_slope == -1.0
    assert fitted.is_usable


@pytest.mark.parametrize("true", [pytest.param(0, id="right"), pytest.param(1, id="wrong")])
def test_few_utterances_change_the_temperature_little(true):
    """Ten utterances that are all right, or all wrong, are no reason to be sure, or to doubt."""
    fitted = fit_temperature(np.tile([2.0, 0.0], (10, 1)), np.full(10, true))

    assert (fitted.base < 1) == (true == 0)
    assert 0.2 < fitted.base < 10.0
    assert abs(fitted.entropy_slope) < 0.5


@pytest.mark.parametrize(
    ("budget", "threshold"),
    [
        pytest.param(0.0, 0.0, id="none"),
        pytest.param(0.05, 5.0, id="a-twentieth"),
        pytest.param(0.5, 50.0, id="half"),
        pytest.param(1.0, 100.0, id="all-but-the-largest"),
    ],
)
def test_threshold_rejects_the_budgeted_share(budget, threshold):
    """Of the 101 scores 0 to 100, the threshold has the budgeted share below it."""
    scores = np.random.default_rng(0).permutation(101).astype(np.float64)

    assert rejection_threshold(scores, budget) == pytest.approx(threshold)


def test_threshold_is_the_probability_at_the_lowest_score():
    """Scores below the lowest one are exactly those with probabilities below the threshold."""
    calibration = Calibration(Temperature(1.0), InScopeCalibration(2.0, -1.0), lowest_score=1.5)

    assert calibration.threshold == calibration.in_scope.probability(1.5)


def test_examples_are_preferred_to_left_out_intents(small_dataset):
    """Intents are left out only where no out-of-scope examples are given."""
    outside = tuple(f"{word} is the weather" for word in "abcdefghijklmnopqrstuvwxyz")
    steps: list[str] = []
    results = [
        start_calibration(
            training_set,
            cross_validate(training_set, seed=0, progress=lambda _: None),
            reject_budget=0.05,
            seed=0,
            progress=steps.append,
        )()
        for training_set in (
            TrainingSet.of(small_dataset.train, outside),
            TrainingSet.of(small_dataset.train),
        )
    ]

    assert steps == ["Leaving out intents in turn, to learn what is out of scope"]
    assert all(0 < each.threshold < 1 for each in results)


def test_kinds_of_contrast_texts_leave_the_probability_of_being_in_scope(small_dataset):
    """Their detectors change the threshold, and not the function from scores to probabilities."""
    outside = tuple(f"{word} is the weather" for word in "abcdefghijklmnopqrstuvwxyz")
    training_set = TrainingSet.of(small_dataset.train, outside)
    held_out = cross_validate(training_set, seed=0, progress=lambda _: None)
    count = len(held_out.scored)
    with_kind = replace(
        held_out,
        in_scope=replace(held_out.in_scope, contrast=np.linspace(0, 1, count)[:, np.newaxis]),
        contrast_weights=(1000.0,),
    )

    without, calibrated = (
        start_calibration(training_set, each, reject_budget=0.05, seed=0, progress=lambda _: None)()
        for each in (held_out, with_kind)
    )

    assert calibrated.in_scope == without.in_scope
    assert calibrated.threshold < without.threshold
