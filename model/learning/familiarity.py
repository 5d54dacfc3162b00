"""Fit how the n-grams of a text count, by the share of its letters in known words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np

from model.inference.familiarity import Familiarity, known_share

# The share of texts like those of training whose n-grams may count less than in full.
QUANTILE = 0.05
# The bounds, as parts of the share at that quantile. From the high one on, n-grams count in full: a
# text with some misspelt words is not in another language. Up to the low one, they count nothing:
# texts in other languages with the same script have some known words as well.
LOW_PART, HIGH_PART = 0.45, 0.7


def fit_familiarity(texts: Sequence[Sequence[str]]) -> Familiarity:
    """Fit the familiarity on the shares of words that occur in other texts as well.

    Where words rarely recur, as in scripts without spaces or in very few texts, all n-grams count
    in full.

    Args:
        texts: the words of each training text.
    """
    counts = Counter(chain.from_iterable(map(set, texts)))
    recurring = {word for word, count in counts.items() if count > 1}
    usual = float(np.quantile([known_share(words, recurring) for words in texts], QUANTILE))
    if not usual:
        return Familiarity(low=-1.0, high=0.0)
    return Familiarity(low=LOW_PART * usual, high=HIGH_PART * usual)
