"""Find the utterances among thousands that say nearly the same."""

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

# Cosines. From here on two utterances differ by a word or an ending, seldom by a thought.
MIN_SIMILARITY = 0.85
# From here on they are one sentence with other numbers, or with a courtesy more.
MIN_LIKENESS = 0.8
BLOCK = 500  # utterances that are compared with all at once
PIECE = 50_000  # pairs that are measured at once
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of utterances: the numbers of the earlier and the later ones, and their cosines."""

    earlier: Integers
    later: Integers
    similarities: Floats


def alike(texts: Sequence[str]) -> Iterator[Pairs]:
    """Find all pairs of utterances that mean much the same: rare words count most.

    Yields:
        Some of the pairs, each pair once.
    """
    yield from _pairs(texts, MIN_SIMILARITY, weigh_words=True)


def built_alike(texts: Sequence[str]) -> Iterator[Pairs]:
    """Find all pairs of utterances that are built alike: all words count the same, numbers nothing.

    Yields:
        Some of the pairs, each pair once.
    """
    numberless = [DIGITS.sub("0", text) for text in texts]
    yield from _pairs(numberless, MIN_LIKENESS, weigh_words=False)


def _pairs(texts: Sequence[str], least: float, *, weigh_words: bool) -> Iterator[Pairs]:
    """Find pairs without comparing each with each.

    Two unit vectors can't have a cosine of t unless they share one of the rarest features of the
    first, of those that it takes to leave less than t of its norm (prefix filtering, Bayardo et al.
    2007): few pairs are left to be measured.
    """
    if not any(WORD.search(text) for text in texts):
        return
    features = _features(texts, weigh_words=weigh_words)
    rarest = _rarest(features, least)
    columns = features.T.tocsr()
    for start in range(0, len(texts), BLOCK):
        sharing = (rarest[start : start + BLOCK] @ columns).tocoo()
        earlier, later = sharing.row + start, sharing.col
        places = (earlier < later).nonzero()[0]
        for at in range(0, len(places), PIECE):
            piece = places[at : at + PIECE]
            yield _measured(features, earlier[piece], later[piece], least)


def _features(texts: Sequence[str], *, weigh_words: bool) -> Any:
    """Give unit vectors of words and characters, their rarest features first."""
    union = build_features().set_params(
        char__min_df=1, word__ngram_range=(1, 1), word__use_idf=weigh_words
    )
    features = normalize(union.fit_transform(texts)).tocsr()
    counts = np.bincount(features.indices, minlength=features.shape[1])
    features = features[:, np.argsort(counts, kind="stable")]
    features.sort_indices()
    return features


def _rarest(features: Any, least: float) -> Any:
    squares = np.square(features.data, dtype=np.float64)
    before = np.cumsum(squares) - squares
    norm_before = before - np.repeat(before[features.indptr[:-1]], np.diff(features.indptr))
    rarest = features.copy()
    rarest.data = rarest.data * (1 - norm_before >= least**2)
    rarest.eliminate_zeros()
    return rarest


def _measured(features: Any, earlier: Integers, later: Integers, least: float) -> Pairs:
    products = features[earlier].multiply(features[later])
    similarities = np.asarray(products.sum(axis=1), dtype=np.float64).ravel()
    enough = similarities >= least
    return Pairs(earlier[enough], later[enough], similarities[enough])
