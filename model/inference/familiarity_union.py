"""A scikit-learn union of n-grams and vectors that counts by the share of what is known."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.pipeline import FeatureUnion

from model.inference.familiarity import Familiarity, known_share
from model.inference.neighbours import Neighbours

WORDS, VECTORS = 0, -1  # the places of the blocks


class FamiliarityUnion(FeatureUnion):  # type: ignore[misc]
    """Multiplies n-grams by a factor f, and appends neighbours' features, multiplied by 1 - f.

    The first block is a TfidfVectorizer of words, which keeps all words of the texts that it is
    fitted on, the last one an EmbeddingTransformer.
    """

    def __init__(
        self,
        transformer_list: list[tuple[str, Any]],
        *,
        familiarity: Familiarity,
        neighbours: Neighbours,
    ) -> None:
        super().__init__(transformer_list)
        self.familiarity = familiarity
        self.neighbours = neighbours

    def fit_transform(self, texts: Sequence[str], targets: Any = None, **options: Any) -> Any:
        """Fit the blocks, and return the features of the texts."""
        return self.fit(texts, targets, **options).transform(texts)

    def transform(self, texts: Sequence[str]) -> Any:
        """Return the features of texts, sparse, of shape (texts, features)."""
        known = self.transformer_list[WORDS][1].vocabulary_.keys()
        return self.completed(super().transform(texts), texts, known)

    def completed(self, blocks: Any, texts: Sequence[str], known: Set[str]) -> Any:
        """Return the features of texts whose blocks are known.

        Args:
            blocks: the features of all blocks, sparse.
            texts: any texts.
            known: the words that training knows.
        """
        words = words_of(self.transformer_list[WORDS][1], texts)
        shares = np.array([known_share(each, known) for each in words])
        factors = self.familiarity.factors(shares).astype(np.float32)
        count = blocks.shape[1] - self.transformer_list[VECTORS][1].embedding.dimensions
        similar = self._neighbour_features(blocks[:, count:], 1 - factors)
        return hstack((diags(factors) @ blocks[:, :count], blocks[:, count:], similar), "csr")

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the n-grams, the dimensions and the neighbours' features."""
        names = [f"neighbours__{number}" for number in range(self.neighbours.feature_count)]
        blocks = super().get_feature_names_out(input_features)
        return np.concatenate((blocks, np.array(names, dtype=object)))

    def _neighbour_features(self, vectors: Any, factors: NDArray[np.float32]) -> Any:
        """Compute the features of the texts whose factor is not zero."""
        features = np.zeros((len(factors), self.neighbours.feature_count), np.float32)
        [rows] = factors.nonzero()
        found = self.neighbours.features(vectors[rows].toarray())
        features[rows] = factors[rows, np.newaxis] * found
        return csr_matrix(features)


def words_of(vectorizer: Any, texts: Sequence[str]) -> list[list[str]]:
    """Return the words that a vectorizer finds in each text."""
    preprocess, tokenize = vectorizer.build_preprocessor(), vectorizer.build_tokenizer()
    return [tokenize(preprocess(text)) for text in texts]
