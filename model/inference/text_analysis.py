"""Split utterances into n-grams exactly as scikit-learn's text vectorizers do.

The rules are those of ``CountVectorizer`` in scikit-learn 1.9: lower-case, then strip accents,
then word n-grams of the tokens that a pattern finds, or character n-grams.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

WHITE_SPACES = re.compile(r"\s\s+")
# What these patterns find are runs of letters, digits and underscores, so many at least. In ASCII,
# which most texts are, they are found four times as quickly by replacing all else by spaces.
MIN_RUNS = {r"(?u)\b\w+\b": 1, r"(?u)\b\w\w+\b": 2}
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

    @property
    def normalization(self) -> Normalization:
        """What becomes of a text before it is split."""
        return Normalization(self.lowercase, self.strip_accents)


@dataclass(frozen=True, slots=True)
class Normalization:
    """What becomes of a text before it is split; named as in scikit-learn."""

    lowercase: bool
    strip_accents: Accents

    def __call__(self, text: str) -> str:
        """Normalise a text."""
        if self.lowercase:
            text = text.lower()
        if not self.strip_accents or text.isascii():
            return text
        decomposed = unicodedata.normalize("NFKD", text)
        if self.strip_accents == "ascii":
            return decomposed.encode("ascii", "ignore").decode("ascii")
        return "".join(char for char in decomposed if not unicodedata.combining(char))


def splitter(options: AnalyzerOptions) -> Callable[[str], Sequence[str]]:
    """Give what splits a normalised text into the units of its n-grams: words, or characters."""
    match options.analyzer:
        case "word":
            return WordSplitter(options)
        case "char":
            return partial(WHITE_SPACES.sub, " ")
        case _:
            return str


def joint(options: AnalyzerOptions) -> str:
    """Give what stands between an n-gram's units."""
    return " " if options.analyzer == "word" else ""


def padded(word: str) -> str:
    """Mark a word's ends, as n-grams of characters within words have them."""
    return f" {word} "


class WordSplitter:
    """Splits texts that are normalised into words."""

    def __init__(self, options: AnalyzerOptions) -> None:
        self._stop_words = frozenset(options.stop_words)
        self._find_all = re.compile(options.token_pattern).findall
        self._least_run = MIN_RUNS.get(options.token_pattern)

    def __call__(self, text: str) -> list[str]:
        """Split a text."""
        if self._least_run and text.isascii():
            words = text.encode().translate(RUNS).decode().split()
            if self._least_run > 1:
                words = [word for word in words if len(word) >= self._least_run]
        else:
            words = self._find_all(text)
        if self._stop_words:
            words = [word for word in words if word not in self._stop_words]
        return words
