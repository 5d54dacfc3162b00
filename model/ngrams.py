"""Split utterances into n-grams exactly as scikit-learn's text vectorizers do.

The rules are those of ``CountVectorizer`` in scikit-learn 1.9: lower-case, then strip accents,
then word n-grams of the tokens that a pattern finds, or character n-grams.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Columns = NDArray[np.intp]

CACHED_WORDS = 8192
# Longer ones are seldom seen twice, and would let a sender fill the memory.
LONGEST_CACHED_WORD = 32
WHITE_SPACES = re.compile(r"\s\s+")
# What these patterns find are runs of letters, digits and underscores, so many at least. In ASCII,
# which most texts are, they are found four times as quickly by replacing all else by spaces.
LEAST_RUNS = {r"(?u)\b\w+\b": 1, r"(?u)\b\w\w+\b": 2}
RUNS = bytes(code if chr(code).isalnum() or chr(code) == "_" else 32 for code in range(128)).ljust(
    256
)

Accents = Literal["ascii", "unicode"] | None


@dataclass(frozen=True, slots=True)
class AnalyzerOptions:
    """What a vectorizer does to a text before it counts n-grams; named as in scikit-learn.

    Attributes:
        analyzer: n-grams of words, of characters, or of characters within words.
        ngram_range: least and most units of an n-gram.
        lowercase: whether case is ignored.
        strip_accents: how accents are stripped, if at all.
        token_pattern: regular expression of a word, with at most one group.
        stop_words: words that are left out.
        binary: whether an n-gram counts once however often it occurs.
    """

    analyzer: Literal["word", "char", "char_wb"]
    ngram_range: tuple[int, int]
    lowercase: bool
    strip_accents: Accents
    token_pattern: str
    stop_words: tuple[str, ...]
    binary: bool


class Analyzer:
    """Finds a vocabulary's n-grams in texts; safe to use from many threads."""

    def __init__(self, options: AnalyzerOptions, columns: Mapping[str, int]) -> None:
        """Take the options and, for each n-gram of the vocabulary, its column."""
        self._is_binary = options.binary
        self._column = columns.get
        self._least, self._most = options.ngram_range
        self._lowercase = options.lowercase
        self._strip_accents = options.strip_accents
        self._stop_words = frozenset(options.stop_words)
        self._find_all = re.compile(options.token_pattern).findall
        self._least_run = LEAST_RUNS.get(options.token_pattern)
        self._cached_columns_in = lru_cache(maxsize=CACHED_WORDS)(self._columns_in)
        self._analyze = {
            "word": self._word_columns,
            "char": self._char_columns,
            "char_wb": self._char_wb_columns,
        }[options.analyzer]

    def columns(self, text: str) -> list[Columns]:
        """Give the columns of a text's known n-grams, each as often as it is to be counted.

        They come in parts, since whoever wants them puts them together with others.
        """
        parts = self._analyze(self._normalize(text))
        return [np.unique(np.concatenate(parts))] if self._is_binary and parts else parts

    def _normalize(self, text: str) -> str:
        if self._lowercase:
            text = text.lower()
        if not self._strip_accents or text.isascii():
            return text
        decomposed = unicodedata.normalize("NFKD", text)
        if self._strip_accents == "ascii":
            return decomposed.encode("ascii", "ignore").decode("ascii")
        return "".join(char for char in decomposed if not unicodedata.combining(char))

    def _word_columns(self, text: str) -> list[Columns]:
        words = self._find_words(text)
        if self._stop_words:
            words = [word for word in words if word not in self._stop_words]
        ngrams: list[str] = words if self._least == 1 else []
        for size in range(max(self._least, 2), min(self._most, len(words)) + 1):
            shifted = (words[start:] for start in range(size))
            ngrams = ngrams + list(map(" ".join, zip(*shifted, strict=False)))
        return [self._known(ngrams)]

    def _find_words(self, text: str) -> list[str]:
        if self._least_run is None or not text.isascii():
            return self._find_all(text)
        runs = text.encode().translate(RUNS).decode().split()
        return runs if self._least_run == 1 else [run for run in runs if len(run) > 1]

    def _char_columns(self, text: str) -> list[Columns]:
        text = WHITE_SPACES.sub(" ", text)
        return [self._known(_substrings(text, self._least, min(self._most, len(text))))]

    def _char_wb_columns(self, text: str) -> list[Columns]:
        columns_in = self._cached_columns_in
        return [
            columns_in(word) if len(word) <= LONGEST_CACHED_WORD else self._columns_in(word)
            for word in text.split()
        ]

    def _columns_in(self, word: str) -> Columns:
        """Give the columns of a padded word's n-grams; a word that is too short counts whole."""
        padded = f" {word} "
        if len(padded) < self._least:
            return self._known([padded])
        return self._known(_substrings(padded, self._least, min(self._most, len(padded))))

    def _known(self, ngrams: Iterable[str]) -> Columns:
        columns = [column for column in map(self._column, ngrams) if column is not None]
        return np.array(columns, np.intp)


def _substrings(text: str, least: int, most: int) -> list[str]:
    """Give all substrings of so many characters."""
    end = len(text) + 1
    return [
        text[start : start + size] for size in range(least, most + 1) for start in range(end - size)
    ]
