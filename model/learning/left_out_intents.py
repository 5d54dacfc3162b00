"""Scores of texts out of scope where no examples of them exist: intents left out of training."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from model.errors import NoWordsError
from model.learning.cross_validation import Split, fold_splits, is_large
from model.learning.ensemble import Ensemble
from model.learning.learner import Learner
from model.learning.linear_model import Floats, Integers
from model.learning.parallel import map_in_processes
from model.learning.training_set import TrainingSet

MIN_INTENTS = 2  # a classifier needs at least as many


def left_out_scores(training_set: TrainingSet, ensemble: Ensemble, *, seed: int) -> Floats:
    """Return the largest logits of utterances whose intents the scoring model does not know.

    Each intent is left out of one model, which is fitted on a fold of the other intents. Where too
    few intents or words would remain, a text without words stands for texts out of scope.

    Args:
        training_set: utterances and intents.
        ensemble: hyperparameters and weights.
        seed: the random seed of folds, groups of intents and solvers.

    Raises:
        NoWordsError: the utterances have no words.
    """
    splits, label_count = fold_splits(training_set, seed=seed), len(training_set.labels)
    shuffled = np.random.default_rng(seed).permutation(label_count)
    groups = np.array_split(shuffled, min(len(splits), label_count))
    if label_count - len(groups[0]) < MIN_INTENTS:
        return _largest_logits(training_set, ensemble, [""], seed=seed)
    score = partial(_scores, training_set, ensemble, seed=seed)
    pairs = zip(splits, groups, strict=False)
    return np.concatenate([*map_in_processes(score, pairs, is_large=is_large(training_set))])


def _scores(
    training_set: TrainingSet, ensemble: Ensemble, pair: tuple[Split, Integers], *, seed: int
) -> Floats:
    split, left_out = pair
    is_left_out = np.isin(training_set.targets, left_out)
    others = training_set.part(split.fitted[~is_left_out[split.fitted]])
    texts = training_set.part(is_left_out.nonzero()[0]).texts
    try:
        return _largest_logits(others, ensemble, texts, seed=seed)
    except NoWordsError:
        return _largest_logits(training_set, ensemble, [""], seed=seed)


def _largest_logits(
    training_set: TrainingSet, ensemble: Ensemble, texts: Sequence[str], *, seed: int
) -> Floats:
    """Fit a model, and return the largest logit of each text."""
    learner = Learner(
        training_set.texts,
        training_set.targets,
        training_set.labels,
        seed=seed,
        embedding=training_set.embedding,
    )
    linear = learner.fit(ensemble)
    largest: Floats = linear.scores(learner.features.transform(texts)).max(axis=1)
    return largest
