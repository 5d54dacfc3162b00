"""Find the n-grams of all of a model's vocabularies in texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from model.inference.ngram_trie import NgramTrie, NgramTrieLookup
from model.inference.text_analysis import AnalyzerOptions, Normalization, padded, splitter

MAX_REMEMBERED_WORDS = 8192
# Longer ones are seldom seen twice, and would let a sender fill the memory.
MAX_REMEMBERED_WORD = 32
COLUMN_BYTES = 4
NO_COLUMNS = np.array([], np.int32)
NO_OWNERS = np.array([], np.intp)

Columns = NDArray[np.int32]
Places = tuple[NDArray[np.int32], NDArray[np.intp]]  # columns, and the number of each one's text


class Analyzer:
    """Finds one vocabulary's n-grams in texts that are normalised."""

    def __init__(
        self, options: AnalyzerOptions, units: Sequence[str], phrases: NgramTrie, *, offset: int
    ) -> None:
        """Take what there is to find.

        Args:
            options: how texts become n-grams.
            units: words or characters, by their numbers.
            phrases: n-grams of these.
            offset: of the vocabulary's first column among those of all vocabularies.
        """
        self.is_within_words = options.analyzer == "char_wb"
        self._least, self._most = options.ngram_range
        self._split = splitter(options)
        self._finder = NgramTrieLookup(phrases, offset=offset)
        self._number = _Numbers(zip(units, range(len(units)), strict=True))
        self._number.unknown = phrases.unknown

    def columns(self, text: str) -> Iterator[Columns]:
        """Give the columns of a text's n-grams in parts; -1 for those that are not known."""
        numbers = self._numbers(text)
        return self._finder.columns_of(np.array(numbers, np.int64), self._least, self._most)

    def columns_of(self, texts: Iterable[str]) -> Places:
        """Give the columns of the known n-grams in texts."""
        numbers: list[int] = []
        lengths: list[int] = []
        for text in texts:
            own = self._numbers(text)
            numbers += own
            numbers.append(self._number.unknown)  # no n-gram goes on into the next text
            lengths.append(len(own) + 1)
        owners = np.arange(len(lengths)).repeat(lengths)
        units = np.array(numbers, np.int64)
        parts = list(self._finder.columns_of(units, self._least, self._most))
        columns, owners = _joined([(part, owners[: len(part)]) for part in parts])
        [known] = (columns >= 0).nonzero()
        return columns.take(known), owners.take(known)

    def columns_of_words(self, words: Sequence[str]) -> Places:
        """Give the same for words apart; one that is too short for an n-gram counts whole."""
        texts = list(map(padded, words))
        parts = [self.columns_of(texts)]
        for number, text in enumerate(texts):
            if len(text) < self._least:
                units = np.array(self._numbers(text), np.int64)
                [column] = self._finder.columns_of(units, len(text), len(text))
                column = column[column >= 0]
                parts.append((column, np.full(len(column), number)))
        return _joined(parts)

    def _numbers(self, text: str) -> list[int]:
        return list(map(self._number.__getitem__, self._split(text)))


class NgramFinder:
    """Finds several vocabularies' n-grams in texts; safe to use from many threads."""

    def __init__(self) -> None:
        self._groups: dict[Normalization, _Group] = {}

    def add(self, normalization: Normalization, analyzer: Analyzer) -> None:
        """Take in what finds a vocabulary's n-grams."""
        group = self._groups.setdefault(normalization, _Group())
        (group.words.analyzers if analyzer.is_within_words else group.analyzers).append(analyzer)

    def columns(self, text: str) -> Columns:
        """Give the columns of a text's known n-grams, ascending, each as often as it occurs."""
        parts: list[Columns] = [NO_COLUMNS]
        for normalize, group in self._groups.items():
            normalized = normalize(text)
            if group.words.analyzers:
                parts.append(group.words.columns(normalized))
            for analyzer in group.analyzers:
                parts += analyzer.columns(normalized)
        columns = np.concatenate(parts)
        columns.sort()
        return columns[columns.searchsorted(0) :]

    def columns_of(self, texts: Sequence[str]) -> Places:
        """Give the columns of the texts' known n-grams, in any order."""
        parts: list[Places] = []
        for normalize, group in self._groups.items():
            normalized = list(map(normalize, texts))
            if group.words.analyzers:
                parts.append(group.words.columns_of(normalized))
            parts += [analyzer.columns_of(normalized) for analyzer in group.analyzers]
        return _joined(parts)


class _Numbers(dict[str, int]):
    """The numbers of units; all that are not known have the same."""

    unknown: int

    def __missing__(self, _: str) -> int:
        return self.unknown


class _WordsFinder:
    """Finds the n-grams within words, which are always the same, and remembers them.

    It does so as the bytes of 32-bit integers, which are quicker to put together than arrays.
    """

    def __init__(self) -> None:
        self.analyzers: list[Analyzer] = []
        self._remembered: dict[str, bytes] = {}

    def columns(self, text: str) -> Columns:
        """Give the columns of the known n-grams in a text's words."""
        words = text.split()
        found = self._find(words)
        return np.frombuffer(b"".join(map(found.__getitem__, words)), np.int32)

    def columns_of(self, texts: Sequence[str]) -> Places:
        """Give the columns of the known n-grams in the words of texts."""
        words = list(map(str.split, texts))
        found = self._find(list(chain.from_iterable(words)))
        parts = [b"".join(map(found.__getitem__, of_text)) for of_text in words]
        counts = [len(part) // COLUMN_BYTES for part in parts]
        return np.frombuffer(b"".join(parts), np.int32), np.arange(len(texts)).repeat(counts)

    def _find(self, words: Sequence[str]) -> Mapping[str, bytes]:
        remembered = self._remembered
        fresh = [word for word in words if word not in remembered]
        if not fresh:
            return remembered
        fresh = list(dict.fromkeys(fresh))
        new = dict(zip(fresh, self._look_up(fresh), strict=True))
        self._remember(new)
        return {word: new[word] if word in new else remembered[word] for word in words}

    def _remember(self, new: Mapping[str, bytes]) -> None:
        short = (word for word in new if len(word) <= MAX_REMEMBERED_WORD)
        kept = {word: new[word] for word in islice(short, MAX_REMEMBERED_WORDS)}
        if len(self._remembered) + len(kept) > MAX_REMEMBERED_WORDS:
            self._remembered = kept  # other threads go on with what they have
        else:
            self._remembered.update(kept)

    def _look_up(self, words: Sequence[str]) -> Iterator[bytes]:
        columns, owners = _joined([each.columns_of_words(words) for each in self.analyzers])
        content = columns.take(owners.argsort(kind="stable")).tobytes()
        ends = np.bincount(owners, minlength=len(words)).cumsum() * COLUMN_BYTES
        return (content[start:end] for start, end in pairwise([0, *ends.tolist()]))


@dataclass(frozen=True, slots=True)
class _Group:
    """What finds n-grams in texts that are normalised alike."""

    words: _WordsFinder = field(default_factory=_WordsFinder)
    analyzers: list[Analyzer] = field(default_factory=list)


def _joined(parts: Sequence[Places]) -> Places:
    columns: list[Columns] = [NO_COLUMNS, *(part[0] for part in parts)]
    owners: list[NDArray[np.intp]] = [NO_OWNERS, *(part[1] for part in parts)]
    return np.concatenate(columns), np.concatenate(owners)
