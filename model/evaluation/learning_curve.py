"""Learning curve: accuracy against the number of training utterances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil

import numpy as np
from numpy.typing import NDArray

from model.errors import NoWordsError
from model.evaluation.confidence_intervals import Interval, Z, wilson
from model.learning.cross_validation import HeldOut, Progress
from model.learning.ensemble import Ensemble
from model.learning.folds import Split, enough_folds, fold_splits
from model.learning.learner import Learner
from model.learning.linear_model import Integers
from model.learning.parallel import map_in_processes
from model.learning.training_set import TrainingSet

# Each is twice the one before. Cross-validation has already trained on all utterances.
SHARES = (0.125, 0.25, 0.5)
# Gains of accuracy, 0 to 1: a smaller gain is not worth doubling the data.
MIN_WORTHWHILE = 0.005
MAX_NEGLIGIBLE = 0.01

Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Point:
    """Held-out accuracy (0 to 1, with its interval) after training on a number of utterances."""

    utterances: int
    accuracy: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How accuracy grows with the data.

    Attributes:
        points: the fewest utterances first; the last point uses all training folds.
        next_gain: gain of accuracy to expect from twice as many utterances; may be negative.
        interval: interval of the gain.
    """

    points: tuple[Point, ...]
    next_gain: float
    interval: Interval

    @property
    def verdict(self) -> str:
        """Return a sentence or two on whether more data would help."""
        low, high = 100 * self.interval.low, 100 * self.interval.high
        gain = f"{100 * self.next_gain:.1f} points of accuracy ({low:.1f} to {high:.1f})"
        is_worthwhile = self.next_gain >= MIN_WORTHWHILE
        unsure = "There are too few utterances to be sure."
        if not is_worthwhile and self.interval.high < MAX_NEGLIGIBLE:
            return (
                f"More data of the same kind would hardly help: twice as much gains about {gain}. "
                "Correct the existing data instead."
            )
        if self.interval.low > 0:
            return f"More data would help: twice as much gains about {gain}."
        if is_worthwhile:
            return f"More data might help: twice as much gains about {gain}. {unsure}"
        return f"More data may help or not: the estimate for twice as much is {gain}. {unsure}"


def learning_curve(
    training_set: TrainingSet, held_out: HeldOut, *, seed: int, progress: Progress
) -> LearningCurve:
    """Train on parts of the data, with the hyperparameters that suit all of it.

    Args:
        training_set: the training data.
        held_out: scores of cross-validation with the same seed.
        seed: random seed of folds, parts and solvers.
        progress: called with the name of each step as it begins.
    """
    splits = fold_splits(training_set, seed=seed)
    splits = splits[: enough_folds(training_set, splits)]
    # Of little data, two shares may be parts of the same size; the dict keeps one.
    by_size = dict(_of_parts(training_set, splits, held_out.ensemble, seed=seed, progress=progress))
    tested = np.concatenate([split.held_out for split in splits])
    places = np.searchsorted(held_out.scored, tested)
    is_right = held_out.logits[places].argmax(axis=1) == training_set.targets[tested]
    by_size[_mean_size([split.fitted for split in splits])] = is_right
    points = tuple(_point(size, right) for size, right in by_size.items())
    *_, with_half, with_all = (is_right, *by_size.values())  # with one size, they are the same
    return LearningCurve(points, *_next_gain(with_half, with_all))


def _of_parts(
    training_set: TrainingSet,
    splits: Sequence[Split],
    ensemble: Ensemble,
    *,
    seed: int,
    progress: Progress,
) -> Iterator[tuple[int, Booleans]]:
    """Yield for each share the size of its part, and which held-out utterances are recognised."""
    by_share = {
        share: [_part(training_set, split, share, seed=seed) for split in splits]
        for share in SHARES
    }
    recognise = partial(_recognised, training_set, splits, ensemble, seed=seed)
    results = map_in_processes(recognise, by_share.values(), is_large=training_set.is_large)
    for share, parts in by_share.items():
        progress(f"Training on one in {1 / share:.0f} utterances")
        is_right = next(results)
        if is_right is not None:
            yield _mean_size(parts), is_right


def _recognised(
    training_set: TrainingSet,
    splits: Sequence[Split],
    ensemble: Ensemble,
    parts: Sequence[Integers],
    *,
    seed: int,
) -> Booleans | None:
    """Return which held-out utterances are recognised, or None if a part holds no words."""
    pairs = zip(parts, splits, strict=True)
    try:
        right = [_is_right(training_set, ensemble, *pair, seed=seed) for pair in pairs]
    except NoWordsError:
        return None
    return np.concatenate(right)


def _part(training_set: TrainingSet, split: Split, share: float, *, seed: int) -> Integers:
    """Return a share of a fold's training utterances, at least one of each intent.

    Smaller parts are subsets of larger ones.
    """
    shuffled = np.random.default_rng(seed).permutation(split.fitted)
    targets = training_set.targets[shuffled]
    members = ((targets == number).nonzero()[0] for number in range(len(training_set.labels)))
    chosen = np.concatenate([each[: ceil(share * len(each))] for each in members])
    return np.sort(shuffled[chosen])


def _is_right(
    training_set: TrainingSet, ensemble: Ensemble, part: Integers, split: Split, *, seed: int
) -> Booleans:
    learner = Learner(training_set, part, seed=seed)
    linear = learner.fit(ensemble)
    features = learner.features.transform([training_set.texts[number] for number in split.held_out])
    right: Booleans = linear.scores(features).argmax(axis=1) == training_set.targets[split.held_out]
    return right


def _mean_size(parts: Sequence[Integers]) -> int:
    return round(sum(map(len, parts)) / len(parts))


def _point(size: int, is_right: Booleans) -> Point:
    accuracy = float(is_right.mean())
    return Point(size, accuracy, wilson(accuracy, len(is_right)))


def _next_gain(with_half: Booleans, with_all: Booleans) -> tuple[float, Interval]:
    """Return the gain to expect from doubling the data, extrapolated from the last doubling.

    Errors follow a power law (Hestness et al. 2017): each doubling leaves the same share of them.
    Both models were tested on the same utterances, so the interval of the last gain is that of a
    paired difference, with half a case added to each outcome (Agresti and Min 2005).
    """
    count, differences = len(with_all) + 2, with_all.astype(float) - with_half
    gain = float(differences.sum()) / count
    deviation = ((float(np.square(differences).sum()) + 1) / count - gain**2) ** 0.5
    half = Z * deviation / count**0.5
    remaining = min(1.0, float((~with_all).sum() + 1) / float((~with_half).sum() + 1))
    return gain * remaining, Interval((gain - half) * remaining, (gain + half) * remaining)
