"""Choose the features of a model: the cheapest whose held-out accuracy is near the best."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scipy.stats import sem

from model.datasets.dataset import Dataset
from model.errors import DataError, EncoderMissingError, VectorsMissingError
from model.inference.intent_model import IntentModel
from model.learning.cross_validation import Progress
from model.learning.embeddings import Features, median_ms
from model.training.checks import WITH_VECTORS
from model.training.fitted_model import MODEL_NAME, FittedModel
from model.training.record import Options
from model.training.trainer import fit

# From cheap to expensive, by the time of a prediction.
KINDS: Sequence[Features] = ("tfidf", "static", "use", "minilm")
# A smaller gain of held-out accuracy is worth no further cost.
MIN_GAIN = 0.005


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model with one kind of features, and its cost.

    Attributes:
        options: those that it was fitted with.
        fitted: the model.
        is_right: whether each held-out utterance was classified rightly.
        milliseconds: CPU time of a prediction, the median.
        load_milliseconds: CPU time to load the model, without the start of Python.
        megabytes: the size of the files that are served.
    """

    options: Options
    fitted: FittedModel
    is_right: NDArray[np.bool_]
    milliseconds: float
    load_milliseconds: float
    megabytes: float

    @property
    def accuracy(self) -> float:
        """The share of held-out utterances that were classified rightly, 0 to 1."""
        return float(self.is_right.mean())


def fit_candidates(dataset: Dataset, options: Options, *, progress: Progress) -> list[Candidate]:
    """Fit a model with each kind of features whose weights are installed, the cheapest first.

    All other options are the same.

    Raises:
        DataError: nothing can be held out to compare by; otherwise as ``fit`` does.
    """
    if dataset.is_mostly_described:
        message = (
            f"has too few utterances to compare features by: add utterances, or name {WITH_VECTORS}"
        )
        raise DataError.at(dataset.train[0].file, message)
    candidates = []
    for number, kind in enumerate(KINDS, start=1):
        progress(f"Candidate {number} of {len(KINDS)}: --features {kind}")
        languages = options.languages if kind == "use" else ()
        own_options = replace(options, features=kind, languages=languages)
        try:
            fitted = fit(dataset, own_options, progress=progress)
        except (VectorsMissingError, EncoderMissingError) as error:
            progress(f"Left out: {error}")
        else:
            candidates.append(_measured(own_options, fitted))
    return candidates


def choose(candidates: Sequence[Candidate]) -> Candidate:
    """Return the first candidate that is nearly as accurate as the best.

    Nearly means: the gain of the best on the same held-out utterances is at most half a point, or
    at most its standard error (as the rule of Breiman et al. 1984).

    Args:
        candidates: at least one, the cheapest first.
    """
    best = max(candidates, key=lambda each: each.accuracy)

    def is_near(candidate: Candidate) -> bool:
        gains = best.is_right.astype(float) - candidate.is_right
        return bool(gains.mean() <= max(MIN_GAIN, float(sem(gains))))

    return next(filter(is_near, candidates))


def _measured(options: Options, fitted: FittedModel) -> Candidate:
    held_out, targets = fitted.held_out, fitted.training_set.targets
    with TemporaryDirectory() as folder:
        path = Path(folder) / MODEL_NAME
        fitted.save(path.parent)
        started = time.thread_time()
        model = IntentModel.load(path)
        load_s = time.thread_time() - started
        milliseconds = median_ms(model.predict, fitted.training_set.texts)
    return Candidate(
        options=options,
        fitted=fitted,
        is_right=held_out.logits.argmax(axis=1) == targets[held_out.scored],
        milliseconds=milliseconds,
        load_milliseconds=1000 * load_s,
        megabytes=fitted.served_bytes / 1e6,
    )
