"""Fit how the n-grams of a text count, by the share of its words that are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np

from model.inference.familiarity import Familiarity, known_share

# The share of texts like those of training whose n-grams may count less than in full.
QUANTILE = 0.05
# N-grams count nothing from this part of the quantile's share of known words downwards: languages
# with the same script share words such as "a" and "me".
LOW_PART = 1 / 3


def fit_familiarity(texts: Sequence[Sequence[str]]) -> Familiarity:
    """Fit the familiarity on the shares of words that occur in other texts as well.

    Where words rarely recur, as in scripts without spaces or in very few texts, all n-grams count
    in full.

    Args:
        texts: the words of each training text.
    """
    counts = Counter(chain.from_iterable(map(set, texts)))
    recurring = {word for word, count in counts.items() if count > 1}
    high = float(np.quantile([known_share(words, recurring) for words in texts], QUANTILE))
    return Familiarity(LOW_PART * high, high) if high else Familiarity(low=-1.0, high=0.0)
