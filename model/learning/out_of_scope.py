"""Scores that separate texts in scope from others: the largest logit and a detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from model.learning.linear_model import Floats


@dataclass(frozen=True, slots=True)
class OutOfScopeScores:
    """Scores of held-out texts.

    Attributes:
        largest_logits: of the known intents, shape (texts,).
        detector: the detector's scores, shape (texts,); larger for texts out of scope.
    """

    largest_logits: Floats
    detector: Floats

    def combined(self, detector_weight: float) -> Floats:
        """Return the scores that the threshold bounds; smaller for texts out of scope."""
        return self.largest_logits - detector_weight * self.detector


def fit_detector_weight(in_scope: OutOfScopeScores, out_of_scope: OutOfScopeScores) -> float:
    """Return the detector's weight relative to the largest logit, by logistic regression.

    The weight is 0 if the detector does not help.
    """
    values = np.column_stack(
        (
            np.concatenate((in_scope.largest_logits, out_of_scope.largest_logits)),
            np.concatenate((in_scope.detector, out_of_scope.detector)),
        )
    )
    is_in_scope = np.arange(len(values)) < len(in_scope.detector)
    combiner = LogisticRegression(class_weight="balanced").fit(values, is_in_scope)
    logit_weight, detector_weight = combiner.coef_[0]
    return max(0.0, float(-detector_weight / logit_weight)) if logit_weight > 0 else 0.0
