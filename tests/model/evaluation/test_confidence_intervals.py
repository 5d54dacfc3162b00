from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from model.evaluation.confidence_intervals import Interval, bootstrap, wilson, wilson_f1


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    [
        # Computed with statsmodels' proportion_confint(method="wilson").
        pytest.param(0.5, 10, 0.2366, 0.7634, id="half"),
        pytest.param(1.0, 5, 0.5655, 1.0, id="all-of-five"),
        pytest.param(0.0, 5, 0.0, 0.4345, id="none-of-five"),
        pytest.param(0.95, 2380, 0.9405, 0.9581, id="many"),
    ],
)
def test_interval_of_a_share(share, count, low, high):
    """The interval equals known values, also at the ends of the scale."""
    assert astuple(wilson(share, count)) == pytest.approx((low, high), abs=1e-4)


def test_interval_without_cases_is_the_whole_scale():
    """Without cases, the interval is 0 to 1."""
    assert wilson(0.0, 0) == Interval(0.0, 1.0)
    assert wilson_f1(0, 0) == Interval(0.0, 1.0)


def test_interval_of_an_f1_holds_it():
    """With 3 true positives, 1 false negative and 1 false positive, F1 is 6 / 8."""
    share, interval = wilson(3 / 5, 5), wilson_f1(3, 2)

    assert interval.low < 6 / 8 < interval.high
    assert interval.low == pytest.approx(2 * share.low / (1 + share.low))
    assert interval.high == pytest.approx(2 * share.high / (1 + share.high))
    assert wilson_f1(5, 0).high == 1.0
    assert wilson_f1(5, 0).low < 0.8


def test_bootstrap_of_a_mean_is_as_wide_as_theory_says():
    """The mean of 400 coin tosses has a standard error of 0.025."""
    coins = np.tile([0.0, 1.0], 200)
    interval = bootstrap(0.5, lambda weights: float(np.average(coins, weights=weights)), 400)

    assert interval.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.006)
    assert interval.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.006)


def test_groups_are_resampled_separately():
    """Each resampled group keeps its size, and draws differ."""
    draws = []

    def statistic(first: np.ndarray, second: np.ndarray) -> float:
        draws.append((first.sum(), second.sum(), tuple(first)))
        return 0.5

    assert bootstrap(0.5, statistic, 7, 3) == Interval(0.5, 0.5)
    assert {draw[:2] for draw in draws} == {(7, 3)}
    assert len({draw[2] for draw in draws}) > 100


def test_interval_stays_within_the_scale_and_holds_the_result():
    """The shifted interval stays within 0 to 1 and contains the result."""
    values = iter(np.linspace(0.0, 0.5, 1000))

    interval = bootstrap(0.01, lambda _: float(next(values)), 5)

    assert interval.low == 0
    assert interval.high == pytest.approx(0.01 + 0.4875 - 0.25)
