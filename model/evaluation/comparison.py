"""Two models, or a model and a running service, compared on the same utterances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from model.evaluation.confidence_intervals import Measured, wilson
from model.inference.prediction import Prediction

SHIFT_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Change:
    """An utterance that gets another intent.

    Attributes:
        text: the utterance.
        true: its label; None if it has none.
        before, after: the intents.
        confidences: of both.
    """

    text: str
    true: str | None
    before: str
    after: str
    confidences: tuple[float, float]

    @property
    def verdict(self) -> str:
        """Return whether the change is right, by the label."""
        if self.true is None:
            return "unknown"
        if self.after == self.true:
            return "better"
        return "worse" if self.before == self.true else "both wrong"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The predictions of two models for the same utterances.

    Attributes:
        texts: the utterances; at least one.
        true: their labels; None for those without one.
        before, after: the predictions.
    """

    texts: Sequence[str]
    true: Sequence[str | None]
    before: Sequence[Prediction]
    after: Sequence[Prediction]

    @property
    def changes(self) -> list[Change]:
        """The utterances that get another intent, in their order."""
        rows = zip(self.texts, self.true, self.before, self.after, strict=True)
        return [
            Change(text, true, old.intent, new.intent, (old.confidence, new.confidence))
            for text, true, old, new in rows
            if old.intent != new.intent
        ]

    @property
    def changed_share(self) -> float:
        """The share of utterances that get another intent, 0 to 1."""
        return len(self.changes) / len(self.texts)

    @property
    def flows(self) -> list[tuple[str, str, int]]:
        """Each pair of intents between which utterances move, and their number, most first."""
        counts = Counter((change.before, change.after) for change in self.changes)
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [(*pair, count) for pair, count in ordered]

    @property
    def accuracies(self) -> tuple[Measured, Measured] | None:
        """The accuracy of both models on labelled utterances, 0 to 1; None without labels."""
        right = self._right()
        if not len(right):
            return None
        first, second = (
            (share, wilson(share, len(right))) for share in right.mean(axis=0).tolist()
        )
        return first, second

    @property
    def p_value(self) -> float | None:
        """The chance of so uneven a change if both models were equally good; None without labels.

        McNemar's exact test: of the utterances that only one model has right, each model would
        have half.
        """
        right = self._right()
        if not len(right):
            return None
        return mcnemar(
            int((right[:, 0] & ~right[:, 1]).sum()), int((~right[:, 0] & right[:, 1]).sum())
        )

    @property
    def confidence_shift(self) -> tuple[float, ...]:
        """Quantiles of how much the confidence grows, at 5, 50 and 95 %."""
        shifts = [
            new.confidence - old.confidence
            for old, new in zip(self.before, self.after, strict=True)
        ]
        return tuple(float(value) for value in np.quantile(shifts, SHIFT_QUANTILES))

    def _right(self) -> NDArray[np.bool_]:
        """Return whether each model is right, shape (labelled utterances, 2)."""
        rows = zip(self.true, self.before, self.after, strict=True)
        return np.array(
            [
                (old.intent == true, new.intent == true)
                for true, old, new in rows
                if true is not None
            ],
            dtype=bool,
        )


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p value of McNemar's exact test.

    Args:
        only_first: the number of cases that only the first classifier has right.
        only_second: the number of cases that only the second one has right.
    """
    # The binomial distribution up to the smaller number.
    tail = bdtr(min(only_first, only_second), only_first + only_second, 0.5)
    return min(1.0, 2 * float(tail))
