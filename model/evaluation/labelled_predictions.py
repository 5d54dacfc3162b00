"""Predictions for labelled utterances: the raw material of all metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.datasets.readers import Example
from model.inference.intent_model import IntentModel, softmax
from model.learning.cross_validation import HeldOut
from model.learning.linear_model import Floats


@dataclass(frozen=True, slots=True)
class LabelledPredictions:
    """Predictions for labelled utterances and for out-of-scope texts.

    Attributes:
        examples: the in-scope utterances with their true intents.
        predicted: the likeliest known intent of each.
        confidences: confidence of that intent, 0 to 1.
        in_scope: scope scores of the in-scope utterances.
        out_of_scope: scope scores of the out-of-scope texts.
        threshold: a text with a lower scope score is rejected; None rejects none.
    """

    examples: tuple[Example, ...]
    predicted: tuple[str, ...]
    confidences: Floats
    in_scope: Floats
    out_of_scope: Floats
    threshold: float | None

    @classmethod
    def of(
        cls, model: IntentModel, test: Sequence[Example], out_of_scope: Sequence[str] = ()
    ) -> LabelledPredictions:
        """Return the predictions of a model.

        Args:
            model: the model.
            test: labelled utterances; at least one.
            out_of_scope: texts that fit no intent.
        """
        probabilities, in_scope = model.score([example.text for example in test])
        others = model.score(out_of_scope)[1] if out_of_scope else np.array([])
        predicted, confidences = _tops(model.card.labels, probabilities)
        return cls(tuple(test), predicted, confidences, in_scope, others, model.card.threshold)

    @classmethod
    def of_held_out(
        cls,
        examples: Sequence[Example],
        labels: Sequence[str],
        held_out: HeldOut,
        *,
        temperature: float,
        threshold: float,
    ) -> LabelledPredictions:
        """Return the predictions of cross-validation, each by a model not trained on the text.

        Args:
            examples: the training utterances.
            labels: the intents, in the order of the scores' columns.
            held_out: the scores.
            temperature: divides the logits before the softmax.
            threshold: bound of ``held_out.scope_scores``.
        """
        predicted, confidences = _tops(labels, softmax(held_out.logits / temperature))
        others = held_out.out_of_scope.combined(held_out.detector_weight)
        in_scope = held_out.scope_scores
        scored = tuple(examples[number] for number in held_out.scored.tolist())
        return cls(scored, predicted, confidences, in_scope, others, threshold)

    @classmethod
    def joined(cls, parts: Sequence[LabelledPredictions]) -> LabelledPredictions:
        """Return the predictions of all parts as one, with the threshold of the first."""
        return cls(
            examples=tuple(example for part in parts for example in part.examples),
            predicted=tuple(intent for part in parts for intent in part.predicted),
            confidences=np.concatenate([part.confidences for part in parts]),
            in_scope=np.concatenate([part.in_scope for part in parts]),
            out_of_scope=np.concatenate([part.out_of_scope for part in parts]),
            threshold=parts[0].threshold,
        )

    @property
    def true(self) -> tuple[str, ...]:
        """True intent of each utterance."""
        return tuple(example.intent for example in self.examples)

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether the likeliest known intent of each utterance is its true intent."""
        pairs = zip(self.true, self.predicted, strict=True)
        return np.array([true == predicted for true, predicted in pairs])

    def rejected(self, scores: Floats) -> int:
        """Return the number of scores below the threshold."""
        return 0 if self.threshold is None else int((scores < self.threshold).sum())

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
