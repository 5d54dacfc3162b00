from __future__ import annotations

import numpy as np

from model.inference.calibration import Temperature
from model.learning.training_set import TrainingSet
from model.training.few_utterances import WEIGHTS, no_calibration, nothing_held_out


def test_no_utterance_is_held_out():
    """The weights are fixed ones, and there are no scores to choose or calibrate by."""
    held_out = nothing_held_out(TrainingSet(("hi", "bye"), ("greet", "leave")))

    assert held_out.ensemble.weights == WEIGHTS
    assert held_out.logits.shape == (0, 2)
    assert len(held_out.scored) == len(held_out.scope_scores) == 0
    assert not held_out.detector_weight


def test_nothing_is_calibrated():
    """Logits stay as they are, and no score is low enough to be rejected."""
    calibration = no_calibration()

    assert calibration.temperature == Temperature(1.0)
    assert calibration.lowest_score == -np.inf
    assert calibration.threshold == 0
