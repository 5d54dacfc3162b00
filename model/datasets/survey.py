"""Count utterances of any number in bounded memory.

Bounded are: the problems and notes that are kept of each kind, the intents that are counted one by
one, and the hashes by which texts are compared (see ``distinct_texts``).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from model.datasets.checks import CONTRADICTIONS, REPETITIONS, normalised
from model.datasets.collection import part_within
from model.datasets.collector import Collector, as_left_out
from model.datasets.distinct_texts import DistinctTexts, TextHashes, Twin
from model.datasets.documents.document import ReadOptions
from model.datasets.entry import DESCRIPTION, TRAIN, Entry, Example
from model.errors import Problem, ProblemKind

MAX_INTENTS = 100_000
MAX_KEPT = 20
MAX_SAMPLED = 200  # texts of a batch whose scripts are looked at
BATCH = 8_192
OTHER_INTENTS = "(further intents)"
LINE_BITS = 40
# Of ASCII: those that normalised() changes.
IRREGULAR_SPACES = ("  ", *map(chr, (*range(9, 14), *range(28, 32))))
ALL_HASHES = 2**64 - 1


class FirstProblems:
    """The first problems of each kind.

    Attributes:
        kept: the first ones.
        counts: the number of all, by kind.
    """

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.counts: Counter[ProblemKind | None] = Counter()

    def append(self, problem: Problem) -> None:
        """Add a problem."""
        self.counts[problem.kind] += 1
        if self.counts[problem.kind] <= MAX_KEPT:
            self.kept.append(problem)


class Survey:
    """The numbers of a data set.

    Attributes:
        rows: utterances.
        intents: their number by intent.
        scripts: letters by script, of a sample.
        problems: entries that can't be read.
        notes: guesses, and entries that are left out.
        described: intents that have a description.
        collector: sorts the entries.
    """

    def __init__(self, options: ReadOptions = ReadOptions()) -> None:
        self.rows = 0
        self.intents: Counter[str] = Counter()
        self.scripts: Counter[str] = Counter()
        self.described: set[str] = set()
        self.problems, self.notes = FirstProblems(), FirstProblems()
        self.texts = DistinctTexts()
        self._examples: list[Example] = []
        self.collector = Collector(options, self._take, self.problems.append, self.notes.append)
        self._leave_out_unreadable = options.leave_out_unreadable
        self._files: list[Path] = []

    @property
    def repetitions(self) -> int:
        """Utterances whose text occurred before, with the same intent; perhaps an estimate."""
        return max(0, self.rows - self.texts.count - self.texts.conflicts)

    def add_batch(self, batch: Batch, file: Path, first_line: int = 1) -> None:
        """Add the numbers of utterances of a file; ``first_line`` is where their lines begin."""
        self.rows += batch.rows
        place = (self._number(file) << LINE_BITS) + first_line - 1
        hashes = batch.hashes
        self.texts.add(TextHashes(hashes.texts, hashes.labels, hashes.places + place))
        self.scripts.update(batch.scripts)
        if len(self.intents) < MAX_INTENTS:
            self.intents.update(batch.intents)
        else:
            for intent, count in batch.intents.items():
                self.intents[intent if intent in self.intents else OTHER_INTENTS] += count

    def add_entries(self, entries: Iterable[Entry], part: str | None = None) -> None:
        """Add entries one by one, of a file of a part of the data, if it is one."""
        for entry in entries:
            self.collector.add(entry)
            if len(self._examples) == BATCH:
                self._count(part)
        self._count(part)

    def add_problems(self, problems: FirstProblems, first_line: int) -> None:
        """Add problems, with lines from 1, of a part of a file that begins at ``first_line``."""
        for problem in problems.kept:
            self.collector.add(replace(problem, line=problem.line + first_line - 1))
        kept = Counter(problem.kind for problem in problems.kept)
        for kind, count in (problems.counts - kept).items():
            if self._leave_out_unreadable and kind is not None:
                self.notes.counts[as_left_out(kind)] += count
            else:
                self.problems.counts[kind] += count

    def _take(self, example: Example) -> None:
        if example.part == DESCRIPTION:
            self.described.add(example.intent)
        else:
            self._examples.append(example)

    def _count(self, part: str | None) -> None:
        """Count the examples that were taken, by their parts and files."""
        groups: dict[tuple[str, Path], list[Example]] = {}
        for example in self._examples:
            own = part_within(part or TRAIN, example.part)
            groups.setdefault((own, example.file), []).append(example)
        self._examples.clear()
        for (each, file), group in groups.items():
            texts, intents = [one.text for one in group], [one.intent for one in group]
            lines = np.fromiter((one.line for one in group), np.int64, len(group))
            self.add_batch(Batch.of(texts, intents, lines, part=each), file)

    def _number(self, file: Path) -> int:
        if not self._files or self._files[-1] != file:
            self._files.append(file)
        return len(self._files) - 1

    def twins(self) -> list[Problem]:
        """Return the first repetitions and contradictions."""
        labels = {hash_of(intent): intent for intent in self.intents}
        return [
            *(self._twin(each, labels, REPETITIONS) for each in self.texts.repetitions),
            *(self._twin(each, labels, CONTRADICTIONS) for each in self.texts.contradictions),
        ]

    def _twin(self, twin: Twin, labels: Mapping[int, str], kind: ProblemKind) -> Problem:
        file, line = self._place(twin.place)
        earlier_file, earlier_line = self._place(twin.earlier)
        place = (
            f"line {earlier_line}"
            if file == earlier_file
            else f"{earlier_file.name}:{earlier_line}"
        )
        if kind == REPETITIONS:
            return Problem(file, line, f"same text as {place}", kind)
        ours, theirs = (labels.get(label, "…") for label in (twin.label, twin.earlier_label))
        message = f"labelled {ours}, but {place} labels the same text {theirs}"
        return Problem(file, line, message, kind)

    def _place(self, place: int) -> tuple[Path, int]:
        return self._files[place >> LINE_BITS], place & (1 << LINE_BITS) - 1


@dataclass(frozen=True, slots=True)
class Batch:
    """The numbers of some utterances.

    Attributes:
        rows: utterances.
        intents: their number by intent.
        hashes: of the texts whose hashes are small enough.
        scripts: letters by script, of a sample.
    """

    rows: int
    intents: Counter[str]
    hashes: TextHashes
    scripts: Counter[str]

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        intents: Sequence[str],
        lines: Sequence[int] | np.ndarray[tuple[int], np.dtype[np.int64]],
        *,
        part: str = TRAIN,
        limit: int = ALL_HASHES,
    ) -> Batch:
        """Count utterances. Hashes are the same in a process and in those that it forks.

        Args:
            texts: the utterances.
            intents: the intent of each.
            lines: the line of each.
            part: of the data set; texts of different parts are different.
            limit: larger hashes are left out.
        """
        hashed = np.fromiter(map(hash, _all_normalised(texts)), np.int64, len(texts))
        hashes = hashed.view(np.uint64) ^ np.uint64(hash_of(part))
        chosen = np.flatnonzero(hashes <= np.uint64(limit))
        labels = np.fromiter(
            (hash_of(intents[at]) for at in chosen.tolist()), np.uint64, len(chosen)
        )
        kept = TextHashes(hashes[chosen], labels, np.asarray(lines, np.int64)[chosen])
        return cls(len(texts), Counter(intents), kept, _scripts(texts))


def hash_of(text: str) -> int:
    """Return a text's hash of 64 bits."""
    return hash(text) & ALL_HASHES


def _all_normalised(texts: Sequence[str]) -> Iterable[str]:
    """Return the normalised form of each text, in a shorter way where all spaces are single."""
    joined = "\0".join(texts)
    if joined.isascii() and not any(space in joined for space in IRREGULAR_SPACES):
        return map(str.lower, map(str.strip, texts))
    return map(normalised, texts)


def _scripts(texts: Sequence[str]) -> Counter[str]:
    step = max(1, len(texts) // MAX_SAMPLED)
    letters = Counter("".join(texts[::step]))
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        if letter.isalpha():
            scripts[unicodedata.name(letter, "UNKNOWN").split()[0].title()] += count
    return scripts
