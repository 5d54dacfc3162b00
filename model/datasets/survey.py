"""Count utterances of any number in bounded memory.

Bounded are: the problems and notes that are kept of each kind, the intents that are counted one by
one, and the hashes by which different texts are counted (exact up to ``SKETCH_SIZE`` texts, and an
estimate with a standard error of 0.4 % beyond, by the k minimum values of Bar-Yossef et al. 2002).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.datasets.checks import normalised
from model.datasets.entry import Entry, Example, LeftOut, Note
from model.errors import Problem, ProblemKind

SKETCH_SIZE = 65_536
MAX_INTENTS = 100_000
MAX_KEPT = 10
MAX_SAMPLED = 200  # texts of a batch whose scripts are looked at
OTHER_INTENTS = "(further intents)"
UNNAMED = ProblemKind("files that can't be read", "mend them, or insist on a --format")

Hashes = NDArray[np.uint64]


class DistinctTexts:
    """Counts the different ones among any number of texts."""

    def __init__(self) -> None:
        self._smallest: Hashes = np.empty(0, np.uint64)
        self._is_full = False

    def add(self, hashes: Hashes) -> None:
        """Add the hashes of texts."""
        if self._is_full:
            hashes = hashes[hashes < self._smallest[-1]]
        merged = np.unique(np.concatenate([self._smallest, hashes]))
        self._is_full = self._is_full or len(merged) > SKETCH_SIZE
        self._smallest = merged[:SKETCH_SIZE]

    @property
    def is_exact(self) -> bool:
        """Whether the count is no estimate."""
        return not self._is_full

    @property
    def count(self) -> int:
        """The number of different texts."""
        if not self._is_full:
            return len(self._smallest)
        return round((SKETCH_SIZE - 1) / (float(self._smallest[-1]) / 2.0**64))


@dataclass(slots=True)
class Survey:
    """The numbers of a data set.

    Attributes:
        rows: utterances.
        intents: their number by intent.
        texts: the different ones.
        scripts: letters by script, of a sample.
        problems: the first ones of each kind.
        problem_counts: all of each kind.
        notes: the first ones.
    """

    rows: int = 0
    intents: Counter[str] = field(default_factory=Counter)
    texts: DistinctTexts = field(default_factory=DistinctTexts)
    scripts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    problem_counts: Counter[ProblemKind] = field(default_factory=Counter)
    notes: list[Problem] = field(default_factory=list)

    @property
    def repetitions(self) -> int:
        """Utterances whose text occurred before; an estimate if ``texts`` is not exact."""
        return max(0, self.rows - self.texts.count)

    def add_batch(self, batch: Batch) -> None:
        """Add the numbers of some utterances."""
        self.rows += batch.rows
        self.texts.add(batch.hashes)
        self.scripts.update(batch.scripts)
        if len(self.intents) < MAX_INTENTS:
            self.intents.update(batch.intents)
        else:
            for intent, count in batch.intents.items():
                self.intents[intent if intent in self.intents else OTHER_INTENTS] += count

    def add_entries(self, entries: Iterable[Entry]) -> None:
        """Add entries one by one."""
        examples: list[Example] = []
        for entry in entries:
            if isinstance(entry, Example):
                examples.append(entry)
                if len(examples) == SKETCH_SIZE:
                    self._add_examples(examples)
                    examples = []
            else:
                self._add_other(entry)
        self._add_examples(examples)

    def _add_examples(self, examples: Sequence[Example]) -> None:
        texts = [example.text for example in examples]
        self.add_batch(Batch.of(texts, [example.intent for example in examples]))

    def _add_other(self, entry: Problem | Note | LeftOut) -> None:
        if isinstance(entry, Problem):
            kind = entry.kind or UNNAMED
            self.problem_counts[kind] += 1
            if self.problem_counts[kind] <= MAX_KEPT:
                self.problems.append(entry)
        elif isinstance(entry, Note) and len(self.notes) < MAX_KEPT:
            self.notes.append(Problem(entry.file, entry.line, entry.message))


@dataclass(frozen=True, slots=True)
class Batch:
    """The numbers of some utterances: see ``Survey``."""

    rows: int
    intents: Counter[str]
    hashes: Hashes
    scripts: Counter[str]

    @classmethod
    def of(cls, texts: Sequence[str], intents: Sequence[str]) -> Batch:
        """Count utterances. Hashes are the same in a process and in those that it forks."""
        hashes = np.fromiter(map(hash, map(normalised, texts)), np.int64, len(texts))
        return cls(len(texts), Counter(intents), hashes.view(np.uint64), _scripts(texts))


def _scripts(texts: Sequence[str]) -> Counter[str]:
    step = max(1, len(texts) // MAX_SAMPLED)
    letters = Counter("".join(texts[::step]))
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        if letter.isalpha():
            scripts[unicodedata.name(letter, "UNKNOWN").split()[0].title()] += count
    return scripts
