"""The share of a text's words that training knows, and the factors of its features.

N-grams of a language that the training data does not contain are noise, but a multilingual sentence
encoder has vectors of the same meaning for them. So the fewer words of a text are known, the less
its n-grams count, and the more its vector.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The vector's factor where the n-grams count nothing. On validation data, the weight that a
# vector's classifier needs alone is about twice the weight that it has beside the n-grams.
VECTOR_ALONE = 2.0


@dataclass(frozen=True, slots=True)
class Familiarity:
    """How n-grams and vector of a text count, by the share of its words that are known.

    Attributes:
        low: the share up to which n-grams count nothing.
        high: the share from which they count in full; above ``low``.
    """

    low: float
    high: float

    def factors(self, shares: Floats) -> tuple[Floats, Floats]:
        """Return the factors of n-grams and vectors, by the texts' shares of known words."""
        ngrams = np.clip((shares - self.low) / (self.high - self.low), 0.0, 1.0)
        return ngrams, VECTOR_ALONE + (1.0 - VECTOR_ALONE) * ngrams


def known_share(words: Sequence[str], known: Container[str]) -> float:
    """Return the share of words that are known, 0 to 1; 1 without words."""
    return sum(word in known for word in words) / len(words) if words else 1.0
