"""Predictions for labelled utterances: the raw material of all metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.datasets.readers import Example
from model.inference.intent_model import IntentModel
from model.learning.calibration import Calibration
from model.learning.cross_validation import HeldOut
from model.learning.linear_model import Floats

NONE: Floats = np.empty(0)


@dataclass(frozen=True, slots=True)
class LabelledPredictions:
    """Predictions for labelled utterances and for out-of-scope texts.

    Attributes:
        examples: the in-scope utterances with their true intents.
        predicted: the likeliest known intent of each.
        confidences: probability of that intent if the utterance is in scope, 0 to 1.
        in_scope: probability of being in scope of the in-scope utterances, 0 to 1.
        out_of_scope: the same of the out-of-scope texts.
        out_of_scope_confidences: ``confidences`` of the out-of-scope texts.
        threshold: a text with a lower probability of being in scope is rejected; None rejects none.
    """

    examples: tuple[Example, ...]
    predicted: tuple[str, ...]
    confidences: Floats
    in_scope: Floats
    out_of_scope: Floats
    out_of_scope_confidences: Floats
    threshold: float | None

    @classmethod
    def of(
        cls, model: IntentModel, test: Sequence[Example], out_of_scope: Sequence[str] = ()
    ) -> LabelledPredictions:
        """Return the predictions of a model for one utterance or more, and out-of-scope texts."""
        probabilities, in_scope = model.score([example.text for example in test])
        others, outside = model.score(out_of_scope) if out_of_scope else (np.empty((0, 1)), NONE)
        predicted, confidences = _tops(model.card.labels, probabilities)
        return cls(
            examples=tuple(test),
            predicted=predicted,
            confidences=confidences,
            in_scope=in_scope,
            out_of_scope=outside,
            out_of_scope_confidences=others.max(axis=1),
            threshold=model.card.threshold,
        )

    @classmethod
    def of_held_out(
        cls,
        examples: Sequence[Example],
        labels: Sequence[str],
        held_out: HeldOut,
        calibration: Calibration,
    ) -> LabelledPredictions:
        """Return the predictions of cross-validation, each by a model not trained on the text.

        The out-of-scope texts are left out: the calibration is fitted on their scores.
        """
        probabilities = calibration.temperature.probabilities(held_out.logits)
        predicted, confidences = _tops(labels, probabilities)
        return cls(
            examples=tuple(examples[number] for number in held_out.scored.tolist()),
            predicted=predicted,
            confidences=confidences,
            in_scope=np.array([*map(calibration.in_scope.probability, held_out.scope_scores)]),
            out_of_scope=NONE,
            out_of_scope_confidences=NONE,
            threshold=calibration.threshold,
        )

    @classmethod
    def joined(cls, parts: Sequence[LabelledPredictions]) -> LabelledPredictions:
        """Return the predictions of all parts as one, with the threshold of the first."""
        return cls(
            examples=tuple(example for part in parts for example in part.examples),
            predicted=tuple(intent for part in parts for intent in part.predicted),
            confidences=np.concatenate([part.confidences for part in parts]),
            in_scope=np.concatenate([part.in_scope for part in parts]),
            out_of_scope=np.concatenate([part.out_of_scope for part in parts]),
            out_of_scope_confidences=np.concatenate(
                [part.out_of_scope_confidences for part in parts]
            ),
            threshold=parts[0].threshold,
        )

    @property
    def true(self) -> tuple[str, ...]:
        """True intent of each utterance."""
        return tuple(example.intent for example in self.examples)

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Return whether the likeliest known intent of each utterance is its true intent."""
        pairs = zip(self.true, self.predicted, strict=True)
        return np.array([true == predicted for true, predicted in pairs])

    @property
    def outcomes(self) -> tuple[Floats, NDArray[np.bool_]]:
        """The confidence of each returned intent, and whether it is right, of all texts.

        The out-of-scope texts follow the utterances.
        """
        inside, outside = self._is_rejected(self.in_scope), self._is_rejected(self.out_of_scope)
        in_scope = np.concatenate((self.in_scope, self.out_of_scope))
        known = np.concatenate((self.confidences, self.out_of_scope_confidences))
        is_rejected = np.concatenate((inside, outside))
        confidences = np.where(is_rejected, 1 - in_scope, in_scope * known)
        return confidences, np.concatenate((~inside & self.is_right, outside))

    @property
    def known_outcomes(self) -> tuple[Floats, NDArray[np.bool_]]:
        """The confidence of each known intent, and whether it is right, of all texts.

        A rejected text has the confidence 0. The out-of-scope texts follow the utterances.
        """
        confidences, is_right = self.outcomes
        is_known = ~self._is_rejected(np.concatenate((self.in_scope, self.out_of_scope)))
        return np.where(is_known, confidences, 0.0), is_right & is_known

    def rejected(self, in_scope: Floats) -> int:
        """Return the number of probabilities below the threshold."""
        return int(self._is_rejected(in_scope).sum())

    def _is_rejected(self, in_scope: Floats) -> NDArray[np.bool_]:
        return in_scope < (0.0 if self.threshold is None else self.threshold)

    def confused(self, intent: str, taken_for: str) -> list[Example]:
        """Return the utterances of `intent` that were mistaken for another, in their order."""
        return [
            example
            for example, predicted in zip(self.examples, self.predicted, strict=True)
            if (example.intent, predicted) == (intent, taken_for)
        ]


def _tops(labels: Sequence[str], probabilities: Floats) -> tuple[tuple[str, ...], Floats]:
    """Return the likeliest intent of each text, and its probability."""
    tops = probabilities.argmax(axis=1).tolist()
    return tuple(labels[top] for top in tops), probabilities.max(axis=1)
