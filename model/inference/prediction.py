"""What a prediction is."""

from __future__ import annotations

from dataclasses import dataclass

OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Alternative:
    """A known intent and its probability, 0 to 1."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one utterance.

    Attributes:
        intent: the most likely known intent, or ``out_of_scope``.
        confidence: calibrated probability of the most likely known intent, 0 to 1; the same
            whether or not the utterance was found to be out of scope.
        alternatives: known intents, the most likely first; as many as were asked for.
    """

    intent: str
    confidence: float
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """An n-gram of the utterance and what it added to the logit of the predicted intent."""

    feature: str
    weight: float
