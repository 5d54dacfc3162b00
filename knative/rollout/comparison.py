"""The answers of a candidate, compared with those of the stable revision."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from knative.rollout.errors import DifferingAnswersError
from knative.rollout.smoke import Endpoint, SmokeTest

TEXTS_PER_REQUEST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Utterances, and how much their answers may change.

    Attributes:
        texts: the utterances; at least one.
        labels: their intents; empty if they are not known.
        max_changed: the largest share of utterances that may get another intent, in percent.
        max_loss: the largest loss of accuracy, in percentage points.
    """

    texts: Sequence[str]
    labels: Sequence[str] = ()
    max_changed: float
    max_loss: float

    @classmethod
    def read(cls, path: Path, *, max_changed: float, max_loss: float) -> Self:
        """Read a CSV file with the column ``text`` and perhaps ``intent``, or a text a line.

        Raises:
            OSError, ValueError, csv.Error: the file can't be read, or holds no utterances.
        """
        labels: list[str] = []
        # A file's lines end where a table's rows do; str.splitlines knows more ends of lines.
        with path.open(encoding="utf-8-sig", newline="") as lines:
            if path.suffix == ".csv":
                rows = list(csv.DictReader(lines))
                texts = [row["text"] or "" for row in rows if "text" in row]
                labels = [row["intent"] or "" for row in rows if "intent" in row]
            else:
                texts = [line.strip() for line in lines if line.strip()]
        if not texts or not all(text.strip() for text in texts):
            raise ValueError("no utterances")
        return cls(texts=texts, labels=labels, max_changed=max_changed, max_loss=max_loss)

    def run(self, test: SmokeTest, *, stable: Endpoint, candidate: Endpoint) -> str:
        """Return what changes, in words.

        Raises:
            NoAnswerError, WrongAnswerError: a revision does not answer.
            DifferingAnswersError: more changes than may.
        """
        before, after = (self._intents(test, endpoint) for endpoint in (stable, candidate))
        count = len(self.texts)
        changed = sum(old != new for old, new in zip(before, after, strict=True))
        summary = f"{changed} of {count} answers differ from the stable revision's"
        excess = 100 * changed > self.max_changed * count
        if self.labels:
            shares = [100 * self._right(intents) / count for intents in (before, after)]
            summary += f", accuracy {shares[0]:.1f} % before and {shares[1]:.1f} % after"
            excess = excess or shares[0] - shares[1] > self.max_loss
        if excess:
            raise DifferingAnswersError(summary, self.max_changed, self.max_loss)
        return summary

    def _intents(self, test: SmokeTest, endpoint: Endpoint) -> list[str]:
        starts = range(0, len(self.texts), TEXTS_PER_REQUEST)
        parts = (self.texts[start : start + TEXTS_PER_REQUEST] for start in starts)
        return [intent for part in parts for intent in test.intents(endpoint, part)]

    def _right(self, intents: Sequence[str]) -> int:
        return sum(intent == label for intent, label in zip(intents, self.labels, strict=True))
