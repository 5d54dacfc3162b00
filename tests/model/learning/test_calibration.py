from __future__ import annotations

import numpy as np
import pytest

from model.inference.in_scope_calibration import InScopeCalibration
from model.learning.calibration import (
    OUT_OF_SCOPE_SHARE,
    Calibration,
    calibrate,
    fit_in_scope,
    fit_temperature,
    rejection_threshold,
)
from model.learning.cross_validation import cross_validate
from model.learning.training_set import TrainingSet


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_temperature_of_the_data_is_found(temperature):
    """The temperature that the labels were sampled with is recovered."""
    random = np.random.default_rng(0)
    logits = random.normal(scale=3.0, size=(20_000, 5))
    # The largest of logits with Gumbel noise is a draw from their softmax.
    targets = (logits / temperature + random.gumbel(size=logits.shape)).argmax(axis=1)

    assert fit_temperature(logits, targets) == pytest.approx(temperature, rel=0.03)


def test_temperature_does_not_depend_on_an_offset():
    """Logits that are larger by a constant, however large, have the same temperature."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(100, 3))
    targets = random.integers(3, size=100)

    assert fit_temperature(logits + 5000.0, targets) == pytest.approx(
        fit_temperature(logits, targets), rel=1e-3
    )


@pytest.mark.parametrize(
    ("target", "bound"),
    [pytest.param(0, 0.01, id="always-right"), pytest.param(1, 100.0, id="always-wrong")],
)
def test_temperature_stays_within_bounds(target, bound):
    """If no temperature fits, the result is near the end of the range."""
    logits = np.tile([0.01, 0.0], (10, 1))

    assert fit_temperature(logits, np.full(10, target)) == pytest.approx(bound, rel=0.005)


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


def drawn(share: float, count: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of in-scope and out-of-scope texts with log odds of 2 * score - 1."""
    random = np.random.default_rng(0)
    scores = random.normal(scale=2.0, size=count)
    is_in_scope = random.random(count) < 1 / (1 + np.exp(1 - 2 * scores))
    return scores[is_in_scope], scores[~is_in_scope][: int(share * count)]


def test_probability_of_being_in_scope_is_found():
    """Log odds are recovered, for the assumed share of out-of-scope texts in the traffic."""
    inside, outside = drawn(share=1.0)
    shift = np.log(len(outside) / len(inside) * (1 - OUT_OF_SCOPE_SHARE) / OUT_OF_SCOPE_SHARE)

    found = fit_in_scope(inside, outside)

    assert found.slope == pytest.approx(2.0, rel=0.05)
    assert found.intercept == pytest.approx(shift - 1, abs=0.1)


def test_number_of_examples_does_not_count_as_their_frequency():
    """A tenth of the out-of-scope examples leads to nearly the same probabilities."""
    all_of_them, few = (fit_in_scope(*drawn(share)) for share in (1.0, 0.04))

    assert few.slope == pytest.approx(all_of_them.slope, rel=0.1)
    assert few.intercept == pytest.approx(all_of_them.intercept, abs=0.3)


def test_few_separated_texts_lead_to_no_certainty():
    """A single example that no utterance resembles still leaves room for doubt."""
    found = fit_in_scope(np.array([5.0, 6.0, 7.0]), np.array([1.0]))

    assert 0.5 < found.probability(5.0) < 0.99
    assert found.probability(1.0) < 0.5


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        pytest.param([1.0, 2.0], [3.0, 4.0], id="wrong-order"),
        pytest.param([1.0, 1.0], [1.0], id="no-spread"),
    ],
)
def test_scores_that_separate_nothing_still_rank(inside, outside):
    """The slope is greater than 0, whatever the scores are."""
    found = fit_in_scope(np.array(inside), np.array(outside))

    assert found.is_usable
    assert found.probability(2.0) > found.probability(1.0)


def test_threshold_is_the_probability_at_the_lowest_score():
    """Scores below the lowest one are exactly those with probabilities below the threshold."""
    calibration = Calibration(1.0, InScopeCalibration(2.0, -1.0), lowest_score=1.5)

    assert calibration.threshold == calibration.in_scope.probability(1.5)


def test_examples_are_preferred_to_left_out_intents(small_dataset):
    """Intents are left out only where no out-of-scope examples are given."""
    outside = tuple(f"{word} is the weather" for word in "abcdefghijklmnopqrstuvwxyz")
    steps: list[str] = []
    results = [
        calibrate(
            training_set,
            cross_validate(training_set, seed=0, progress=lambda _: None),
            reject_budget=0.05,
            seed=0,
            progress=steps.append,
        )
        for training_set in (
            TrainingSet.of(small_dataset.train, outside),
            TrainingSet.of(small_dataset.train),
        )
    ]

    assert steps == ["Leaving out intents in turn, to learn what is out of scope"]
    assert all(0 < each.threshold < 1 for each in results)
