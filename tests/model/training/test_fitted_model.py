from __future__ import annotations

import os
from dataclasses import replace

import pytest

from model.inference.compiled_pipeline import COMPILED_NAME
from model.inference.intent_model import IntentModel
from model.inference.model_card import CARD_NAME
from model.training.fitted_model import MODEL_NAME, REPORT_NAME, TrainedModel
from model.training.record import Options
from model.training.trainer import train


@pytest.fixture(scope="module")
def other_trained(small_dataset) -> TrainedModel:
    """A model of other data, so that its file differs from the small model's."""
    other = replace(small_dataset, train=small_dataset.train[1:])
    return train(other, Options(), progress=lambda _: None)


def test_model_is_saved_with_its_card(small_trained, tmp_path):
    """Saving makes the folder and writes all files into it, readable by everyone."""
    folder = tmp_path / "new" / "folder"

    small_trained.save(folder)

    assert sorted(path.name for path in folder.iterdir()) == [
        "intent_model.pkl",
        "intent_model.safetensors",
        "model_card.json",
        "report.html",
    ]
    assert (folder / COMPILED_NAME).read_bytes() == small_trained.compiled
    assert (folder / MODEL_NAME).read_bytes() == small_trained.content
    assert (folder / CARD_NAME).read_text("utf-8") == small_trained.card.to_json()
    assert (folder / REPORT_NAME).read_text("utf-8") == small_trained.report
    assert [oct(path.stat().st_mode & 0o777) for path in folder.iterdir()] == ["0o644"] * 4


def test_model_is_written_beside_its_place(small_trained, tmp_path, monkeypatch):
    """Each file is written completely to a hidden file of the same folder, then renamed."""
    written = []

    def record(descriptor: int) -> None:
        [hidden] = tmp_path.glob(".*")
        written.append((hidden.name.rsplit(".", 1)[0], os.stat(descriptor).st_size))

    monkeypatch.setattr(os, "fsync", record)

    small_trained.save(tmp_path)

    assert written == [
        (f".{MODEL_NAME}", len(small_trained.content)),
        (f".{COMPILED_NAME}", len(small_trained.compiled)),
        (f".{CARD_NAME}", len(small_trained.card.to_json().encode())),
        (f".{REPORT_NAME}", len(small_trained.report.encode())),
    ]


def test_saving_replaces_the_former_model(small_trained, other_trained, tmp_path):
    """Saving replaces a model in the same folder."""
    small_trained.save(tmp_path)

    other_trained.save(tmp_path)
    model = IntentModel.load(tmp_path / MODEL_NAME)

    assert model.card.to_json() == other_trained.card.to_json()
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(OSError("No space left on device"), id="full-disk"),
        pytest.param(KeyboardInterrupt(), id="interrupt"),
    ],
)
def test_write_that_fails_leaves_the_former_model(
    small_trained, other_trained, tmp_path, monkeypatch, fault
):
    """An interrupted write leaves the former model and card, and no temporary file."""
    small_trained.save(tmp_path)

    def fail(_: int) -> None:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(type(fault)):
            other_trained.save(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        MODEL_NAME,
        COMPILED_NAME,
        CARD_NAME,
        REPORT_NAME,
    ]
    assert (tmp_path / COMPILED_NAME).read_bytes() == small_trained.compiled
    assert (tmp_path / MODEL_NAME).read_bytes() == small_trained.content
    assert (tmp_path / CARD_NAME).read_text("utf-8") == small_trained.card.to_json()


def test_cut_between_model_and_card_is_noticed(small_trained, other_trained, tmp_path, caplog):
    """A new model beside a former card is served without the card, with a warning."""
    small_trained.save(tmp_path)
    (tmp_path / MODEL_NAME).write_bytes(other_trained.content)

    model = IntentModel.load(tmp_path / MODEL_NAME)

    assert model.card.threshold is None
    assert "has no model card of its own" in caplog.text
