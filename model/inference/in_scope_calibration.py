"""The calibrated probability that a text is in scope."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


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
