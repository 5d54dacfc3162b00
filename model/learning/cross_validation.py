"""Cross-validation: choose hyperparameters, and score all utterances by models of other folds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, compress

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack

from model.learning.augmentation import misspelt_copy
from model.learning.detectors import Detectors
from model.learning.ensemble import Ensemble, Hyperparameters, candidates
from model.learning.folds import Split, enough_folds, fold_splits
from model.learning.learner import Learner
from model.learning.linear_model import Floats, Integers
from model.learning.neighbours import fit_density_weight
from model.learning.out_of_scope import (
    OutOfScopeScores,
    fit_contrast_weights,
    fit_detector_weight,
)
from model.learning.parallel import map_in_processes
from model.learning.quantization import MAX_LOSS, rounded
from model.learning.training_set import TrainingSet

# Weights are also chosen on misspelt copies, of one in this many held-out texts, if the base models
# are not equally robust: typos change a text's vector more than its n-grams.
MISSPELT_EVERY = 3
VECTOR_MODEL = 2  # the place of the vectors' logistic regression among the base models

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Results of cross-validation.

    Attributes:
        ensemble: the chosen hyperparameters and weights.
        scored: the numbers of the utterances that were held out: all but those that are alone in
            their intent, which no model could know without them.
        logits: of each scored utterance, by the model of the other folds, shape (scored, labels).
        is_rounded: whether the weights are to be rounded to few levels.
        rounding_loss: the loss of held-out accuracy by rounding, -1 to 1.
        in_scope, out_of_scope: scores of the utterances and of the out-of-scope texts.
        detector_weight: the detector's weight relative to the largest logit; 0 without one.
        contrast_weights: the same of the detector of each kind of contrast texts.
    """

    ensemble: Ensemble
    scored: Integers
    logits: Floats
    is_rounded: bool
    rounding_loss: float
    in_scope: OutOfScopeScores
    out_of_scope: OutOfScopeScores
    detector_weight: float
    contrast_weights: tuple[float, ...] = ()

    @property
    def scope_scores(self) -> Floats:
        """The score of each utterance, larger if it is more probably in scope."""
        return self.in_scope.combined(self.detector_weight, self.contrast_weights)

    @property
    def has_detectors(self) -> bool:
        """Return whether anything but the largest logit counts."""
        return self.detector_weight > 0 or any(self.contrast_weights)


def cross_validate(training_set: TrainingSet, *, seed: int, progress: Progress) -> HeldOut:
    """Choose hyperparameters, and score all utterances by models of other folds.

    Args:
        training_set: utterances, intents and out-of-scope texts.
        seed: the random seed of folds and solvers.
        progress: called with a line of text at each step.

    Raises:
        NoWordsError: the utterances have no words.
    """
    splits = fold_splits(training_set, seed=seed)
    count = enough_folds(training_set, splits)
    first_folds, tried = [], candidates(len(training_set))
    for number, split in enumerate(splits[:count], start=1):
        progress(f"Choosing the settings, fold {number} of {count}")
        first_folds.append(_Fold(training_set, split, tried, seed=seed))
    ensemble = _choose(training_set, first_folds)
    for fold in first_folds:
        fold.keep(ensemble.hyperparameters)

    def other_folds() -> Iterator[_Fold]:
        fit_fold = partial(_Fold, training_set, tried=(ensemble.hyperparameters,), seed=seed)
        folds = map_in_processes(fit_fold, splits[count:], is_large=training_set.is_large)
        for number in range(count + 1, len(splits) + 1):
            progress(f"Cross-validating, fold {number} of {len(splits)}")
            yield next(folds)

    return _collect(training_set, ensemble, chain(first_folds, other_folds()))


class _Fold:
    """The models of a fold, and the features of its held-out texts."""

    def __init__(
        self,
        training_set: TrainingSet,
        split: Split,
        tried: Sequence[Hyperparameters],
        *,
        seed: int,
    ) -> None:
        self.split = split
        learner = Learner(training_set, split.fitted, seed=seed)
        self.ngram_count = learner.ngram_count
        base_models = map_in_processes(
            learner.fit_base_models,
            tried,
            is_large=training_set.is_large and len(tried) > 1,
        )
        self.base_models = dict(zip(tried, base_models, strict=True))
        held_out_texts = [training_set.texts[number] for number in split.held_out]
        self.features = learner.features.transform(held_out_texts)
        self.densities = learner.log_densities(held_out_texts)
        self.chosen_on, self.targets = self.features, training_set.targets[split.held_out]
        if training_set.embedding and len(tried) > 1:
            misspelt = slice(None, None, MISSPELT_EVERY)
            copies = list(map(misspelt_copy, held_out_texts[misspelt]))
            self.chosen_on = vstack((self.features, learner.features.transform(copies)), "csr")
            self.targets = np.concatenate((self.targets, self.targets[misspelt]))
        self.detectors: Detectors | None = None
        if training_set.out_of_scope:
            groups = list(zip(training_set.outside, split.outside, strict=True))
            fitted = (list(compress(texts, ~is_held_out)) for texts, is_held_out in groups)
            self.detectors = Detectors.fit(learner, *fitted)
            self.outside = [
                learner.features.transform(list(compress(texts, is_held_out)))
                for texts, is_held_out in groups
            ]

    def keep(self, hyperparameters: Hyperparameters) -> None:
        """Forget all other base models: of many intents they take gigabytes."""
        self.base_models = {hyperparameters: self.base_models[hyperparameters]}

    def scores(self, hyperparameters: Hyperparameters) -> list[Floats]:
        """Return the scores by each base model of the texts on which weights are chosen."""
        return [each.scores(self.chosen_on) for each in self.base_models[hyperparameters]]


