"""Utterances made ready to learn from, and what is learnt from them."""

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
from model.learning.ensemble import Hyperparameters
from model.learning.linear_model import Integers, Linear, fit_detector, fit_naive_bayes, fit_svm
from model.learning.pipeline import BLOCK_WEIGHTS, STATIC, block_sizes, build_features
from model.learning.term_weighting import concentration_factors

NOISY_WEIGHT = 0.2
# A add_typos word falls into other pieces, whose vectors mean something else.
NOISY_WEIGHT_WITH_VECTORS = 0.05
WORD = re.compile(r"\w")
NAME_PARTS = re.compile(r"([a-z0-9])(?=[A-Z])|[_\W]+")


class Learner:
    """Utterances as features, with a misspelt copy of each.

    The names of the intents are utterances, too: they are chosen to tell what is meant, which helps
    most where there are few utterances.

    Attributes:
        features: fitted on the utterances; what is learnt scores texts by them.
        ngram_count: how many of the features are n-grams; they come before the static vectors'.
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
            targets: the index of each one's label.
            labels: the intents; what they are called is one more utterance of each.
            seed: of the add_typos copies and of the solvers.
            embedding: gives the static vectors, if they are to be features.

        Raises:
            NoWordsError: the texts hold no words.
        """
        if not any(WORD.search(text) for text in texts):
            raise NoWordsError
        texts = [*texts, *map(spoken, labels)]
        targets = np.concatenate((targets, np.arange(len(labels))))
        self.features: FeatureUnion = build_features(embedding)
        try:
            self.features.fit(texts)
        except ValueError as error:  # scikit-learn's only objection: no vocabulary
            raise NoWordsError from error
        sizes = block_sizes(self.features)
        self.ngram_count = sum(sizes.values()) - sizes.get(STATIC, 0)
        self._factors = np.repeat(
            np.array([BLOCK_WEIGHTS[name] for name in sizes], np.float32), list(sizes.values())
        )
        rng = random.Random(seed)  # noqa: S311 - no secret depends on it
        self._seed = seed
        self._clean = self._weighted(texts)
        noisy = self._weighted([add_typos(text, rng) for text in texts])
        self._all = vstack((self._clean, noisy), format="csr")
        self._targets = np.concatenate((targets, targets))
        noisy_weight = NOISY_WEIGHT if embedding is None else NOISY_WEIGHT_WITH_VECTORS
        self._weights = np.repeat((1.0, noisy_weight), len(targets))

    def fit_base_models(self, settings: Hyperparameters) -> tuple[Linear, ...]:
        """Learn to tell the labels apart, in each way there is."""
        emphasis = self._concentration if settings.is_concentrated else np.float32(1.0)
        features = self._all.multiply(emphasis).tocsr()
        base_models = (self._margin(features, settings.regularisation), self._bayes(features))
        return tuple(view.scaled_features(emphasis * self._factors) for view in base_models)

    def _margin(self, features: Any, regularisation: float) -> Linear:
        """Learn the borders between the labels."""
        return fit_svm(
            features,
            self._targets,
            self._weights,
            regularisation=regularisation,
            seed=self._seed,
        )

    def _bayes(self, features: Any) -> Linear:
        """Learn which n-grams the labels' texts consist of."""
        ngrams = features[:, : self.ngram_count]
        linear = fit_naive_bayes(ngrams, self._targets, self._weights)
        return linear.with_idle_features(features.shape[1] - self.ngram_count)

    @cached_property
    def _concentration(self) -> NDArray[np.float32]:
        """What to multiply the features with, so that n-grams of few labels count for more."""
        factors = np.ones(self._all.shape[1], np.float32)
        ngrams = self._all[:, : self.ngram_count]
        factors[: self.ngram_count] = concentration_factors(ngrams, self._targets, self._weights)
        return factors

    def detector(self, out_of_scope: Sequence[str]) -> Linear:
        """Learn what sets out-of-scope texts apart; its one score is the larger, the farther."""
        features = vstack((self._clean, self._weighted(out_of_scope)), format="csr")
        is_out_of_scope = np.arange(features.shape[0]) >= self._clean.shape[0]
        linear = fit_detector(features, is_out_of_scope, seed=self._seed)
        return linear.scaled_features(self._factors)

    def _weighted(self, texts: Sequence[str]) -> Any:
        return self.features.transform(texts).multiply(self._factors).tocsr()


def spoken(label: str) -> str:
    """Give an intent's name in words: ``order_cancel`` and ``OrderCancel`` as "order cancel"."""
    return " ".join(NAME_PARTS.sub(r"\1 ", label).lower().split())
