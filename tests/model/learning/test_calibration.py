from __future__ import annotations

import numpy as np
import pytest

from model.learning.calibration import fit_temperature, rejection_threshold


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
