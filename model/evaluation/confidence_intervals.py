"""95 % confidence intervals of test results, for the chance in the choice of test cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z = 1.959964  # quantile of the normal distribution for 95 %
TAILS = (0.025, 0.975)
RESAMPLES = 1000

Statistic = Callable[..., float]


@dataclass(frozen=True, slots=True)
class Interval:
    """Interval that covers a result with a confidence of 95 %; a share's ends are 0 to 1."""

    low: float
    high: float

    def __format__(self, form: str) -> str:
        """Return both ends in a format of numbers."""
        return f"{self.low:{form}} to {self.high:{form}}"


# A result with its interval.
Measured = tuple[float, Interval]


def wilson(share: float, count: int) -> Interval:
    """Return the Wilson score interval of a share (Wilson 1927), also valid for few cases.

    Args:
        share: the measured share, 0 to 1.
        count: number of cases; for 0 the interval is 0 to 1.
    """
    if not count:
        return Interval(0.0, 1.0)
    spread = Z * Z / count
    centre = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * float(np.sqrt(share * (1 - share) / count + spread / count / 4))
    return Interval(min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def wilson_f1(right: int, wrong: int) -> Interval:
    """Return the interval of an F1, also for a test without a mistake.

    F1 is 2j / (1 + j), where j is the share of true positives among true positives, false positives
    and false negatives. F1 grows with j, so j's interval yields that of F1.

    Args:
        right: number of true positives.
        wrong: number of false positives and false negatives.
    """
    count = right + wrong
    share = wilson(right / count if count else 0.0, count)
    return Interval(2 * share.low / (1 + share.low), 2 * share.high / (1 + share.high))


def bootstrap(value: float, statistic: Statistic, *sizes: int) -> Interval:
    """Return the bootstrap interval of any other result, with a fixed seed.

    The draws are shifted so that their mean is the result: resampling is biased for some
    statistics, most of all for the calibration error.

    Args:
        value: the result, 0 to 1.
        statistic: computes the result from weights, one array for each group of cases.
        sizes: sizes of the groups.
    """
    rng = np.random.default_rng(0)
    draws = [statistic(*(_weights(rng, size) for size in sizes)) for _ in range(RESAMPLES)]
    low, high = np.quantile(draws, TAILS) + value - np.mean(draws)
    return Interval(max(0.0, min(value, float(low))), min(1.0, max(value, float(high))))


def _weights(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    return np.bincount(rng.integers(size, size=size), minlength=size).astype(np.float64)
