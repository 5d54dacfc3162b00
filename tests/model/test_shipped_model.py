"""The model in the repository is the one that its data makes."""

from __future__ import annotations

import numpy as np
import pytest

from model.command import DATA
from model.datasets.dataset import load_dataset
from model.inference.compiled_pipeline import COMPILED_NAME
from model.inference.intent_model import IntentModel
from model.inference.model_card import CARD_NAME, ModelCard
from model.store.model_files import ModelFiles
from tests.support.paths import ROOT

FOLDER = ROOT / "model/shipped"


@pytest.fixture(scope="module")
def in_repository() -> IntentModel:
    """The model in the repository."""
    contents = {name: (FOLDER / name).read_bytes() for name in (COMPILED_NAME, CARD_NAME)}
    return ModelFiles(str(FOLDER), contents).load()


def test_data_has_not_changed_since(in_repository, shipped_folder):
    """Whoever changes the data runs `make shipped`."""
    trained = ModelCard.read(shipped_folder / CARD_NAME)

    assert in_repository.card.training["data"] == trained.training["data"]
    assert in_repository.card.intents == trained.intents


def test_training_makes_the_same_model(in_repository, shipped_model):
    """Equal but for what another processor rounds otherwise."""
    texts = [example.text for example in load_dataset(DATA, seed=0, test_size=0.2).test]
    found, expected = (each.predict(texts) for each in (in_repository, shipped_model))

    assert [each.intent for each in found] == [each.intent for each in expected]
    assert np.allclose(
        [each.confidence for each in found], [each.confidence for each in expected], atol=1e-3
    )
