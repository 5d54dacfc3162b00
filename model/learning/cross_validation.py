"""Score each training utterance by a model that has not seen it, and choose the settings so."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil

import numpy as np
from sklearn.model_selection import StratifiedKFold

from model.learning.ensemble import CANDIDATES, Ensemble, Hyperparameters
from model.learning.learner import Learner
from model.learning.linear_model import Floats, Integers, Linear
from model.learning.out_of_scope import OutOfScopeScores, fit_detector_weight
from model.learning.quantization import MAX_LOSS, rounded, step_of
from model.learning.training_set import TrainingSet

MAX_FOLDS = 5
# Hyperparameters are chosen on as many folds as it takes to hold out so many utterances.
ENOUGH_FOR_SETTINGS = 1000

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What cross-validation found.

    Attributes:
        recipe: the settings that were chosen.
        scored: the numbers of the utterances that were held out: all but those that are alone in
            their intent, which no model could know without them.
        logits: of each scored utterance by a model that has not seen it, shape (scored, labels).
        is_rounded: whether the weights are to be rounded to few levels.
        rounding_loss: what that costs in held-out accuracy, 0 to 1; less than 0 for a gain.
        in_scope, out_of_scope: what tells one from the other, of the utterances and of the
            out-of-scope texts.
        detector_weight: what the detector is worth beside the largest logit; 0 without one.
    """

    recipe: Ensemble
    scored: Integers
    logits: Floats
    is_rounded: bool
    rounding_loss: float
    in_scope: OutOfScopeScores
    out_of_scope: OutOfScopeScores
    detector_weight: float

    @property
    def scope_scores(self) -> Floats:
        """The score of each utterance that the out-of-scope threshold bounds."""
        return self.in_scope.combined(self.detector_weight)


def cross_validate(corpus: TrainingSet, *, seed: int, progress: Progress) -> HeldOut:
    """Choose the settings, and score all utterances by models that have not seen them.

    Args:
        corpus: what is trained on.
        seed: of folds and solvers.
        progress: is told each step as it begins.

    Raises:
        NoWordsError: the utterances hold no words.
    """
    splits = fold_splits(corpus, seed=seed)
    count = enough_folds(corpus, splits)
    first = []
    for number, split in enumerate(splits[:count], start=1):
        progress(f"Choosing the settings, fold {number} of {count}")
        first.append(_Fold(corpus, split, CANDIDATES, seed=seed))
    recipe = _choose(corpus, first)

    def others() -> Iterator[_Fold]:
        for number, split in enumerate(splits[count:], start=count + 1):
            progress(f"Cross-validating, fold {number} of {len(splits)}")
            yield _Fold(corpus, split, (recipe.settings,), seed=seed)

    return _collect(corpus, recipe, chain(first, others()))


def enough_folds(corpus: TrainingSet, splits: Sequence[Split]) -> int:
    """Count the folds that it takes to hold out enough utterances for a choice."""
    return min(len(splits), ceil(ENOUGH_FOR_SETTINGS * len(splits) / len(corpus)))


@dataclass(frozen=True, slots=True)
class Split:
    """The numbers of the utterances and out-of-scope texts of a fold, by what becomes of them."""

    fitted: Integers
    held_out: Integers
    fitted_out_of_scope: Integers
    held_out_out_of_scope: Integers


class _Fold:
    """What was learnt from most utterances, and the features of those that were held out."""

    def __init__(
        self, corpus: TrainingSet, split: Split, choices: Sequence[Hyperparameters], *, seed: int
    ) -> None:
        self.split = split
        texts, targets = _at(split.fitted, corpus.texts), corpus.targets[split.fitted]
        lesson = Learner(texts, targets, corpus.labels, seed=seed, embedding=corpus.embedding)
        self.ngram_count = lesson.ngram_count
        self.fit_base_models = {each: lesson.fit_base_models(each) for each in choices}
        self.features = lesson.features.transform(_at(split.held_out, corpus.texts))
        if corpus.out_of_scope:
            self.detector = lesson.detector(_at(split.fitted_out_of_scope, corpus.out_of_scope))
            held_out = _at(split.held_out_out_of_scope, corpus.out_of_scope)
            self.out_of_scope = lesson.features.transform(held_out)

    def scores(self, settings: Hyperparameters) -> list[Floats]:
        """Give the scores of the held-out utterances by each view."""
        return [view.scores(self.features) for view in self.fit_base_models[settings]]


