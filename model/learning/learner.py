"""Features of a training set, and the linear classifiers fitted on them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack
from sklearn.pipeline import FeatureUnion

from model.errors import NoWordsError
from model.inference.neighbours import Neighbours
from model.learning.augmentation import misspelt_copy
from model.learning.cached_features import CachedFeatures
from model.learning.ensemble import Ensemble, Hyperparameters
from model.learning.known_counts import KnownCounts
from model.learning.linear_model import (
    DETECTOR_REGULARISATION,
    Floats,
    Integers,
    Linear,
    fit_detector,
    fit_joint_svm,
    fit_logistic_regression,
    fit_naive_bayes,
    fit_svm,
)
from model.learning.neighbours import choose_neighbours, density_model
from model.learning.pipeline import BLOCK_WEIGHTS, VECTORS, features_for
from model.learning.term_weighting import concentration_factors
from model.learning.training_set import TrainingSet

TYPO_WEIGHT = 0.2
# Of a block of n-grams and all labels, which bounds the memory: 400 MB in double precision.
MAX_COEFFICIENTS = 50_000_000
WORD = re.compile(r"\w")


class Learner:
    """Fits features and the ensemble's base models.

    Each utterance also has a misspelt copy with a small weight. The names and descriptions of
    intents are training utterances too; this helps most with few utterances.

    The texts' vectors, if any, have a logistic regression of their own. The support vector machine
    and naive Bayes use the n-grams alone: on validation data, they gained less from vectors as
    further features. If the vectors are multilingual, the densities of the training utterances'
    vectors count as well, for texts with few known words.

    Attributes:
        features: the fitted features of the classifiers.
        ngram_count: the number of n-grams, which come before the vectors' dimensions.
    """

    def __init__(
        self, training_set: TrainingSet, numbers: Integers | None = None, *, seed: int
    ) -> None:
        """Fit the features.

        Args:
            training_set: utterances, intents, and what is known of their texts.
            numbers: of the utterances to learn from; all without it.
            seed: the random seed of the solvers and of the choice of neighbours.

        Raises:
            NoWordsError: the utterances have no words.
        """
        numbers = np.arange(len(training_set)) if numbers is None else numbers
        texts = [training_set.texts[number] for number in numbers]
        if not any(WORD.search(text) for text in texts):
            raise NoWordsError
        label_texts = training_set.label_texts
        described = np.arange(len(label_texts)).repeat([*map(len, label_texts)])
        self._texts = [*texts, *chain.from_iterable(label_texts)]
        targets = np.concatenate((training_set.targets[numbers], described))
        copies = list(map(misspelt_copy, self._texts))
        self._targets = np.concatenate((targets, targets))
        self._weights = np.repeat((1.0, TYPO_WEIGHT), len(targets))
        self._seed = seed
        self._embedding = training_set.embedding
        self._fit_vectors(copies, label_count=len(label_texts))
        self._fit_features(copies, training_set.counts, label_count=len(label_texts))

    def _fit_vectors(self, copies: Sequence[str], *, label_count: int) -> None:
        self._vector_model: Linear | None = None
        self._neighbours: Neighbours | None = None
        if self._embedding is None:
            return
        vectors = self._embedding.transform([*self._texts, *copies])
        self._vector_model = fit_logistic_regression(vectors, self._targets, self._weights)
        if self._embedding.is_multilingual:
            count = len(self._texts)
            self._neighbours = choose_neighbours(
                vectors[:count], self._targets[:count], label_count=label_count, seed=self._seed
            )

    def _fit_features(
        self, copies: Sequence[str], counts: KnownCounts | None, *, label_count: int
    ) -> None:
        self.features = CachedFeatures(
            features_for(self._texts, self._embedding, self._neighbours),
            self._texts,
            counts=counts,
            max_columns=MAX_COEFFICIENTS // label_count,
        )
        sizes = self.features.sizes
        self.ngram_count = sum(sizes.values()) - sizes.get(VECTORS, 0)
        self._factors = np.repeat(
            np.array([BLOCK_WEIGHTS[name] for name in sizes], np.float32), list(sizes.values())
        )
        self._clean = self._weighted(self._texts)
        misspelt = self.features.blocks(copies, without=VECTORS)
        self._ngrams = vstack(
            (
                self._clean[:, : self.ngram_count],
                misspelt.multiply(self._factors[: self.ngram_count]),
            ),
            format="csr",
        )

    def fit_union(self) -> FeatureUnion:
        """Return the features as scikit-learn's own class, for the pipeline."""
        embedding = self._embedding.embedding if self._embedding else None
        union = features_for(self._texts, embedding, self._neighbours)
        return union.set_params(**self.features.parameters).fit(self._texts)

    def fit(self, ensemble: Ensemble) -> Linear:
        """Fit the base models of an ensemble, and blend them."""
        return ensemble.blend(self.fit_base_models(ensemble.hyperparameters))

    def fit_base_models(self, hyperparameters: Hyperparameters) -> tuple[Linear, ...]:
        """Fit support vector machine, naive Bayes and, on the vectors, a logistic regression.

        With multilingual vectors, the last model is that of the densities.
        """
        concentration = self._concentration if hyperparameters.is_concentrated else np.float32(1.0)
        features = self._ngrams.multiply(concentration).tocsr()
        samples = (self._targets, self._weights)
        fit_machine = fit_joint_svm if hyperparameters.is_joint else fit_svm
        svm = fit_machine(features, *samples, seed=self._seed)
        naive_bayes = fit_naive_bayes(features, *samples)
        factors = concentration * self._factors[: self.ngram_count]
        models = tuple(model.scaled_features(factors) for model in (svm, naive_bayes))
        if self._vector_model is None:
            return models
        dimensions = self._vector_model.coefficients.shape[1]
        count = self._neighbour_feature_count
        models = tuple(model.with_idle_features(after=dimensions + count) for model in models)
        of_vectors = self._vector_model.with_idle_features(before=self.ngram_count, after=count)
        if self._neighbours is None:
            return (*models, of_vectors)
        # Where n-grams count less, their models' intercepts do as well.
        models = tuple(model.with_intercept_cancelled_by(-1) for model in models)
        densities = density_model(len(self._neighbours.counts)).with_idle_features(
            before=self.ngram_count + dimensions, after=1
        )
        return (*models, of_vectors, densities)

    @property
    def _neighbour_feature_count(self) -> int:
        return self._neighbours.feature_count if self._neighbours else 0

    def log_densities(self, texts: Sequence[str]) -> Floats | None:
        """Return the logarithms of the densities around texts; None without neighbours."""
        if self._embedding is None or self._neighbours is None:
            return None
        return self._neighbours.log_densities(self._embedding.transform(texts))

    @cached_property
    def _concentration(self) -> NDArray[np.float32]:
        """A factor for each n-gram, larger for those of few labels."""
        return concentration_factors(self._ngrams, self._targets, self._weights)

    def fit_detector(
        self,
        out_of_scope: Sequence[str],
        *,
        others: Sequence[str] = (),
        regularisation: float = DETECTOR_REGULARISATION,
    ) -> Linear:
        """Fit a classifier of out-of-scope texts; its one score is larger for them.

        Args:
            out_of_scope: the texts to detect.
            others: texts that it is not to detect, beside the utterances.
            regularisation: scikit-learn's C.
        """
        blocks = [
            self._clean,
            *(self._weighted(texts) for texts in (others, out_of_scope) if texts),
        ]
        features = vstack(blocks, format="csr")
        is_out_of_scope = np.arange(features.shape[0]) >= features.shape[0] - len(out_of_scope)
        linear = fit_detector(
            features, is_out_of_scope, regularisation=regularisation, seed=self._seed
        )
        scaled = linear.scaled_features(self._factors)
        return scaled.with_idle_features(after=self._neighbour_feature_count)

    def _weighted(self, texts: Sequence[str]) -> Any:
        return self.features.blocks(texts).multiply(self._factors).tocsr()
