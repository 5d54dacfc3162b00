"""Find repeated and contradictory texts among any number of them, in bounded memory.

Of each text, its hash is kept, with the hash of its label and its place, up to ``SKETCH_SIZE``
different texts. Beyond, those with the smallest hashes are kept, which are a random sample; the
numbers are estimates from then on, with a standard error of 0.2 % for the number of different texts
(k minimum values, Bar-Yossef et al. 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SKETCH_SIZE = 262_144
MAX_KEPT = 10
# Merging costs the same for one new text as for many.
MERGE_AT = 65_536

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TextHashes:
    """Some texts by their hashes.

    Attributes:
        texts: a hash of each text.
        labels: a hash of each text's label.
        places: a number for the place of each text.
    """

    texts: Hashes
    labels: Hashes
    places: Places

    def where(self, selected: NDArray[np.bool_] | NDArray[np.intp]) -> TextHashes:
        """Return some of the texts."""
        return TextHashes(self.texts[selected], self.labels[selected], self.places[selected])

    @classmethod
    def joined(cls, parts: Sequence[TextHashes]) -> TextHashes:
        """Return the texts of several parts."""
        return cls(
            np.concatenate([part.texts for part in parts]),
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.places for part in parts]),
        )


NO_TEXTS = TextHashes(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class Twin:
    """A text that occurred before.

    Attributes:
        place, earlier: the places of both.
        label, earlier_label: the hashes of their labels.
    """

    place: int
    earlier: int
    label: int
    earlier_label: int


class DistinctTexts:
    """Counts different texts and contradictory ones."""

    def __init__(self) -> None:
        self._repetitions: list[Twin] = []
        self._contradictions: list[Twin] = []
        self._kept = NO_TEXTS
        self._conflicts: NDArray[np.int64] = np.empty(0, np.int64)
        self._waiting: list[TextHashes] = []
        self._count, self._is_full = 0, False

    @property
    def limit(self) -> int:
        """The hash from which on texts are not counted one by one."""
        return int(self._kept.texts[-1]) if self._is_full else 2**64 - 1

    def add(self, texts: TextHashes) -> None:
        """Add texts, in the order of their places."""
        if self._is_full:
            texts = texts.where(texts.texts < np.uint64(self.limit))
        self._waiting.append(texts)
        self._count += len(texts.texts)
        if self._count >= MERGE_AT:
            self._merge()

    @property
    def is_exact(self) -> bool:
        """Return whether the numbers are no estimates."""
        self._merge()
        return not self._is_full

    @property
    def count(self) -> int:
        """The number of different texts."""
        self._merge()
        if not self._is_full:
            return len(self._kept.texts)
        return round((SKETCH_SIZE - 1) / (self.limit / 2.0**64))

    @property
    def conflicts(self) -> int:
        """The number of texts that occurred before with another label."""
        self._merge()
        share = self.count / len(self._kept.texts) if self._is_full else 1.0
        return round(int(self._conflicts.sum()) * share)

    @property
    def repetitions(self) -> Sequence[Twin]:
        """The first texts that occurred before, with the same label."""
        self._merge()
        return self._repetitions

    @property
    def contradictions(self) -> Sequence[Twin]:
        """The first texts that occurred before, with another label."""
        self._merge()
        return self._contradictions

    def _merge(self) -> None:
        if not self._waiting:
            return
        merged = TextHashes.joined([self._kept, *self._waiting])
        self._waiting, self._count = [], 0
        _, first, group = np.unique(merged.texts, return_index=True, return_inverse=True)
        earlier = first[group]  # of each text, the place in `merged` where it occurs first
        is_twin = earlier != np.arange(len(earlier))
        is_conflict = is_twin & (merged.labels != merged.labels[earlier])
        self._name(merged, earlier, is_twin & ~is_conflict, self._repetitions)
        self._name(merged, earlier, is_conflict, self._contradictions)
        conflicts = np.zeros(len(first), np.int64)
        conflicts[group[: len(self._conflicts)]] = self._conflicts
        np.add.at(conflicts, group[is_conflict], 1)
        self._is_full = self._is_full or len(first) > SKETCH_SIZE
        self._kept = merged.where(first[:SKETCH_SIZE])
        self._conflicts = conflicts[:SKETCH_SIZE]

    @staticmethod
    def _name(
        merged: TextHashes,
        earlier: NDArray[np.intp],
        selected: NDArray[np.bool_],
        named: list[Twin],
    ) -> None:
        for at in np.flatnonzero(selected)[: MAX_KEPT - len(named)]:
            first = earlier[at]
            named.append(
                Twin(
                    int(merged.places[at]),
                    int(merged.places[first]),
                    int(merged.labels[at]),
                    int(merged.labels[first]),
                )
            )
