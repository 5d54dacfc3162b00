"""A cache of values by word, of a bounded number of words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

MAX_WORDS = 8192  # of each of two generations
# Longer words rarely recur, and would let a sender fill the memory.
MAX_LENGTH = 32

Value = TypeVar("Value")


class WordCache(Generic[Value]):
    """Computes and caches the values of words; thread-safe.

    A full generation is kept as the former one, and a new one begins. A word that is found in the
    former one is copied to the new one, so that the many rare words of a long table do not displace
    the common ones.

    Attributes:
        values: the present generation.
    """

    def __init__(self) -> None:
        """Create an empty cache."""
        self.values: dict[str, Value] = {}
        self._former: dict[str, Value] = {}

    def find(
        self, words: Sequence[str], compute: Callable[[Sequence[str]], Iterable[Value]]
    ) -> Mapping[str, Value]:
        """Return the values of at least these words, which may repeat each other.

        ``compute`` returns the values of different words, in order. The cache does not keep it: it
        would refer to its owner, whose memory would be left to the garbage collector.
        """
        values, former = self.values, self._former
        new_words = [word for word in words if word not in values]
        if not new_words:
            return values
        found = {word: former[word] for word in new_words if word in former}
        if unknown := [word for word in dict.fromkeys(new_words) if word not in found]:
            found |= zip(unknown, compute(unknown), strict=True)
        self._add(found)
        if found.keys() <= values.keys():
            return values
        return {word: found[word] if word in found else values[word] for word in words}

    def _add(self, found: Mapping[str, Value]) -> None:
        short = (word for word in found if len(word) <= MAX_LENGTH)
        added = {word: found[word] for word in islice(short, MAX_WORDS)}
        if len(self.values) + len(added) > MAX_WORDS:
            self._former, self.values = self.values, added
        else:
            self.values.update(added)
