from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model.desk.examination import RESULT_NAME, main
from model.inference.intent_model import IntentModel
from model.training.fitted_model import MODEL_NAME
from tests.support.small_data import SMALL_DATA


def write(path: Path, rows: list[tuple[str, str]]) -> None:
    path.write_text("text,intent\n" + "".join(f'"{text}",{intent}\n' for text, intent in rows))


@pytest.fixture
def rows() -> list[tuple[str, str]]:
    """The small data."""
    return [(text, intent) for intent, texts in SMALL_DATA.items() for text in texts]


def result(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / RESULT_NAME).read_text())
    return content


def test_a_training_finds_and_compares(tmp_path, rows, capsys):
    """The second model is compared on the texts that the first one was not trained on."""
    data, first, second = (tmp_path / name for name in ("tickets.csv", "first", "second"))
    write(data, rows)
    assert main([str(data), str(first)]) == 0
    held_out = set(result(first)["test_texts"])
    before = [each for each in rows if each[0].casefold() not in held_out]
    write(data, [*rows, ("hello my order", "greeting"), ("a new one", "order_tracking")])
    assert main([str(data), str(second), "--before", str(first)]) == 0

    assert len(before) == len(rows) - len(held_out)
    assert set(result(second)["test_texts"]) == held_out
    comparison = result(second)["comparison"]
    assert comparison["utterances"] == len(held_out)
    assert len(comparison["accuracy"]) == 2
    assert IntentModel.load(second / MODEL_NAME).predict(["hello"])
    assert "Comparing both models on" in capsys.readouterr().out


def test_the_neighbours_of_an_intent_are_found(tmp_path, rows):
    """Each intent has the others, the likeliest first; alone in its intent, a text has none."""
    data, folder = tmp_path / "data", tmp_path / "model"
    data.mkdir()
    write(data / "train.csv", [*rows, ("zzz", "alone")])
    write(data / "test.csv", rows[:1] + rows[-1:])
    assert main([str(data), str(folder)]) == 0

    neighbours = result(folder)["neighbours"]
    assert set(neighbours) == set(SMALL_DATA)
    assert set(neighbours["greeting"]) == {"order_tracking", "password_reset", "alone"}
    assert "comparison" not in result(folder)


def test_a_folder_has_its_own_test(tmp_path, rows):
    """Both models are tested on the test file."""
    data, first, second = (tmp_path / name for name in ("data", "first", "second"))
    data.mkdir()
    write(data / "train.csv", rows)
    write(data / "test.csv", [("hello you", "greeting"), ("my parcel", "order_tracking")])
    assert main([str(data), str(first)]) == 0
    assert main([str(data), str(second), "--before", str(first)]) == 0
    assert result(second)["comparison"]["utterances"] == 2


def test_data_that_cannot_be_trained_on_is_reported(tmp_path, capsys):
    """The reason is one line, and the exit code 1."""
    write(tmp_path / "one.csv", [("hi", "greet"), ("hello", "greet")])
    assert main([str(tmp_path / "one.csv"), str(tmp_path / "model")]) == 1
    assert "at least two are needed" in capsys.readouterr().err
