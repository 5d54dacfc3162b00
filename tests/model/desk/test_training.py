from __future__ import annotations

import shutil
import sys
from typing import Any

import pytest

from model.desk import training
from model.desk.errors import BusyError, DecisionError
from model.desk.examination import RESULT_NAME
from model.desk.training import Training
from tests.model.desk.conftest import QUICK

WAIT = "import time\nprint('Fitting', flush=True)\ntime.sleep(3600)\n"
DAMAGE = f"import sys\nopen(sys.argv[2] + '/{RESULT_NAME}', 'w').write('?')\n"
FAIL = "import sys\nsys.exit('error: no intents')\n"


@pytest.fixture
def results() -> list[dict[str, Any]]:
    """The results that were taken over."""
    return []


@pytest.fixture
def trainer(folder, results, monkeypatch):
    """A trainer whose trainings end at once."""
    monkeypatch.setattr(training, "COMMAND", QUICK)
    trainer = Training(folder, results.append)
    yield trainer
    trainer.close()


def run(trainer: Training) -> dict[str, Any]:
    trainer.start()
    trainer.wait()
    return trainer.status()


def test_nothing_is_trained_at_first(trainer):
    """There is no model, and nothing to adopt."""
    status = trainer.status()
    assert (status["state"], status["models"], status["can_compare"]) == ("idle", 0, False)
    assert trainer.model is None
    trainer.wait()
    with pytest.raises(DecisionError, match="No model is trained yet"):
        trainer.adopt(trainer._folder)


def test_results_are_taken_over(trainer, results):
    """The lines of progress are kept, and the results passed on."""
    status = run(trainer)
    assert (status["state"], status["lines"]) == ("done", ["Fitting"])
    assert not status["can_compare"]
    assert results[0]["neighbours"] == {"greeting": ["order_tracking"]}


def test_a_second_training_is_compared_with_the_first(trainer):
    """A third one has only the second one to compare with: older models are removed."""
    run(trainer)
    first = trainer.model
    run(trainer)
    assert trainer.comparison == {"changed": 0}
    assert first.exists()
    assert run(trainer)["models"] == 3
    assert not first.exists()


def test_a_model_is_adopted(trainer, tmp_path):
    """Its files replace those of a former model, whose report and compiled form leave."""
    output = tmp_path / "output"
    output.mkdir()
    for name in ("report.html", "intent_model.safetensors", "intent_model.pkl"):
        (output / name).write_text("old")
    run(trainer)
    trainer.adopt(output)

    assert {each.name for each in output.iterdir()} == {"intent_model.pkl", "model_card.json"}
    assert (output / "intent_model.pkl").read_text() == "intent_model.pkl"


def test_a_model_whose_files_are_gone_is_not_adopted(trainer, tmp_path):
    """Systems clean up their temporary files; the former model must not leave with them."""
    output = tmp_path / "output"
    output.mkdir()
    (output / "intent_model.pkl").write_text("former")
    run(trainer)
    shutil.rmtree(trainer.model.parent)

    with pytest.raises(DecisionError, match="are gone: train again"):
        trainer.adopt(output)
    assert (output / "intent_model.pkl").read_text() == "former"


def test_a_training_goes_on_without_the_files_of_former_ones(trainer):
    """There is nothing to compare with."""
    run(trainer)
    shutil.rmtree(trainer.model.parent)

    assert run(trainer)["state"] == "done"
    assert trainer.comparison is None


@pytest.mark.parametrize("code", ["", DAMAGE], ids=["missing", "damaged"])
def test_results_that_can_not_be_taken_over_are_a_failure(trainer, monkeypatch, code):
    """Another training can be started."""
    monkeypatch.setattr(training, "COMMAND", (sys.executable, "-c", code))
    status = run(trainer)
    assert (status["state"], trainer.model) == ("failed", None)
    assert status["lines"][0].startswith("error: the trained model can't be used: ")
    monkeypatch.setattr(training, "COMMAND", QUICK)
    assert run(trainer)["state"] == "done"


def test_a_failure_is_reported(trainer, results, monkeypatch):
    """The last line says why; the former model stays."""
    monkeypatch.setattr(training, "COMMAND", (sys.executable, "-c", FAIL))
    status = run(trainer)
    assert (status["state"], status["lines"]) == ("failed", ["error: no intents"])
    assert results == []
    assert trainer.model is None


def test_a_training_can_be_cancelled(trainer, monkeypatch):
    """Meanwhile no other one starts; afterwards another one can."""
    monkeypatch.setattr(training, "COMMAND", (sys.executable, "-c", WAIT))
    trainer.start()
    assert trainer.status()["state"] == "running"
    with pytest.raises(BusyError):
        trainer.start()
    trainer.cancel()
    trainer.wait()
    assert trainer.status()["state"] == "cancelled"
    trainer.cancel()
    assert trainer.status()["state"] == "cancelled"


def test_closing_ends_the_training(folder, monkeypatch):
    """The process ends, and the folder of models is removed."""
    monkeypatch.setattr(training, "COMMAND", (sys.executable, "-c", WAIT))
    trainer = Training(folder, print)
    trainer.start()
    process = trainer._process
    trainer.close()
    assert process
    assert process.returncode == -15
    assert not trainer._folder.exists()
