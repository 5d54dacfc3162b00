"""Features of a training set, and the linear classifiers fitted on them."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack
from sklearn.pipeline import FeatureUnion

from model.errors import NoWordsError
from model.inference.static_embedding import Embedding
from model.learning.augmentation import add_typos
from model.learning.cached_features import CachedFeatures
from model.learning.ensemble import Ensemble, Hyperparameters
from model.learning.linear_model import Integers, Linear, fit_detector, fit_naive_bayes, fit_svm
from model.learning.pipeline import BLOCK_WEIGHTS, STATIC, features_for
from model.learning.term_weighting import concentration_factors

TYPO_WEIGHT = 0.2
# A misspelt word is split into other pieces, whose vectors have other meanings.
TYPO_WEIGHT_WITH_VECTORS = 0.05
WORD = re.compile(r"\w")
NAME_PARTS = re.compile(r"([a-z0-9])(?=[A-Z])|[_\W]+")


class Learner:
    """Fits features and the ensemble's base models.

    Each utterance also has a misspelt copy with a small weight. The names of intents are training
    utterances too, because they describe the intents; this helps most with few utterances.

    Attributes:
        features: the fitted features of the classifiers.
        ngram_count: the number of n-grams, which come before the static vectors' dimensions.
    """

    def __init__(
        self,
        texts: Sequence[str],
        targets: Integers,
        labels: Sequence[str],
        *,
        seed: int,
        embedding: Embedding | None = None,
    ) -> None:
        """Fit the features.

        Args:
            texts: the utterances.
            targets: the index of each utterance's label.
            labels: the intents.
            seed: the random seed of typos and solvers.
            embedding: static word vectors as additional features.

        Raises:
            NoWordsError: the texts have no words.
        """
        if not any(WORD.search(text) for text in texts):
            raise NoWordsError
        texts = [*texts, *map(words_of_name, labels)]
        targets = np.concatenate((targets, np.arange(len(labels))))
        self._texts = texts
        self._embedding = embedding
        self.features = CachedFeatures(features_for(texts, embedding), texts)
        sizes = self.features.sizes
        self.ngram_count = sum(sizes.values()) - sizes.get(STATIC, 0)
        self._factors = np.repeat(
            np.array([BLOCK_WEIGHTS[name] for name in sizes], np.float32), list(sizes.values())
        )
        rng = random.Random(seed)  # noqa: S311 - no secret depends on it
        self._seed = seed
        self._clean = self._weighted(texts)
        misspelt = self._weighted([add_typos(text, rng) for text in texts])
        self._all = vstack((self._clean, misspelt), format="csr")
        self._targets = np.concatenate((targets, targets))
        typo_weight = TYPO_WEIGHT if embedding is None else TYPO_WEIGHT_WITH_VECTORS
        self._weights = np.repeat((1.0, typo_weight), len(targets))

    def fit_union(self) -> FeatureUnion:
        """Return the features as scikit-learn's own class, for the pipeline."""
        return features_for(self._texts, self._embedding).fit(self._texts)

    def fit(self, ensemble: Ensemble) -> Linear:
        """Fit the base models of an ensemble, and blend them."""
        return ensemble.blend(self.fit_base_models(ensemble.hyperparameters))

    def fit_base_models(self, hyperparameters: Hyperparameters) -> tuple[Linear, ...]:
        """Fit the support vector machine and naive Bayes."""
        concentration = self._concentration if hyperparameters.is_concentrated else np.float32(1.0)
        features = self._all.multiply(concentration).tocsr()
        samples = (self._targets, self._weights)
        svm = fit_svm(
            features, *samples, regularisation=hyperparameters.regularisation, seed=self._seed
        )
        # Naive Bayes needs counts, which the dimensions of static vectors are not.
        naive_bayes = fit_naive_bayes(features[:, : self.ngram_count], *samples)
        naive_bayes = naive_bayes.with_idle_features(features.shape[1] - self.ngram_count)
        factors = concentration * self._factors
        return svm.scaled_features(factors), naive_bayes.scaled_features(factors)

    @cached_property
    def _concentration(self) -> NDArray[np.float32]:
        """A factor for each feature, larger for n-grams of few labels."""
        factors = np.ones(self._all.shape[1], np.float32)
        ngrams = self._all[:, : self.ngram_count]
        factors[: self.ngram_count] = concentration_factors(ngrams, self._targets, self._weights)
        return factors

    def fit_detector(self, out_of_scope: Sequence[str]) -> Linear:
        """Fit a classifier of out-of-scope texts; its one score is larger for them."""
        features = vstack((self._clean, self._weighted(out_of_scope)), format="csr")
        is_out_of_scope = np.arange(features.shape[0]) >= self._clean.shape[0]
        linear = fit_detector(features, is_out_of_scope, seed=self._seed)
        return linear.scaled_features(self._factors)

    def _weighted(self, texts: Sequence[str]) -> Any:
        return self.features.transform(texts).multiply(self._factors).tocsr()


def words_of_name(label: str) -> str:
    """Return the words of an intent's name: "order cancel" for ``OrderCancel``."""
    return " ".join(NAME_PARTS.sub(r"\1 ", label).lower().split())
