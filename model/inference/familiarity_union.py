"""A scikit-learn union of n-grams and vectors that counts by the share of known words."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import numpy as np
from scipy.sparse import diags, hstack
from sklearn.pipeline import FeatureUnion

from model.inference.familiarity import Familiarity, Floats, known_share

WORDS, VECTORS = 0, -1  # the places of the blocks


class FamiliarityUnion(FeatureUnion):  # type: ignore[misc]
    """Multiplies n-grams and vectors by factors, see ``Familiarity``.

    The first block is a TfidfVectorizer of words, which keeps all words of the texts that it is
    fitted on, the last one an EmbeddingTransformer.
    """

    def __init__(
        self, transformer_list: list[tuple[str, Any]], *, familiarity: Familiarity
    ) -> None:
        super().__init__(transformer_list)
        self.familiarity = familiarity

    def transform(self, texts: Sequence[str]) -> Any:
        """Return the features of texts, sparse, of shape (texts, features)."""
        features = super().transform(texts)
        count = features.shape[1] - self.transformer_list[VECTORS][1].embedding.dimensions
        return weighted(features, count, *self._factors(texts))

    def vector_factor(self, text: str) -> float:
        """Return the factor of a text's vector."""
        _, [factor] = self._factors([text])
        return float(factor)

    def _factors(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        words = self.transformer_list[WORDS][1]
        return factors(self.familiarity, words_of(words, texts), words.vocabulary_)


def factors(
    familiarity: Familiarity, texts: Sequence[Sequence[str]], known: Container[str]
) -> tuple[Floats, Floats]:
    """Return the factors of n-grams and vectors.

    Args:
        familiarity: how they count.
        texts: the words of each text.
        known: the words that training knows.
    """
    return familiarity.factors(np.array([known_share(words, known) for words in texts]))


def words_of(vectorizer: Any, texts: Sequence[str]) -> list[list[str]]:
    """Return the words that a vectorizer finds in each text."""
    preprocess, tokenize = vectorizer.build_preprocessor(), vectorizer.build_tokenizer()
    return [tokenize(preprocess(text)) for text in texts]


def weighted(features: Any, ngram_count: int, ngram_factors: Any, vector_factors: Any) -> Any:
    """Multiply each text's n-grams, the first features, and its vector by factors.

    Args:
        features: sparse, of shape (texts, features).
        ngram_count: the number of n-grams.
        ngram_factors: shape (texts,).
        vector_factors: shape (texts,).
    """
    parts = (
        diags(ngram_factors.astype(np.float32)) @ features[:, :ngram_count],
        diags(vector_factors.astype(np.float32)) @ features[:, ngram_count:],
    )
    return hstack(parts, format="csr")
