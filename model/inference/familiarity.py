"""The share of a text's letters in words that training knows, and what counts if it is small.

N-grams of a language that the training data does not contain are noise, but a multilingual sentence
encoder has vectors of the same meaning for them. So the less of a text is known, the less its
n-grams count, and the more the training utterances with similar vectors. Long words tell languages
apart, while short ones such as "a", "me" and "die" are words of several.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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


def known_share(words: Sequence[str], known: Container[str]) -> float:
    """Return the share of letters that are in known words, 0 to 1; 1 without words."""
    letters = sum(map(len, words))
    return sum(len(word) for word in words if word in known) / letters if letters else 1.0