def _choose(training_set: TrainingSet, folds: Sequence[_Fold]) -> Ensemble:
    held_out = {each: _scores_by_model(folds, each) for each in folds[0].base_models}
    ensemble = Ensemble.choose(
        {each: scores[: VECTOR_MODEL + 1] for each, scores in held_out.items()},
        np.concatenate([fold.targets for fold in folds]),
    )
    densities = [fold.densities for fold in folds if fold.densities is not None]
    if not densities:
        return ensemble
    *_, weight = ensemble.weights
    models = [fold.base_models[ensemble.hyperparameters][VECTOR_MODEL] for fold in folds]
    scores = [model.scores(fold.features) for model, fold in zip(models, folds, strict=True)]
    targets = training_set.targets[np.concatenate([fold.split.held_out for fold in folds])]
    density_weight = fit_density_weight(
        weight * np.concatenate(scores), np.concatenate(densities), targets
    )
    return replace(ensemble, weights=(*ensemble.weights, density_weight))


def _scores_by_model(folds: Sequence[_Fold], hyperparameters: Hyperparameters) -> list[Floats]:
    by_fold = [fold.scores(hyperparameters) for fold in folds]
    return [np.concatenate(scores) for scores in zip(*by_fold, strict=True)]


class _Scores:
    """The scores of all held-out texts, filled in fold by fold.

    Attributes:
        held_out: the numbers of the utterances of each fold so far.
        logits, rounded_logits: of the utterances, by exact and by rounded weights.
        in_scope: of the utterances.
        outside: of each group of ``TrainingSet.outside``.
    """

    def __init__(self, training_set: TrainingSet, ensemble: Ensemble) -> None:
        self._ensemble = ensemble
        self.held_out: list[Integers] = []
        shape = (2, len(training_set), len(training_set.labels))
        # Of many intents they take a gigabyte.
        self.logits, self.rounded_logits = np.empty(shape, np.float32)
        kinds = len(training_set.contrast)
        self.in_scope = OutOfScopeScores.zeros(len(training_set), kinds)
        self.outside = [OutOfScopeScores.zeros(len(each), kinds) for each in training_set.outside]

    def add(self, fold: _Fold) -> None:
        """Score the held-out texts of a fold."""
        rows = fold.split.held_out
        self.held_out.append(rows)
        linear = self._ensemble.blend(fold.base_models[self._ensemble.hyperparameters])
        self.logits[rows] = linear.scores(fold.features)
        self.rounded_logits[rows] = rounded(linear, fold.ngram_count).scores(fold.features)
        if fold.detectors is None:
            return
        self.in_scope.set_detected(rows, *fold.detectors.scores(fold.features))
        for scores, is_held_out, features in zip(
            self.outside, fold.split.outside, fold.outside, strict=True
        ):
            scores.largest_logits[is_held_out] = linear.scores(features).max(axis=1)
            scores.set_detected(is_held_out, *fold.detectors.scores(features))


def _collect(training_set: TrainingSet, ensemble: Ensemble, folds: Iterable[_Fold]) -> HeldOut:
    """Score the held-out texts of each fold, and decide whether to round the weights."""
    scores = _Scores(training_set, ensemble)
    for fold in folds:
        scores.add(fold)
    scored = np.sort(np.concatenate(scores.held_out))
    targets = training_set.targets[scored]
    logits, rounded_logits = scores.logits[scored], scores.rounded_logits[scored]
    loss = _accuracy(logits, targets) - _accuracy(rounded_logits, targets)
    is_rounded = loss <= MAX_LOSS
    kept = (rounded_logits if is_rounded else logits).astype(np.float64)
    in_scope = replace(scores.in_scope.at(scored), largest_logits=kept.max(axis=1))
    out_of_scope, *contrast = scores.outside
    weight = fit_detector_weight(in_scope, out_of_scope) if training_set.out_of_scope else 0.0
    return HeldOut(
        ensemble=ensemble,
        scored=scored,
        logits=kept,
        is_rounded=is_rounded,
        rounding_loss=loss,
        in_scope=in_scope,
        out_of_scope=out_of_scope,
        detector_weight=weight,
        contrast_weights=fit_contrast_weights(
            in_scope, out_of_scope, contrast, detector_weight=weight
        ),
    )


def _accuracy(logits: NDArray[np.float32], targets: Integers) -> float:
    return float((logits.argmax(axis=1) == targets).mean())
