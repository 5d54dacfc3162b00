"""What tells texts in scope from others: the largest logit, and a detector if one was learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from model.learning.linear_model import Floats


@dataclass(frozen=True, slots=True)
class OutOfScopeScores:
    """What is known of held-out texts.

    Attributes:
        largest_logits: of the known intents, shape (texts,).
        detector: the detector's scores, shape (texts,); the larger, the farther out of scope.
    """

    largest_logits: Floats
    detector: Floats

    def combined(self, detector_weight: float) -> Floats:
        """Give the score that the out-of-scope threshold bounds: the smaller, the farther."""
        return self.largest_logits - detector_weight * self.detector


def fit_detector_weight(in_scope: OutOfScopeScores, out_of_scope: OutOfScopeScores) -> float:
    """Find what a detector's score is worth beside the largest logit, by logistic regression.

    Returns:
        Its weight; 0 where the detector says nothing.
    """
    values = np.column_stack(
        (
            np.concatenate((in_scope.largest_logits, out_of_scope.largest_logits)),
            np.concatenate((in_scope.detector, out_of_scope.detector)),
        )
    )
    is_in_scope = np.arange(len(values)) < len(in_scope.detector)
    combiner = LogisticRegression(class_weight="balanced").fit(values, is_in_scope)
    of_largest, of_detector = combiner.coef_[0]
    return max(0.0, float(-of_detector / of_largest)) if of_largest > 0 else 0.0
