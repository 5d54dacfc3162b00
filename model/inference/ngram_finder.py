"""Find the n-grams of several vocabularies in texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from model.inference.familiarity import known_share
from model.inference.ngram_trie import NgramTrie, NgramTrieLookup
from model.inference.text_analysis import AnalyzerOptions, Normalization
from model.inference.word_cache import WordCache

COLUMN_BYTES = 4

Columns = NDArray[np.int32]
Occurrences = tuple[Columns, NDArray[np.intp]]  # columns, and the number of each one's text


class Analyzer:
    """Finds one vocabulary's n-grams in normalized texts."""

    def __init__(
        self, options: AnalyzerOptions, units: Sequence[str], trie: NgramTrie, *, offset: int
    ) -> None:
        """Prepare the lookup.

        Args:
            options: how n-grams are extracted from texts.
            units: the vocabulary's words or characters, in the order of their numbers.
            trie: the vocabulary's n-grams.
            offset: the vocabulary's first column among those of all vocabularies.
        """
        self.is_within_words = options.analyzer == "char_wb"
        self._min_size, self._max_size = options.ngram_range
        self._split = options.splitter()
        self._lookup = NgramTrieLookup(trie, offset=offset)
        self._numbers = _UnitNumbers(zip(units, range(len(units)), strict=True))
        self._numbers.unknown = trie.unknown

    def columns(self, text: str) -> Iterator[Columns]:
        """Yield the columns of a text's n-grams for each size; -1 for unknown n-grams."""
        numbers = np.array(self._numbers_of(text), np.int64)
        return self._lookup.columns_of(numbers, self._min_size, self._max_size)

    def known_share(self, text: str) -> float:
        """Return the share of a text's units that the vocabulary has, 0 to 1."""
        return known_share(self._split(text), self._numbers)

    def columns_of(self, texts: Iterable[str]) -> Occurrences:
        """Return the columns of the known n-grams in texts."""
        numbers: list[int] = []
        lengths: list[int] = []
        for text in texts:
            own = self._numbers_of(text)
            numbers += own
            numbers.append(self._numbers.unknown)  # no n-gram continues in the next text
            lengths.append(len(own) + 1)
        owners = np.arange(len(lengths)).repeat(lengths)
        units = np.array(numbers, np.int64)
        parts = list(self._lookup.columns_of(units, self._min_size, self._max_size))
        columns, owners = _concatenate([(part, owners[: len(part)]) for part in parts])
        [known] = (columns >= 0).nonzero()
        return columns.take(known), owners.take(known)

    def columns_of_words(self, words: Sequence[str]) -> Occurrences:
        """Return the columns of the known n-grams in each word.

        Words are padded with spaces. A word too short for any n-gram is an n-gram itself.
        """
        texts = [f" {word} " for word in words]
        parts = [self.columns_of(texts)]
        for number, text in enumerate(texts):
            if len(text) < self._min_size:
                units = np.array(self._numbers_of(text), np.int64)
                [column] = self._lookup.columns_of(units, len(text), len(text))
                column = column[column >= 0]
                parts.append((column, np.full(len(column), number)))
        return _concatenate(parts)

    def _numbers_of(self, text: str) -> list[int]:
        return list(map(self._numbers.__getitem__, self._split(text)))


class NgramFinder:
    """Finds the n-grams of several vocabularies in texts; thread-safe."""

    def __init__(self) -> None:
        # Texts are normalized once for all analyzers with the same normalization.
        self._words: defaultdict[Normalization, _WordAnalyzers] = defaultdict(_WordAnalyzers)
        self._texts: defaultdict[Normalization, list[Analyzer]] = defaultdict(list)

    def add(self, normalization: Normalization, analyzer: Analyzer) -> None:
        """Add the analyzer of one vocabulary."""
        if analyzer.is_within_words:
            self._words[normalization].analyzers.append(analyzer)
        else:
            self._texts[normalization].append(analyzer)

    def columns(self, text: str) -> Columns:
        """Return the ascending columns of a text's known n-grams, repeated as they occur."""
        normalized = {each: each(text) for each in self._words.keys() | self._texts.keys()}
        parts: list[Columns] = [np.array([], np.int32)]
        parts += [words.columns(normalized[each]) for each, words in self._words.items()]
        for normalization, analyzers in self._texts.items():
            for analyzer in analyzers:
                parts += analyzer.columns(normalized[normalization])
        columns = np.concatenate(parts)
        columns.sort()
        return columns[columns.searchsorted(0) :]

    def columns_of(self, texts: Sequence[str]) -> tuple[Columns, NDArray[np.intp]]:
        """Return the ascending columns of each text's known n-grams, repeated as they occur.

        Returns:
            The columns of all texts one after another, and the end of each text among them.
        """
        normalizations = self._words.keys() | self._texts.keys()
        normalized = {each: list(map(each, texts)) for each in normalizations}
        parts = [words.columns_of(normalized[each]) for each, words in self._words.items()]
        for normalization, analyzers in self._texts.items():
            for analyzer in analyzers:
                found = analyzer.columns_of(normalized[normalization])
                parts.append(_by_owner(found, len(texts)))
        contents = list(map(b"".join, zip(*parts, strict=True)))
        columns = np.frombuffer(bytearray().join(contents), np.int32)
        ends = np.fromiter(map(len, contents), np.intp, len(texts)).cumsum() // COLUMN_BYTES
        # Many short sorts take a ninth of the time of one sort by text and column.
        for start, end in pairwise([0, *ends.tolist()]):
            columns[start:end].sort()
        return columns, ends


class _UnitNumbers(dict[str, int]):
    """The numbers of units; all unknown units have the same number."""

    unknown: int

    def __missing__(self, _: str) -> int:
        return self.unknown


class _WordAnalyzers:
    """Finds the n-grams within words, and caches the columns of each word.

    Columns are cached as bytes of 32-bit integers, which are faster to join than arrays.
    """

    def __init__(self) -> None:
        self.analyzers: list[Analyzer] = []
        self._cache = WordCache(self._look_up)

    def columns(self, text: str) -> Columns:
        """Return the columns of the known n-grams in a text's words."""
        words = text.split()
        found = self._cache.find(words)
        return np.frombuffer(b"".join(map(found.__getitem__, words)), np.int32)

    def columns_of(self, texts: Sequence[str]) -> list[bytes]:
        """Return the columns of the known n-grams in the words of each text, as bytes."""
        words = list(map(str.split, texts))
        found = self._cache.find(list(chain.from_iterable(words)))
        return [b"".join(map(found.__getitem__, of_text)) for of_text in words]

    def _look_up(self, words: Sequence[str]) -> list[bytes]:
        found = _concatenate([each.columns_of_words(words) for each in self.analyzers])
        return _by_owner(found, len(words))


def _by_owner(occurrences: Occurrences, count: int) -> list[bytes]:
    """Return the columns of each of ``count`` texts as bytes."""
    columns, owners = occurrences
    content = columns.take(owners.argsort(kind="stable")).tobytes()
    ends = np.bincount(owners, minlength=count).cumsum() * COLUMN_BYTES
    return [content[start:end] for start, end in pairwise([0, *ends.tolist()])]


def _concatenate(parts: Sequence[Occurrences]) -> Occurrences:
    columns = [np.array([], np.int32), *(columns for columns, _ in parts)]
    owners = [np.array([], np.intp), *(owners for _, owners in parts)]
    return np.concatenate(columns), np.concatenate(owners)
