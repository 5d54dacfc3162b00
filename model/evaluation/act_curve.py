"""The act curve: how many messages are acted on at which confidence, and how many of them wrongly.

Measured on held-out utterances and out-of-scope texts. A message is acted on if its intent is a
known one and its confidence is high enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.evaluation.confidence_intervals import Interval, wilson
from model.evaluation.labelled_predictions import LabelledPredictions

CONFIDENCES = (*(tenth / 10 for tenth in range(10)), 0.95, 0.98, 0.99, 0.995, 0.999)


@dataclass(frozen=True, slots=True)
class ActPoint:
    """The outcome if all messages of a confidence or more are acted on.

    Attributes:
        confidence: the lowest confidence that is acted on, 0 to 1.
        acted: the share of messages that are acted on, 0 to 1.
        errors: the share of these whose intent is wrong, 0 to 1; 0 if there are none.
        interval: of ``errors``, with a confidence of 95 %.
    """

    confidence: float
    acted: float
    errors: float
    interval: Interval


def act_point(predictions: LabelledPredictions, confidence: float) -> ActPoint:
    """Return the point of one confidence; there must be at least one prediction."""
    confidences, is_right = predictions.known_outcomes
    is_acted = confidences >= confidence
    count = int(is_acted.sum())
    errors = float((is_acted & ~is_right).sum()) / count if count else 0.0
    return ActPoint(confidence, count / len(confidences), errors, wilson(errors, count))


def act_curve(predictions: LabelledPredictions) -> list[ActPoint]:
    """Return the points of rising confidences."""
    return [act_point(predictions, confidence) for confidence in CONFIDENCES]


def choose_act_above(predictions: LabelledPredictions, max_error: float) -> float | None:
    """Return the lowest confidence at which few enough of the messages acted on are wrong.

    Args:
        predictions: of held-out texts.
        max_error: the share of wrong ones among those acted on, 0 to 1.

    Returns:
        The lowest confidence that occurs and keeps the share at ``max_error`` or less; None if no
        confidence does.
    """
    confidences, is_right = predictions.known_outcomes
    order = np.argsort(-confidences, kind="stable")
    ranked = confidences[order]
    wrong = np.cumsum(~is_right[order]) / np.arange(1, len(ranked) + 1)
    # Equal confidences are acted on together: only the last of them counts.
    is_last = np.append(ranked[1:] < ranked[:-1], True)
    allowed = np.flatnonzero(is_last & (wrong <= max_error) & (ranked > 0))
    return float(ranked[allowed[-1]]) if len(allowed) else None


def describe(point: ActPoint) -> str:
    """Return the sentence about a point."""
    return (
        f"Acts on {point.acted:.1%} of held-out messages, with {point.errors:.1%} errors "
        f"({point.interval:.1%}): "
        f"those with a confidence of {point.confidence:.3f} or more"
    )
