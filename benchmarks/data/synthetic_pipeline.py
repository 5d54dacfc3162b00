"""Fitted pipelines of any size within seconds, from generated words and counted weights.

The steps are those of the project's own pipeline. The vectorizers are fitted on generated
utterances. The weights are not trained: they grow with the ratio of an n-gram's frequency in the
intent's utterances to its overall frequency. As in training, they are rounded to few levels. The
share of zero weights equals that of a model trained on CLINC150.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.learning.pipeline import build_pipeline

LETTERS = np.array(list("eeeeeetttttaaaaooooiiiinnnnssssrrrrhhhlllddcuumwfgypbvkxqjz"))
WORD_LENGTHS = (2, 10)
UTTERANCE_WORDS = (3, 14)
COMMON_WORDS = 300  # of all intents
WORDS_OF_INTENT = 40
LEVELS = 64  # of a weight, on each side of zero
STEP = 0.25
SHARE_OF_ZEROS = 0.95


@dataclass(frozen=True, slots=True)
class Size:
    """Size of a pipeline."""

    intents: int
    ngrams: int


class Language:
    """Generated words: common ones, ones of a single intent, and rare ones."""

    def __init__(self, size: Size, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._intents = size.intents
        rare = size.ngrams // 8
        count = COMMON_WORDS + size.intents * WORDS_OF_INTENT + rare
        self._words = np.array([self._word() for _ in range(count)])

    def utterances(self, count: int) -> tuple[list[str], NDArray[np.int64]]:
        """Generate texts with the index of each text's intent."""
        intents = np.arange(count) % self._intents
        return [self._utterance(int(intent)) for intent in intents], intents

    def _utterance(self, intent: int) -> str:
        length = self._random.integers(*UTTERANCE_WORDS)
        first = COMMON_WORDS + intent * WORDS_OF_INTENT
        kinds = self._random.integers(3, size=length)
        common = self._random.integers(COMMON_WORDS, size=length)
        own = self._random.integers(first, first + WORDS_OF_INTENT, size=length)
        any_word = self._random.integers(len(self._words), size=length)
        return " ".join(self._words[np.choose(kinds, (common, own, any_word))])

    def _word(self) -> str:
        return "".join(self._random.choice(LETTERS, self._random.integers(*WORD_LENGTHS)))


def build(size: Size) -> tuple[Any, list[str]]:
    """Build a fitted pipeline whose vocabulary is at most, and usually, as large as `size` says.

    Returns:
        The pipeline, and further texts that it was not fitted on.
    """
    language = Language(size)
    texts, intents = language.utterances(max(size.intents * 20, size.ngrams // 6, 2000))
    half = size.ngrams // 2
    pipeline = build_pipeline()
    pipeline.set_params(features__word__max_features=half, features__char__max_features=half)
    values = pipeline[0].fit_transform(texts)
    _set_weights(pipeline[-1], _weights(values, intents, size.intents))
    return pipeline, language.utterances(500)[0]


def _weights(values: Any, intents: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    members = np.zeros((count, len(intents)), dtype=np.float32)
    members[intents, np.arange(len(intents))] = 1
    members /= members.sum(axis=1, keepdims=True)
    means = np.asarray((values.T @ members.T).T)
    weights = means - np.asarray(values.mean(axis=0))
    rounded_to_zero = np.quantile(np.abs(weights), SHARE_OF_ZEROS)
    levels = np.clip(np.rint(weights / (2 * rounded_to_zero)), -LEVELS, LEVELS)
    # scikit-learn sorts the vocabulary, so that columns are in this order.
    return np.asfortranarray(levels * STEP, dtype=np.float32)


def _set_weights(classifier: Any, weights: NDArray[np.float32]) -> None:
    classifier.classes_ = np.array([f"intent_{number}" for number in range(len(weights))])
    classifier.coef_ = weights
    classifier.intercept_ = np.zeros(len(weights), dtype=np.float32)
    classifier.n_features_in_ = weights.shape[1]
    classifier.n_iter_ = np.array([1], dtype=np.int32)
