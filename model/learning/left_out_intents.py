"""Scores of texts out of scope where no examples of them exist: intents left out of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from model.errors import NoWordsError
from model.learning.cross_validation import HeldOut
from model.learning.ensemble import Ensemble
from model.learning.folds import Split, fold_splits
from model.learning.learner import Learner
from model.learning.linear_model import Floats, Integers
from model.learning.parallel import map_in_processes
from model.learning.training_set import TrainingSet

MIN_INTENTS = 2  # a classifier needs at least as many


def left_out_scores(training_set: TrainingSet, held_out: HeldOut, *, seed: int) -> Iterator[Floats]:
    """Return the largest logits of utterances whose intents the scoring model does not know.

    They come in groups. With large data, other processes start at once.

    Each group of intents is left out of one model, which is fitted on a fold of the other intents.
    The groups hold similar intents: real texts out of scope are of other subjects, and therefore
    less like the known intents than a single intent is like its neighbours. Where too few intents
    or words would remain, a text without words stands for texts out of scope.

    Args:
        training_set: utterances and intents.
        held_out: their scores by cross-validation with the same seed.
        seed: the random seed of folds and solvers.
    """
    splits = fold_splits(training_set, seed=seed)
    groups = _similar_intents(training_set, held_out, len(splits))
    if len(training_set.labels) - max(map(len, groups)) < MIN_INTENTS:
        return iter([_largest_logits(training_set, held_out.ensemble, [""], seed=seed)])
    score = partial(_scores, training_set, held_out.ensemble, seed=seed)
    pairs = zip(splits, groups, strict=False)
    return map_in_processes(score, pairs, is_large=training_set.is_large)


def _similar_intents(
    training_set: TrainingSet, held_out: HeldOut, group_count: int
) -> list[Integers]:
    """Return the numbers of the intents in groups of equal size.

    Two intents are similar if the utterances of each have large logits of the other.
    """
    count, targets = len(training_set.labels), training_set.targets[held_out.scored]
    sums = np.zeros((count, count))
    np.add.at(sums, targets, held_out.logits)
    means = sums / np.maximum(1, np.bincount(targets, minlength=count))[:, np.newaxis]
    similarities = means + means.T
    distances = similarities.max() - similarities
    np.fill_diagonal(distances, 0)
    order = leaves_list(linkage(squareform(distances), "average"))
    return np.array_split(order, min(group_count, count))


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
    learner = Learner(training_set, seed=seed)
    linear = learner.fit(ensemble)
    largest: Floats = linear.scores(learner.features.transform(texts)).max(axis=1)
    return largest
