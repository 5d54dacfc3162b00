"""The pipeline's features, from n-grams that are counted only once.

They are those of scikit-learn, bit for bit, and computed several times as fast.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from model.errors import NoWordsError
from model.inference.familiarity_union import FamiliarityUnion
from model.learning.known_counts import KnownCounts, NgramCounts


class CachedFeatures:
    """Features as a ``FeatureUnion`` computes them; blocks other than TF-IDF are its own.

    Attributes:
        sizes: the number of columns of each block, in order.
        parameters: of the union's n-gram blocks, with which scikit-learn finds the same features.
    """

    def __init__(
        self,
        union: FeatureUnion,
        texts: Sequence[str],
        *,
        counts: KnownCounts | None = None,
        max_columns: int = sys.maxsize,
    ) -> None:
        """Fit the features.

        Args:
            union: unfitted.
            texts: to fit them on.
            counts: of n-grams of these texts and others; without it, they are counted now.
            max_columns: of a block of n-grams. If there are more, those in the fewest texts are
                left out, by a larger ``min_df``.

        Raises:
            NoWordsError: the texts have no n-gram that is frequent enough.
        """
        counts = counts or KnownCounts(texts)
        self._union = union
        self._blocks = {
            name: (
                _CachedTfidf(block, counts.of(block), max_columns)
                if type(block) is TfidfVectorizer
                else block
            )
            for name, block in union.transformer_list
        }
        for block in self._blocks.values():
            block.fit(texts)
        self.sizes = {
            name: len(block.get_feature_names_out()) for name, block in self._blocks.items()
        }
        self.parameters = {
            f"{name}__min_df": block.min_df
            for name, block in self._blocks.items()
            if isinstance(block, _CachedTfidf)
        }

    def transform(self, texts: Sequence[str]) -> Any:
        """Return the features of texts, sparse, of shape (texts, features)."""
        blocks = self.blocks(texts)
        if not isinstance(self._union, FamiliarityUnion):
            return blocks
        words, *_ = self._blocks.values()
        return self._union.completed(blocks, texts, words.columns.keys())

    def blocks(self, texts: Sequence[str], *, without: str = "") -> Any:
        """Return the features of the union's blocks alone, as if all words were known.

        The columns of the block ``without`` are left out.
        """
        blocks = [block for name, block in self._blocks.items() if name != without]
        return hstack([block.transform(texts) for block in blocks]).tocsr()


class _CachedTfidf:
    """Computes what a ``TfidfVectorizer`` with the same parameters computes.

    Attributes:
        min_df: the number of texts that an n-gram must be in.
    """

    def __init__(self, vectorizer: TfidfVectorizer, counts: NgramCounts, max_columns: int) -> None:
        self.min_df = vectorizer.min_df
        self._max_columns = max_columns
        self._counts = counts
        self._tfidf = TfidfTransformer(
            norm=vectorizer.norm,
            use_idf=vectorizer.use_idf,
            smooth_idf=vectorizer.smooth_idf,
            sublinear_tf=vectorizer.sublinear_tf,
        )

    @property
    def columns(self) -> dict[str, int]:
        """The column of each n-gram."""
        ngrams = list(self._counts.columns)
        return {ngrams[number]: column for column, number in enumerate(self._kept)}

    def get_feature_names_out(self) -> list[str]:
        return list(self.columns)

    def fit(self, texts: Sequence[str]) -> None:
        counts = self._counts.transform(texts)
        text_counts = np.bincount(counts.indices)
        if np.count_nonzero(text_counts) > self._max_columns:
            descending = -np.sort(-text_counts)
            self.min_df = max(self.min_df, int(descending[self._max_columns]) + 1)
        self._kept = (text_counts >= self.min_df).nonzero()[0]
        if not len(self._kept):
            raise NoWordsError
        self._tfidf.fit(counts[:, self._kept])

    def transform(self, texts: Sequence[str]) -> Any:
        counts = self._counts.transform(texts)
        return self._tfidf.transform(counts[:, self._kept], copy=False)