def fold_splits(corpus: TrainingSet, *, seed: int) -> list[Split]:
    """Return the folds of cross-validation; the same seed gives the same ones.

    An utterance that is alone in its intent is fitted in all folds, and held out in none.
    """
    counts = np.bincount(corpus.targets)
    is_scored = counts[corpus.targets] > 1
    scored, alone = is_scored.nonzero()[0], (~is_scored).nonzero()[0]
    fold_count = min(MAX_FOLDS, int(counts.max()))
    folds = StratifiedKFold(fold_count, shuffle=True, random_state=seed)
    turns = np.random.default_rng(seed).permutation(len(corpus.out_of_scope)) % fold_count
    with warnings.catch_warnings():
        # scikit-learn warns of labels that not every fold holds out; every fold fits them.
        warnings.simplefilter("ignore", UserWarning)
        pairs = list(folds.split(scored, corpus.targets[scored]))
    return [
        Split(
            np.union1d(scored[fitted], alone),
            scored[held_out],
            (turns != number).nonzero()[0],
            (turns == number).nonzero()[0],
        )
        for number, (fitted, held_out) in enumerate(pairs)
    ]


def _choose(corpus: TrainingSet, folds: Sequence[_Fold]) -> Ensemble:
    held_out = {each: _scores_by_view(folds, each) for each in CANDIDATES}
    targets = corpus.targets[np.concatenate([fold.split.held_out for fold in folds])]
    return Ensemble.choose(held_out, targets)


def _scores_by_view(folds: Sequence[_Fold], settings: Hyperparameters) -> list[Floats]:
    of_folds = [fold.scores(settings) for fold in folds]
    return [np.concatenate(of_view) for of_view in zip(*of_folds, strict=True)]


def _at(numbers: Integers, texts: Sequence[str]) -> list[str]:
    return [texts[number] for number in numbers]


def _collect(corpus: TrainingSet, recipe: Ensemble, folds: Iterable[_Fold]) -> HeldOut:
    """Let each fold score what it holds out, with the weights as learnt and with rounded ones."""
    logits, rounded_logits = np.empty((2, len(corpus), len(corpus.labels)))
    in_scope_detector = np.zeros(len(corpus))
    out_of_scope = OutOfScopeScores(*np.zeros((2, len(corpus.out_of_scope))))
    held_out_numbers = []
    for fold in folds:
        held_out_numbers.append(fold.split.held_out)
        held_out, linear = fold.split.held_out, recipe.blend(fold.fit_base_models[recipe.settings])
        logits[held_out] = linear.scores(fold.features)
        step = step_of(linear, fold.ngram_count)
        rounded_linear = rounded(linear, step, fold.ngram_count)
        rounded_logits[held_out] = rounded_linear.scores(fold.features)
        if corpus.out_of_scope:
            in_scope_detector[held_out] = fold.detector.scores(fold.features)[:, 0]
            _score_out_of_scope(fold, linear, out_of_scope)
    scored = np.sort(np.concatenate(held_out_numbers))
    targets, logits, rounded_logits = corpus.targets[scored], logits[scored], rounded_logits[scored]
    loss = _accuracy(logits, targets) - _accuracy(rounded_logits, targets)
    is_rounded = loss <= MAX_LOSS
    kept = rounded_logits if is_rounded else logits
    in_scope = OutOfScopeScores(kept.max(axis=1), in_scope_detector[scored])
    weight = fit_detector_weight(in_scope, out_of_scope) if corpus.out_of_scope else 0.0
    return HeldOut(recipe, scored, kept, is_rounded, loss, in_scope, out_of_scope, weight)


def _score_out_of_scope(fold: _Fold, linear: Linear, scores: OutOfScopeScores) -> None:
    held_out = fold.split.held_out_out_of_scope
    scores.largest_logits[held_out] = linear.scores(fold.out_of_scope).max(axis=1)
    scores.detector[held_out] = fold.detector.scores(fold.out_of_scope)[:, 0]


def _accuracy(logits: Floats, targets: Integers) -> float:
    return float((logits.argmax(axis=1) == targets).mean())
