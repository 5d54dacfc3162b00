"""Detectors of texts out of scope: of ordinary ones, and of each kind of contrast texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from model.learning.learner import Learner
from model.learning.linear_model import Floats, Linear

# Less than for ordinary texts: contrast texts differ from utterances in few n-grams.
CONTRAST_REGULARISATION = 1.0


@dataclass(frozen=True, slots=True)
class Detectors:
    """Binary classifiers with one score each, larger for texts out of scope.

    Attributes:
        ordinary: of texts of other subjects.
        contrast: of each kind of contrast texts, such as negated requests. A kind has a detector of
            its own, because one of all kinds finds ordinary texts less often.
    """

    ordinary: Linear
    contrast: tuple[Linear, ...]

    @classmethod
    def fit(cls, learner: Learner, out_of_scope: Sequence[str], *contrast: Sequence[str]) -> Self:
        """Fit the detectors on out-of-scope texts, and on contrast texts of each kind."""
        return cls(
            learner.fit_detector(out_of_scope),
            tuple(
                learner.fit_detector(
                    texts, others=out_of_scope, regularisation=CONTRAST_REGULARISATION
                )
                for texts in contrast
            ),
        )

    def scores(self, features: Any) -> tuple[Floats, Floats]:
        """Return the scores of texts: shapes (texts,) and (texts, kinds)."""
        ordinary, *contrast = (
            each.scores(features)[:, 0] for each in (self.ordinary, *self.contrast)
        )
        return ordinary, np.array(contrast).T.reshape(len(ordinary), len(contrast))

    def columns(self, weight: float, contrast_weights: Sequence[float]) -> list[Linear]:
        """Return classifiers whose largest score is that of being out of scope.

        It is the weighted score of the ordinary detector, plus the largest one of a contrast
        detector if that is above zero.
        """
        ordinary = self.ordinary.times(weight)
        contrast = zip(self.contrast, contrast_weights, strict=True)
        return [ordinary, *(ordinary.plus(each.times(factor)) for each, factor in contrast)]
