"""The folds of cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from model.learning.linear_model import Integers
from model.learning.training_set import TrainingSet

MAX_FOLDS = 5
# Hyperparameters are chosen on as few folds as hold out this many utterances.
MIN_HELD_OUT = 1000


@dataclass(frozen=True, slots=True)
class Split:
    """The fitted and the held-out texts of a fold.

    Attributes:
        fitted, held_out: the numbers of the utterances.
        outside: for each group of ``TrainingSet.outside``, whether each of its texts is held out.
    """

    fitted: Integers
    held_out: Integers
    outside: tuple[NDArray[np.bool_], ...]


def fold_splits(training_set: TrainingSet, *, seed: int) -> list[Split]:
    """Split a training set into stratified folds, determined by the seed.

    An utterance that is alone in its intent is fitted in all folds, and held out in none.
    """
    counts = np.bincount(training_set.targets)
    is_scored = counts[training_set.targets] > 1
    scored, alone = is_scored.nonzero()[0], (~is_scored).nonzero()[0]
    fold_count = min(MAX_FOLDS, int(counts.max()))
    folds = StratifiedKFold(fold_count, shuffle=True, random_state=seed)
    generator = np.random.default_rng(seed)
    fold_of = [generator.permutation(len(each)) % fold_count for each in training_set.outside]
    with warnings.catch_warnings():
        # scikit-learn warns of labels that not every fold holds out; every fold fits them.
        warnings.simplefilter("ignore", UserWarning)
        pairs = list(folds.split(scored, training_set.targets[scored]))
    return [
        Split(
            np.union1d(scored[fitted], alone),
            scored[held_out],
            tuple(folds_of_group == number for folds_of_group in fold_of),
        )
        for number, (fitted, held_out) in enumerate(pairs)
    ]


def enough_folds(training_set: TrainingSet, splits: Sequence[Split]) -> int:
    """Return the number of folds on which hyperparameters are chosen."""
    return min(len(splits), ceil(MIN_HELD_OUT * len(splits) / len(training_set)))
