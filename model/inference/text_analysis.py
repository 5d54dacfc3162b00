"""Split utterances into n-grams exactly as scikit-learn's text vectorizers do.

The rules are those of ``CountVectorizer`` in scikit-learn 1.9: lower-case, then strip accents,
then word n-grams of the tokens that a pattern finds, or character n-grams. Instead of stripping
accents, a text may become its compatibility form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

WHITE_SPACES = re.compile(r"\s\s+")
# These patterns match runs of word characters of a minimum length. In ASCII texts, replacing all
# other characters by spaces and splitting finds the same runs four times as fast.
MIN_RUNS = {r"(?u)\b\w+\b": 1, r"(?u)\b\w\w+\b": 2}
RUNS = bytes(code if chr(code).isalnum() or chr(code) == "_" else 32 for code in range(128)).ljust(
    256
)

Accents = Literal["ascii", "unicode", "NFKC"] | None
# A value of ``strip_accents``: equal letters become one, such as those of full and half width, and
# keep their marks. It is a function of the standard library, so that a pipeline loads anywhere.
KEEP_MARKS = partial(unicodedata.normalize, "NFKC")


@dataclass(frozen=True, slots=True)
class AnalyzerOptions:
    """Options of a vectorizer, with scikit-learn's names.

    Attributes:
        analyzer: n-grams of words, of characters, or of characters within words.
        ngram_range: minimum and maximum number of units (words or characters).
        lowercase: whether texts become lower-case.
        strip_accents: the method by which accents are stripped, or ``NFKC`` for the compatibility
            form of Unicode, or None.
        token_pattern: regular expression of a word, with at most one group.
        stop_words: ignored words.
        binary: whether counts above 1 become 1.
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
        """The normalization of texts before they are split."""
        return Normalization(self.lowercase, self.strip_accents)

    @property
    def joint(self) -> str:
        """The separator of an n-gram's units."""
        return " " if self.analyzer == "word" else ""

    @property
    def has_words_without_spaces(self) -> bool:
        """Return whether no unit spans a space, so that words can be split one by one."""
        return self.analyzer == "word" and self.token_pattern in MIN_RUNS

    def splitter(self) -> Callable[[str], Sequence[str]]:
        """Return a function that splits a normalized text into units: words or characters."""
        match self.analyzer:
            case "word":
                return WordSplitter(self)
            case "char":
                return partial(WHITE_SPACES.sub, " ")
            case _:
                return str


@dataclass(frozen=True, slots=True)
class Normalization:
    """Normalization of a text, with scikit-learn's names of the options."""

    lowercase: bool
    strip_accents: Accents

    def __call__(self, text: str) -> str:
        """Return the normalized text."""
        if self.lowercase:
            text = text.lower()
        if not self.strip_accents or text.isascii():
            return text
        if self.strip_accents == "NFKC":
            return KEEP_MARKS(text)
        decomposed = unicodedata.normalize("NFKD", text)
        if self.strip_accents == "ascii":
            return decomposed.encode("ascii", "ignore").decode("ascii")
        return "".join(char for char in decomposed if not unicodedata.combining(char))


class WordSplitter:
    """Splits normalized texts into words."""

    def __init__(self, options: AnalyzerOptions) -> None:
        self._stop_words = frozenset(options.stop_words)
        self._find_all = re.compile(options.token_pattern).findall
        self._min_run = MIN_RUNS.get(options.token_pattern)

    def __call__(self, text: str) -> list[str]:
        """Return the words of a text."""
        if self._min_run and text.isascii():
            words = text.encode().translate(RUNS).decode().split()
            if self._min_run > 1:
                words = [word for word in words if len(word) >= self._min_run]
        else:
            words = self._find_all(text)
        if self._stop_words:
            words = [word for word in words if word not in self._stop_words]
        return words
