"""Metrics on contrast sets: which texts are answered rightly, or at least not with confidence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.datasets.contrast import ContrastSets
from model.inference.intent_model import IntentModel

# A confidence below this asserts nothing; the service's default of LOW_CONFIDENCE.
UNSURE = 0.5


def safely_answered(model: IntentModel, sets: ContrastSets) -> dict[str, NDArray[np.bool_]]:
    """Return for each text of each set whether its label is right or its confidence is low."""
    return {
        name: np.array(
            [
                prediction.intent in each.intents or prediction.confidence < UNSURE
                for each, prediction in zip(
                    texts, model.predict([each.text for each in texts]), strict=True
                )
            ]
        )
        for name, texts in sets.items()
    }
