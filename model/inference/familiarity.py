"""The share of a text's letters in words that training knows, and what counts if it is small.

N-grams of a language that the training data does not contain are noise, but a multilingual sentence
encoder has vectors of the same meaning for them. So the less of a text is known, the less its
n-grams count, and the more the training utterances with similar vectors. Long words tell languages
apart, while short ones such as "a", "me" and "die" are words of several. Misspelt words are none of
another language, so they are half known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray

# Half, because a word of another language may differ from a known one in one letter as well, above
# all a short one. To correct words longer than these would take too long.
MISSPELT_KNOWLEDGE = 0.5
MISSPELT_LENGTHS = range(4, 17)
# The letters that a misspelt word may lack: the Latin ones and those of its text. No alphabet has
# more.
MAX_LETTERS = 64


@dataclass(frozen=True, slots=True)
class Familiarity:
    """How much the n-grams of a text count, by the share of its letters in known words.

    Attributes:
        low: the share up to which n-grams count nothing.
        high: the share from which they count in full; above ``low``.
    """

    low: float
    high: float

    def factors(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the factor of each text's n-grams, 0 to 1, by these shares of the texts."""
        return np.clip((shares - self.low) / (self.high - self.low), 0.0, 1.0)


def known_share(words: Sequence[str], known: Set[str]) -> float:
    """Return the share of letters that are in known words, 0 to 1; 1 without words.

    The letters of a word count half if it is one typo away from a known word.
    """
    letters = sorted({*ascii_lowercase, *chain.from_iterable(words)})[:MAX_LETTERS]

    def knowledge(word: str) -> float:
        if word in known:
            return 1.0
        is_misspelt = len(word) in MISSPELT_LENGTHS and not known.isdisjoint(
            words_before_typo(word, letters)
        )
        return MISSPELT_KNOWLEDGE if is_misspelt else 0.0

    count = sum(map(len, words))
    return sum(len(word) * knowledge(word) for word in words) / count if count else 1.0


def words_before_typo(word: str, letters: Iterable[str]) -> Iterator[str]:
    """Yield all words that a single typo may have turned into this one.

    A typo omits one of the letters, adds a letter, replaces one, or swaps two neighbours (Norvig
    2007, How to Write a Spelling Corrector).
    """
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for letter in letters:
            yield before + letter + after
            yield before + letter + after[1:]
