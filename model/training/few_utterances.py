"""Hyperparameters for data with too few utterances to hold any out: mostly descriptions."""

from __future__ import annotations

import numpy as np

from model.inference.calibration import InScopeCalibration, Temperature
from model.learning.calibration import Calibration
from model.learning.cross_validation import HeldOut
from model.learning.ensemble import Ensemble, Hyperparameters
from model.learning.out_of_scope import OutOfScopeScores
from model.learning.training_set import TrainingSet

# Of support vector machine, naive Bayes, and the vectors' logistic regression. Chosen on CLINC150's
# validation split for models that know the intents' names and descriptions alone; with them, the
# temperature is 1 for each of the embeddings.
WEIGHTS = (0.5, 0.035, 2.7)


def nothing_held_out(training_set: TrainingSet) -> HeldOut:
    """Return fixed hyperparameters, and no scores: no utterance was held out."""
    none = np.empty(0)
    return HeldOut(
        ensemble=Ensemble(Hyperparameters(), WEIGHTS),
        scored=np.empty(0, np.intp),
        logits=np.empty((0, len(training_set.labels))),
        is_rounded=False,
        rounding_loss=0.0,
        in_scope=OutOfScopeScores(none, none),
        out_of_scope=OutOfScopeScores(none, none),
        detector_weight=0.0,
    )


def no_calibration() -> Calibration:
    """Return a calibration that leaves the logits as they are, and rejects no text."""
    return Calibration(Temperature(), InScopeCalibration(slope=1.0, intercept=0.0), -np.inf)
