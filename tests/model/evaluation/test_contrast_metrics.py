from __future__ import annotations

from model.datasets.contrast import ContrastText
from model.evaluation.contrast_metrics import safely_answered
from model.inference.calibration import InScopeCalibration
from model.inference.intent_model import IntentModel
from model.inference.model_card import ModelCard
from tests.support.tables import TableScorer

TABLE = {"sure": [4.0, 0.0], "unsure": [0.1, 0.0], "odd": [-4.0, -9.0]}


def test_right_labels_and_low_confidences_are_safe():
    """A text is answered safely by any of its labels, or by a confidence below a half."""
    card = ModelCard(("a", "b"), "", in_scope=InScopeCalibration(1.0, 0.0), threshold=0.5)
    model = IntentModel(TableScorer(("a", "b"), TABLE), card)
    sets = {
        "first": [
            ContrastText("sure", frozenset({"b", "a"})),
            ContrastText("sure", frozenset({"b"})),
            ContrastText("unsure", frozenset({"b"})),
        ],
        "second": [
            ContrastText("odd", frozenset({"out_of_scope"})),
            ContrastText("odd", frozenset({"a"})),
        ],
    }

    safe = safely_answered(model, sets)

    assert {name: each.tolist() for name, each in safe.items()} == {
        "first": [True, False, True],
        "second": [True, False],
    }
