"""A cache of values by word, which no text can fill beyond a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

MAX_WORDS = 8192
# Longer words rarely recur, and would let a sender fill the memory.
MAX_LENGTH = 32

Value = TypeVar("Value")


class WordCache(Generic[Value]):
    """Computes and caches the values of words; thread-safe.

    Attributes:
        values: those that are cached.
    """

    def __init__(self, compute: Callable[[Sequence[str]], Iterable[Value]]) -> None:
        """Create an empty cache; ``compute`` returns the values of different words, in order."""
        self._compute = compute
        self.values: dict[str, Value] = {}

    def find(self, words: Sequence[str]) -> Mapping[str, Value]:
        """Return the values of at least these words, which may repeat each other."""
        values = self.values
        new_words = [word for word in words if word not in values]
        if not new_words:
            return values
        new_words = list(dict.fromkeys(new_words))
        found = dict(zip(new_words, self._compute(new_words), strict=True))
        self._add(found)
        return {word: found[word] if word in found else values[word] for word in words}

    def _add(self, found: Mapping[str, Value]) -> None:
        short = (word for word in found if len(word) <= MAX_LENGTH)
        added = {word: found[word] for word in islice(short, MAX_WORDS)}
        if len(self.values) + len(added) > MAX_WORDS:
            self.values = added  # other threads keep their reference to the former values
        else:
            self.values.update(added)
