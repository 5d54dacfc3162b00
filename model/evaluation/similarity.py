"""Find pairs of similar utterances among thousands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.preprocessing import normalize

from model.learning.cached_features import CachedFeatures
from model.learning.learner import WORD
from model.learning.linear_model import Floats, Integers
from model.learning.pipeline import build_features

# Cosine similarity from which utterances differ by a word or an ending, seldom in meaning.
MIN_SIMILARITY = 0.85
# Cosine similarity from which utterances are one sentence with other numbers or a courtesy.
MIN_UNIFORMITY = 0.8
BLOCK = 500  # utterances that are compared with all others at once
PIECE = 50_000  # pairs whose similarity is computed at once
# The largest norm of a vector without its rarest words. With a smaller one, more products are
# computed, and fewer pairs become candidates; this took the least time with 14,000 and with 100,000
# utterances.
MAX_REST = 0.35
ROUNDING = 1e-5  # of single precision
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of utterances: indices of the earlier and later ones, and cosine similarities."""

    earlier: Integers
    later: Integers
    similarities: Floats


def similar_pairs(
    texts: Sequence[str], progress: Callable[[int], None] = lambda _: None
) -> Iterator[Pairs]:
    """Find all pairs of utterances with nearly the same meaning; rare words weigh most.

    Args:
        texts: any number; those without a word are similar to none.
        progress: called with the number of utterances that were compared with all others.

    Yields:
        The pairs in batches, each pair once.
    """
    yield from _pairs(texts, MIN_SIMILARITY, progress, weigh_words=True)


def uniform_pairs(texts: Sequence[str]) -> Iterator[Pairs]:
    """Find all pairs of utterances of the same pattern; all words weigh the same, numbers nothing.

    Yields:
        The pairs in batches, each pair once.
    """
    numberless = [DIGITS.sub("0", text) for text in texts]
    yield from _pairs(numberless, MIN_UNIFORMITY, lambda _: None, weigh_words=False)


def _pairs(
    texts: Sequence[str], minimum: float, progress: Callable[[int], None], *, weigh_words: bool
) -> Iterator[Pairs]:
    """Find pairs without comparing all of them, by prefix filtering (Bayardo et al. 2007).

    The similarity is the mean of two cosines, of the words and of the characters. It is at least t
    only if that of the words is at least 2t - 1, and this takes a certain product with the rarest
    words of either text: few pairs remain to compute.
    """
    if not any(WORD.search(text) for text in texts):
        return
    words, features = _features(texts, weigh_words=weigh_words)
    rarest, least = _rarest(words, 2 * minimum - 1)
    columns = words.T.tocsr()
    for start in range(0, len(texts), BLOCK):
        sharing = (rarest[start : start + BLOCK] @ columns).tocoo()
        earlier, later = sharing.row + start, sharing.col
        places = ((earlier < later) & (sharing.data >= least[earlier])).nonzero()[0]
        for at in range(0, len(places), PIECE):
            piece = places[at : at + PIECE]
            yield _measured(features, earlier[piece], later[piece], minimum)
        progress(min(start + BLOCK, len(texts)))


def _features(texts: Sequence[str], *, weigh_words: bool) -> tuple[Any, Any]:
    """Return unit vectors of words, the rarest first, and of words and characters together."""
    union = build_features().set_params(
        char__min_df=1, word__ngram_range=(1, 1), word__use_idf=weigh_words
    )
    cached = CachedFeatures(union, texts)
    features = cached.blocks(texts)
    words = features[:, : cached.sizes["word"]]
    counts = np.bincount(words.indices, minlength=words.shape[1])
    words = words[:, np.argsort(counts, kind="stable")]
    words.sort_indices()
    return words, normalize(features)


def _rarest(words: Any, minimum: float) -> tuple[Any, Floats]:
    """Return the rarest words of each vector, and the least product with them.

    A vector with a cosine of at least ``minimum`` to a whole vector has at least this product with
    its rarest words: the angles between the three add up.
    """
    squares = np.square(words.data, dtype=np.float64)
    before = np.cumsum(squares) - squares
    norm_before = before - np.repeat(before[words.indptr[:-1]], np.diff(words.indptr))
    rarest = words.copy()
    rarest.data = rarest.data * (1 - norm_before >= MAX_REST**2)
    rarest.eliminate_zeros()
    lengths = np.sqrt(np.asarray(rarest.multiply(rarest).sum(axis=1), dtype=np.float64).ravel())
    angles = np.arccos(np.minimum(lengths, 1)) + np.arccos(minimum)
    return rarest, lengths * np.cos(angles) - ROUNDING


def _measured(features: Any, earlier: Integers, later: Integers, minimum: float) -> Pairs:
    products = features[earlier].multiply(features[later])
    similarities = np.asarray(products.sum(axis=1), dtype=np.float64).ravel()
    enough = similarities >= minimum
    return Pairs(earlier[enough], later[enough], similarities[enough])
