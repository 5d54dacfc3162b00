from __future__ import annotations

import numpy as np
import pytest

from model.learning.detectors import Detectors
from model.learning.learner import Learner
from model.learning.training_set import TrainingSet
from tests.support.small_data import SMALL_DATA

TEXTS, INTENTS = zip(
    *((text, intent) for intent, texts in SMALL_DATA.items() for text in texts), strict=True
)
WEATHER = [f"what is the {thing} like" for thing in ("weather", "rain", "snow", "wind", "sun")]
NEGATED = [f"don't {text}" for text in ("track my parcel", "reset my password", "change my order")]


@pytest.fixture(scope="module")
def learner() -> Learner:
    return Learner(TrainingSet(TEXTS, INTENTS), seed=0)


@pytest.fixture(scope="module")
def detectors(learner) -> Detectors:
    return Detectors.fit(learner, WEATHER, NEGATED)


def test_each_detector_finds_its_own_texts(learner, detectors):
    """Scores are larger for the texts of a detector, and below zero for texts unlike them."""
    ordinary, contrast = detectors.scores(learner.features.transform([*TEXTS, *WEATHER, *NEGATED]))

    ends = [len(TEXTS), len(TEXTS) + len(WEATHER)]
    of_utterances, of_weather, of_negated = np.split(contrast[:, 0], ends)
    assert ordinary[ends[0] : ends[1]].min() > ordinary[: ends[0]].max()
    assert of_negated.min() > max(0, of_utterances.max())
    assert max(np.median(of_utterances), of_weather.max()) < 0


def test_without_contrast_texts_there_is_one_detector(learner):
    """The scores of no kinds have no columns."""
    detectors = Detectors.fit(learner, WEATHER)

    ordinary, contrast = detectors.scores(learner.features.transform(["hi", "bye"]))

    assert (ordinary.shape, contrast.shape) == ((2,), (2, 0))


def test_largest_column_is_the_score_of_being_out_of_scope(learner, detectors):
    """It is the ordinary score, plus that of the kind where it is above zero."""
    features = learner.features.transform([*TEXTS, *WEATHER, *NEGATED])
    ordinary, contrast = detectors.scores(features)

    columns = [each.scores(features)[:, 0] for each in detectors.columns(2.0, [3.0])]

    expected = 2 * ordinary + 3 * np.maximum(contrast[:, 0], 0)
    assert np.max(columns, axis=0) == pytest.approx(expected, abs=1e-4)
