"""Find the n-grams of several vocabularies in texts."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from model.inference.familiarity import known_share
from model.inference.ngram_trie import NgramTrie, NgramTrieLookup
from model.inference.text_analysis import AnalyzerOptions, Normalization
from model.inference.word_cache import WordCache

COLUMN_BYTES, UNIT_BYTES = 4, 8

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
        self.has_words_without_spaces = options.has_words_without_spaces
        self._min_size, self._max_size = options.ngram_range
        self._split = options.splitter()
        self._lookup = NgramTrieLookup(trie, offset=offset)
        self._numbers = _UnitNumbers(zip(units, range(len(units)), strict=True))
        self._numbers.unknown = trie.unknown

    def units(self, texts: Iterable[str]) -> list[bytes]:
        """Return the numbers of each text's units, as bytes of 64-bit integers."""
        return [array("q", self._numbers_of(text)).tobytes() for text in texts]

    @property
    def known_units(self) -> Set[str]:
        """The units of the vocabulary."""
        return self._numbers.keys()

    def columns(self, units: bytes) -> Iterator[Columns]:
        """Yield the columns of a text's n-grams for each size; -1 for unknown n-grams."""
        numbers = np.frombuffer(units, np.int64)
        return self._lookup.columns_of(numbers, self._min_size, self._max_size)

    def known_share(self, text: str) -> float:
        """Return the share of a text's letters in words that the vocabulary has, 0 to 1."""
        return known_share(self._split(text), self.known_units)

    def columns_of(self, units: Sequence[bytes]) -> Occurrences:
        """Return the columns of the known n-grams in texts, from the numbers of their units."""
        # No n-gram continues in the next text.
        separator = np.int64(self._numbers.unknown).tobytes()
        contents = [each + separator for each in units]
        owners = np.arange(len(contents)).repeat(_lengths(contents, UNIT_BYTES))
        numbers = np.frombuffer(b"".join(contents), np.int64)
        parts = list(self._lookup.columns_of(numbers, self._min_size, self._max_size))
        columns, owners = _concatenate([(part, owners[: len(part)]) for part in parts])
        [known] = (columns >= 0).nonzero()
        return columns.take(known), owners.take(known)

    def columns_of_words(self, words: Sequence[str]) -> Occurrences:
        """Return the columns of the known n-grams in each word.

        Words are padded with spaces. A word too short for any n-gram is an n-gram itself.
        """
        texts = [f" {word} " for word in words]
        parts = [self.columns_of(self.units(texts))]
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
        self._analyzers: defaultdict[Normalization, _Analyzers] = defaultdict(_Analyzers)

    def add(self, normalization: Normalization, analyzer: Analyzer) -> None:
        """Add the analyzer of one vocabulary."""
        self._analyzers[normalization].add(analyzer)

    def columns(self, text: str) -> Columns:
        """Return the ascending columns of a text's known n-grams, repeated as they occur."""
        parts: list[Columns] = [np.array([], np.int32)]
        for normalize, analyzers in self._analyzers.items():
            parts += analyzers.columns(normalize(text))
        columns = np.concatenate(parts)
        columns.sort()
        return columns[columns.searchsorted(0) :]

    def columns_of(self, texts: Sequence[str]) -> tuple[Columns, NDArray[np.intp]]:
        """Return the ascending columns of each text's known n-grams, repeated as they occur.

        Returns:
            The columns of all texts one after another, and the end of each text among them.
        """
        parts: list[list[bytes]] = []
        for normalize, analyzers in self._analyzers.items():
            parts += analyzers.columns_of(list(map(normalize, texts)))
        contents = list(map(b"".join, zip(*parts, strict=True)))
        columns = np.frombuffer(bytearray().join(contents), np.int32)
        ends = _lengths(contents, COLUMN_BYTES).cumsum()
        # Many short sorts take a ninth of the time of one sort by text and column.
        for start, end in pairwise([0, *ends.tolist()]):
            columns[start:end].sort()
        return columns, ends


class _UnitNumbers(dict[str, int]):
    """The numbers of units; all unknown units have the same number."""

    unknown: int

    def __missing__(self, _: str) -> int:
        return self.unknown


class _Analyzers:
    """Finds the n-grams of some vocabularies in normalized texts, with a cache by word.

    Cached are the columns of the n-grams within a word, and the numbers of its units for
    vocabularies of words: as bytes, which are faster to join than arrays.
    """

    def __init__(self) -> None:
        self._within_words: list[Analyzer] = []
        self._of_words: list[tuple[Analyzer, WordCache[bytes]]] = []
        self._of_texts: list[Analyzer] = []
        self._columns: WordCache[bytes] = WordCache()

    def add(self, analyzer: Analyzer) -> None:
        """Add the analyzer of one vocabulary."""
        if analyzer.is_within_words:
            self._within_words.append(analyzer)
        elif analyzer.has_words_without_spaces:
            self._of_words.append((analyzer, WordCache()))
        else:
            self._of_texts.append(analyzer)

    def columns(self, text: str) -> Iterator[Columns]:
        """Yield the columns of a text's n-grams; -1 for unknown n-grams."""
        words = [text.split()]
        if self._within_words:
            [content] = _joined(self._columns, self._columns_within, words)
            yield np.frombuffer(content, np.int32)
        for analyzer, cache in self._of_words:
            yield from analyzer.columns(*_joined(cache, analyzer.units, words))
        for analyzer in self._of_texts:
            yield from analyzer.columns(*analyzer.units([text]))

    def columns_of(self, texts: Sequence[str]) -> Iterator[list[bytes]]:
        """Yield the columns of each text's known n-grams, as bytes, in several parts."""
        words = list(map(str.split, texts))
        if self._within_words:
            yield _joined(self._columns, self._columns_within, words)
        for analyzer, cache in self._of_words:
            yield _by_owner(analyzer.columns_of(_joined(cache, analyzer.units, words)), len(texts))
        for analyzer in self._of_texts:
            yield _by_owner(analyzer.columns_of(analyzer.units(texts)), len(texts))

    def _columns_within(self, words: Sequence[str]) -> list[bytes]:
        found = _concatenate([each.columns_of_words(words) for each in self._within_words])
        return _by_owner(found, len(words))


def _joined(
    cache: WordCache[bytes],
    compute: Callable[[Sequence[str]], list[bytes]],
    texts: Sequence[Sequence[str]],
) -> list[bytes]:
    """Return the cached values of each text's words, one after another."""
    found = cache.find(list(chain.from_iterable(texts)), compute)
    return [b"".join(map(found.__getitem__, words)) for words in texts]


def _lengths(contents: Sequence[bytes], item_bytes: int) -> NDArray[np.intp]:
    """Return the number of items in each of the contents."""
    return np.fromiter(map(len, contents), np.intp, len(contents)) // item_bytes


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
