"""Calibration: from logits to probabilities of the known intents, and of being in scope."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

MAX_ENTROPY_SLOPE = 1.0


@dataclass(frozen=True, slots=True)
class Temperature:
    """Divides the logits before the softmax; depends on how uncertain the intent is.

    It is ``base * exp(entropy_slope * entropy)``; the entropy, in nats, is that of the softmax over
    ``base`` (Balanya, Maroñas and Ramos 2022, whose temperature depends on its logarithm).

    Attributes:
        base: greater than 0.
        entropy_slope: -1 to 1; below 0 if texts of several likely intents are answered rightly more
            often than one temperature for all texts says.
    """

    base: float = 1.0
    entropy_slope: float = 0.0

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any] | float) -> Self:
        """Build a temperature from decoded JSON, where a number is the same for all texts.

        Raises:
            KeyError, TypeError, ValueError: a field is missing or of a wrong type.
        """
        if isinstance(fields, Mapping):
            return cls(float(fields["base"]), float(fields["entropy_slope"]))
        return cls(float(fields))

    @property
    def is_usable(self) -> bool:
        """Return whether the base is greater than 0 and finite, and the slope is not too large."""
        return 0 < self.base < math.inf and abs(self.entropy_slope) <= MAX_ENTROPY_SLOPE

    def scaled(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return logits divided by the temperature of their text.

        Args:
            logits: shape (texts, labels); the largest of each text is 0, so that none overflows.
        """
        scaled = logits / self.base
        if not self.entropy_slope:
            return scaled
        exponentials = np.exp(scaled)
        sums = exponentials.sum(axis=1)
        entropies = np.log(sums) - np.vecdot(exponentials, scaled) / sums
        factors: NDArray[np.float64] = np.exp(-self.entropy_slope * entropies)
        return scaled * factors[:, np.newaxis]

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the softmax of each row of logits, shape (texts, labels)."""
        exponentials = np.exp(self.scaled(logits - logits.max(axis=1, keepdims=True)))
        probabilities: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
        return probabilities


@dataclass(frozen=True, slots=True)
class InScopeCalibration:
    """A logistic function of the score of being in scope (Platt 1999).

    Attributes:
        slope: greater than 0, so that a larger score is always more probably in scope.
        intercept: the log odds at a score of 0.
    """

    slope: float
    intercept: float

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Build a calibration from decoded JSON.

        Raises:
            KeyError, TypeError, ValueError: a field is missing or of a wrong type.
        """
        return cls(float(fields["slope"]), float(fields["intercept"]))

    @property
    def is_usable(self) -> bool:
        """Return whether the slope is greater than 0 and both values are finite."""
        return 0 < self.slope < math.inf and math.isfinite(self.intercept)

    def probability(self, score: float) -> float:
        """Return the probability that a text with this score is in scope."""
        # In this form, no score is too large for the exponential function.
        return 0.5 + 0.5 * math.tanh(0.5 * (self.slope * score + self.intercept))

    def relative_to(self, score: float) -> InScopeCalibration:
        """Return the calibration of scores from which ``score`` is subtracted."""
        return InScopeCalibration(self.slope, self.intercept + self.slope * score)
