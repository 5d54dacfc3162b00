from __future__ import annotations

import shutil

import joblib
import numpy as np
import pytest
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from model.compile import main
from model.inference.compiled_pipeline import COMPILED_NAME
from model.inference.intent_model import IntentModel
from model.training.fitted_model import MODEL_NAME


@pytest.fixture
def own_model(small_folder, tmp_path):
    """A folder in which a user's own pipeline replaces the model."""
    folder = shutil.copytree(small_folder, tmp_path / "model")
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    joblib.dump(pipeline.fit(["yes please", "no thanks"], ["yes", "no"]), folder / MODEL_NAME)
    return folder / MODEL_NAME


def test_own_pipeline_is_compiled_and_served(own_model, caplog, capsys):
    """After the command, a user's own pipeline is served compiled."""
    IntentModel.load(own_model)
    assert "was made from another pickle: serving by scikit-learn" in caplog.text
    caplog.clear()

    assert main([str(own_model)]) == 0

    assert capsys.readouterr().out == (
        f"Wrote {own_model.with_name(COMPILED_NAME)} (0.0 MB); it answers as the pipeline does\n"
    )
    assert IntentModel.load(own_model).predict(["please"])[0].intent == "yes"
    assert "scikit-learn" not in caplog.text


def test_pipeline_with_infinite_weights_is_an_error(own_model, capsys):
    """The error names the file."""
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    pipeline.fit(["yes", "no"], ["yes", "no"])
    pipeline[-1].intercept_[0] = np.inf
    joblib.dump(pipeline, own_model)

    assert main([str(own_model)]) == 1

    assert capsys.readouterr().err == (
        f"error: {own_model}: can't be compiled: "
        "The compiled form holds a number that is not finite\n"
    )


def test_pipeline_without_compiled_form_is_an_error(own_model, capsys):
    """The error names the unsupported step, and nothing is written."""
    pipeline = make_pipeline(HashingVectorizer(), LogisticRegression())
    joblib.dump(pipeline.fit(["yes", "no"], ["yes", "no"]), own_model)
    before = own_model.with_name(COMPILED_NAME).read_bytes()

    assert main([str(own_model)]) == 1

    assert capsys.readouterr().err == (
        f"error: {own_model}: can't be compiled: Step 'hashingvectorizer' is a HashingVectorizer, "
        "which has no compiled form\n"
    )
    assert own_model.with_name(COMPILED_NAME).read_bytes() == before


def test_missing_and_broken_files_are_errors(tmp_path, capsys):
    """A missing file, and one that is no pickle, are errors."""
    broken = tmp_path / "broken.pkl"
    broken.write_bytes(b"no pickle")

    assert main([str(tmp_path / "none.pkl")]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert main([str(broken)]) == 1
    assert "is not a readable joblib file" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 1
    assert "can't be read: Is a directory" in capsys.readouterr().err


def test_result_that_can_not_be_written_is_an_error(own_model, capsys, monkeypatch):
    """A failed write is reported with its reason."""

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("model.compile.write_atomically", fail)

    assert main([str(own_model)]) == 1

    assert capsys.readouterr().err == (
        f"error: {own_model.with_name(COMPILED_NAME)} can't be written: No space left on device\n"
    )
