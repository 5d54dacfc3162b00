"""Would more data help? Accuracy against the number of utterances learnt from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from model.errors import NoWordsError
from model.evaluation.confidence_intervals import Interval, Z, wilson
from model.learning.cross_validation import HeldOut, Progress, Split, enough_folds, fold_splits
from model.learning.learner import Learner
from model.learning.linear_model import Integers
from model.learning.training_set import TrainingSet

# Each doubles the one before; the models of all utterances are those of cross-validation.
SHARES = (0.125, 0.25, 0.5)
# Gains of accuracy, 0 to 1: below it another half of the work is not worth doing.
WORTH_WHILE = 0.005
MAX_FOR_ENOUGH = 0.01

Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Point:
    """The held-out accuracy (0 to 1, with its interval) after learning from so many utterances."""

    utterances: int
    accuracy: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How accuracy grows with the data.

    Attributes:
        points: with the fewest utterances first; the last has all of a fold's.
        next_gain: the gain of accuracy that is to be expected of twice as many utterances.
        interval: of it; each may be less than 0.
    """

    points: tuple[Point, ...]
    next_gain: float
    interval: Interval

    @property
    def verdict(self) -> str:
        """Tell in a sentence or two whether more data would help."""
        low, high = 100 * self.interval.low, 100 * self.interval.high
        gain = f"{100 * self.next_gain:.1f} points of accuracy ({low:.1f} to {high:.1f})"
        if self.next_gain < WORTH_WHILE and self.interval.high < MAX_FOR_ENOUGH:
            return (
                f"More data of the same kind would hardly help: twice as much, about {gain}. "
                "Mend what is there."
            )
        if self.interval.low > 0:
            return f"More data would help: twice as much, about {gain}."
        return (
            f"More data might help: twice as much, about {gain}. "
            "There are too few utterances to be sure."
        )


def learning_curve(
    corpus: TrainingSet, held_out: HeldOut, *, seed: int, progress: Progress
) -> LearningCurve:
    """Learn from parts of the data, with the settings of all of it.

    Args:
        corpus: what is trained on.
        held_out: what cross-validation found, with the same seed.
        seed: of folds, parts and solvers.
        progress: is told each step as it begins.
    """
    splits = fold_splits(corpus, seed=seed)
    splits = splits[: enough_folds(corpus, splits)]
    # Small parts may be of one size, and then are the same.
    by_size = dict(_of_parts(corpus, splits, held_out, seed=seed, progress=progress))
    tested = np.concatenate([split.held_out for split in splits])
    places = np.searchsorted(held_out.scored, tested)
    is_right = held_out.logits[places].argmax(axis=1) == corpus.targets[tested]
    by_size[_mean_size([split.fitted for split in splits])] = is_right
    points = tuple(_point(size, right) for size, right in by_size.items())
    return LearningCurve(points, *_next_gain([*by_size.values()][-2:][0], is_right))


def _of_parts(
    corpus: TrainingSet,
    splits: Sequence[Split],
    held_out: HeldOut,
    *,
    seed: int,
    progress: Progress,
) -> Iterator[tuple[int, Booleans]]:
    """Give for each share the size of its part, and which held-out utterances came out right."""
    for share in SHARES:
        progress(f"Learning from one in {1 / share:.0f} utterances")
        parts = [_part(corpus, split, share, seed=seed) for split in splits]
        try:
            pairs = zip(parts, splits, strict=True)
            right = [_is_right(corpus, held_out, *pair, seed=seed) for pair in pairs]
        except NoWordsError:  # a small part may hold none
            continue
        yield _mean_size(parts), np.concatenate(right)


def _part(corpus: TrainingSet, split: Split, share: float, *, seed: int) -> Integers:
    """Choose a share of what a fold learns from, of each intent one at least; nested by size."""
    shuffled = np.random.default_rng(seed).permutation(split.fitted)
    targets = corpus.targets[shuffled]
    members = ((targets == number).nonzero()[0] for number in range(len(corpus.labels)))
    chosen = np.concatenate([each[: ceil(share * len(each))] for each in members])
    return np.sort(shuffled[chosen])


def _is_right(
    corpus: TrainingSet, held_out: HeldOut, part: Integers, split: Split, *, seed: int
) -> Booleans:
    texts = [corpus.texts[number] for number in part]
    targets, embedding = corpus.targets[part], corpus.embedding
    lesson = Learner(texts, targets, corpus.labels, seed=seed, embedding=embedding)
    linear = held_out.recipe.blend(lesson.fit_base_models(held_out.recipe.settings))
    features = lesson.features.transform([corpus.texts[number] for number in split.held_out])
    right: Booleans = linear.scores(features).argmax(axis=1) == corpus.targets[split.held_out]
    return right


def _mean_size(parts: Sequence[Integers]) -> int:
    return round(sum(map(len, parts)) / len(parts))


def _point(size: int, is_right: Booleans) -> Point:
    accuracy = float(is_right.mean())
    return Point(size, accuracy, wilson(accuracy, len(is_right)))


def _next_gain(with_half: Booleans, with_all: Booleans) -> tuple[float, Interval]:
    """Tell what the next doubling of the data would gain, going by the last one.

    Errors fall with the data by a power law (Hestness et al. 2017): each doubling leaves the same
    share of them. Both models were tested on the same utterances, so the last gain has the interval
    of a paired difference, with half a case added to each outcome (Agresti and Min 2005).
    """
    count, differences = len(with_all) + 2, with_all.astype(float) - with_half
    gain = float(differences.sum()) / count
    deviation = ((float(np.square(differences).sum()) + 1) / count - gain**2) ** 0.5
    half = Z * deviation / count**0.5
    remaining = min(1.0, float((~with_all).sum() + 1) / float((~with_half).sum() + 1))
    return gain * remaining, Interval((gain - half) * remaining, (gain + half) * remaining)
