"""95 % confidence intervals: how far chance in the choice of the test may have moved a result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z = 1.959964  # of the normal distribution, for 95 %
TAILS = (0.025, 0.975)
RESAMPLES = 1000

Statistic = Callable[..., float]


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a result lies with a confidence of 95 %; of a share, both ends are 0 to 1."""

    low: float
    high: float


def wilson(share: float, count: int) -> Interval:
    """Give the interval of a share (Wilson 1927), which is sound for few cases and for none.

    Args:
        share: what was found, 0 to 1.
        count: of the cases that it was found in; without any, nothing is known.
    """
    if not count:
        return Interval(0.0, 1.0)
    spread = Z * Z / count
    centre = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * float(np.sqrt(share * (1 - share) / count + spread / count / 4))
    return Interval(min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def wilson_f1(right: int, wrong: int) -> Interval:
    """Give the interval of an F1, by that of the share that it rises with.

    F1 is 2j / (1 + j), where j is the share of right cases among all that are of the intent or were
    taken for it: it has an interval even where a test found no mistake.

    Args:
        right: utterances of the intent that were taken for it.
        wrong: utterances of the intent that were not, and others that were.
    """
    count = right + wrong
    share = wilson(right / count if count else 0.0, count)
    return Interval(2 * share.low / (1 + share.low), 2 * share.high / (1 + share.high))


def bootstrap(value: float, statistic: Statistic, *sizes: int) -> Interval:
    """Give the interval of any other result, by drawing the test anew, with a fixed seed.

    The draws are moved so that their mean is the result: resampling raises some of them, the
    calibration error above all.

    Args:
        value: the result, 0 to 1.
        statistic: gives it for weights, one array for each group of cases.
        sizes: of the groups.
    """
    rng = np.random.default_rng(0)
    draws = [statistic(*(_weights(rng, size) for size in sizes)) for _ in range(RESAMPLES)]
    low, high = np.quantile(draws, TAILS) + value - np.mean(draws)
    return Interval(max(0.0, min(value, float(low))), min(1.0, max(value, float(high))))


def _weights(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    return np.bincount(rng.integers(size, size=size), minlength=size).astype(np.float64)
