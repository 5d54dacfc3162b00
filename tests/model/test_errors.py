from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import (
    ArtifactBrokenError,
    ArtifactError,
    ArtifactMissingError,
    DataError,
    ExplanationError,
    Problem,
)

PATH = Path("folder/model.pkl")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param(3, "data.csv:3: no text", id="line"),
        pytest.param(0, "data.csv: no text", id="whole-file"),
    ],
)
def test_problem_names_its_place(line, text):
    """A problem is formatted as file, line if known, and message."""
    assert str(Problem(Path("data.csv"), line, "no text")) == text


def test_data_error_carries_its_problems():
    """A data error keeps its problems, and formats each as a line, in order."""
    problems = [Problem(Path("b.csv"), 2, "no text"), Problem(Path("a.csv"), 1, "no intent")]

    error = DataError(problems)

    assert error.problems == tuple(problems)
    assert str(error) == "b.csv:2: no text\na.csv:1: no intent"


def test_artifact_error_carries_path_reason_and_remedy():
    """An artifact error names the file, the reason and the remedy."""
    error = ArtifactError(PATH, "is rusty", "Oil it")

    assert (error.path, error.reason, error.remedy) == (PATH, "is rusty", "Oil it")
    assert str(error) == "folder/model.pkl is rusty. Oil it."


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(
            ArtifactBrokenError(PATH, "is rusty"),
            "folder/model.pkl is rusty. Train it again: make train.",
            id="broken",
        ),
        pytest.param(
            ArtifactMissingError(PATH),
            "folder/model.pkl does not exist. "
            "Train a model (make train), or name one by MODEL_URI, MODEL_PATH or --model.",
            id="missing",
        ),
        pytest.param(ExplanationError(), "This model can't explain its predictions", id="explain"),
    ],
)
def test_each_error_says_what_is_wrong_and_what_to_do(error, text):
    """The text of each error is complete and actionable."""
    assert str(error) == text
