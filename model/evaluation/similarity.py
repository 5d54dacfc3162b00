"""Find pairs of similar utterances among thousands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.preprocessing import normalize

from model.learning.learner import WORD
from model.learning.linear_model import Floats, Integers
from model.learning.pipeline import build_features

# Cosine similarity from which utterances differ by a word or an ending, seldom in meaning.
MIN_SIMILARITY = 0.85
# Cosine similarity from which utterances are one sentence with other numbers or a courtesy.
MIN_UNIFORMITY = 0.8
BLOCK = 500  # utterances that are compared with all others at once
PIECE = 50_000  # pairs whose similarity is computed at once
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of utterances: indices of the earlier and later ones, and cosine similarities."""

    earlier: Integers
    later: Integers
    similarities: Floats


def similar_pairs(texts: Sequence[str]) -> Iterator[Pairs]:
    """Find all pairs of utterances with nearly the same meaning; rare words weigh most.

    Yields:
        The pairs in batches, each pair once.
    """
    yield from _pairs(texts, MIN_SIMILARITY, weigh_words=True)


def uniform_pairs(texts: Sequence[str]) -> Iterator[Pairs]:
    """Find all pairs of utterances of the same pattern; all words weigh the same, numbers nothing.

    Yields:
        The pairs in batches, each pair once.
    """
    numberless = [DIGITS.sub("0", text) for text in texts]
    yield from _pairs(numberless, MIN_UNIFORMITY, weigh_words=False)


def _pairs(texts: Sequence[str], minimum: float, *, weigh_words: bool) -> Iterator[Pairs]:
    """Find pairs without comparing all of them, by prefix filtering (Bayardo et al. 2007).

    Remove a unit vector's rarest features until its norm is below t. A vector with a cosine of at
    least t to it must share one of the removed features: few pairs remain to compute.
    """
    if not any(WORD.search(text) for text in texts):
        return
    features = _features(texts, weigh_words=weigh_words)
    rarest = _rarest(features, minimum)
    columns = features.T.tocsr()
    for start in range(0, len(texts), BLOCK):
        sharing = (rarest[start : start + BLOCK] @ columns).tocoo()
        earlier, later = sharing.row + start, sharing.col
        places = (earlier < later).nonzero()[0]
        for at in range(0, len(places), PIECE):
            piece = places[at : at + PIECE]
            yield _measured(features, earlier[piece], later[piece], minimum)


def _features(texts: Sequence[str], *, weigh_words: bool) -> Any:
    """Return unit vectors of words and characters, with the rarest features first."""
    union = build_features().set_params(
        char__min_df=1, word__ngram_range=(1, 1), word__use_idf=weigh_words
    )
    features = normalize(union.fit_transform(texts)).tocsr()
    counts = np.bincount(features.indices, minlength=features.shape[1])
    features = features[:, np.argsort(counts, kind="stable")]
    features.sort_indices()
    return features


def _rarest(features: Any, minimum: float) -> Any:
    squares = np.square(features.data, dtype=np.float64)
    before = np.cumsum(squares) - squares
    norm_before = before - np.repeat(before[features.indptr[:-1]], np.diff(features.indptr))
    rarest = features.copy()
    rarest.data = rarest.data * (1 - norm_before >= minimum**2)
    rarest.eliminate_zeros()
    return rarest


def _measured(features: Any, earlier: Integers, later: Integers, minimum: float) -> Pairs:
    products = features[earlier].multiply(features[later])
    similarities = np.asarray(products.sum(axis=1), dtype=np.float64).ravel()
    enough = similarities >= minimum
    return Pairs(earlier[enough], later[enough], similarities[enough])
