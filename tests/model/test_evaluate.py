from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from model.evaluate import main
from model.training.fitted_model import MODEL_NAME
from tests.support.paths import ROOT
from tests.support.processes import unmeasured

GOOD = "text,intent\nhello,greeting\nreset my password,password_reset\n"


@pytest.fixture
def run(small_folder, tmp_path, capsys):
    """Run the command on a file, and return exit code, output and errors."""

    def run_on(content: str, *options: str) -> tuple[int, str, str]:
        path = tmp_path / "data.csv"
        path.write_text(content)
        code = main([str(path), "--model", str(small_folder / MODEL_NAME), *options])
        return code, *capsys.readouterr()

    return run_on


def test_results_are_printed(run):
    """A test of two utterances that the model knows."""
    code, output, errors = run(GOOD)

    assert (code, errors) == (0, "")
    assert "on 2 utterances\n" in output
    assert re.search(r"│ accuracy +│ 1.0000 │ 0.3424 to 1.0000 │", output)
    assert re.search(r"│ greeting +│ 100.0 \(21-100\) │", output)
    assert "out-of-scope recall" not in output


def test_out_of_scope_texts_come_from_both_places(run, tmp_path):
    """Out-of-scope texts are read from the test file and from a file of their own."""
    others = tmp_path / "others.csv"
    others.write_text("text,intent\nwhat is a quark,out_of_scope\n")
    content = f"{GOOD}zzz,out_of_scope\n"

    _, alone, _ = run(content)
    _, both, _ = run(content, "--out-of-scope", str(others))

    assert "on 2 utterances\n" in alone
    assert "out-of-scope recall" in alone
    assert "out-of-scope recall" in both


def test_rows_of_the_test_alone_are_tested(run, tmp_path):
    """The model knows those of the training part; a note counts the rest."""
    content = (
        "text,intent,split\nhello,greeting,train\nreset my password,password_reset,test\n"
        "hi,greeting,validation\nzzz,out_of_scope,oos_test\n"
    )

    code, output, errors = run(content)

    assert (code, "on 1 utterances\n" in output) == (0, True)
    assert "out-of-scope recall" in output
    assert errors == f"note: {tmp_path}/data.csv: left out: 2 of 4 utterances, not of the test\n"


def test_all_rows_are_tested_if_none_is_of_the_test(run):
    """As a file of other utterances may name them all training texts."""
    content = "text,intent,split\nhello,greeting,train\nreset my password,password_reset,train\n"

    code, output, errors = run(content)

    assert (code, errors) == (0, "")
    assert "on 2 utterances\n" in output


def test_contrast_sets_come_from_a_folder(run, tmp_path):
    """Each contrast set has a row; a label that the model does not know is an error."""
    folder = tmp_path / "contrast"
    folder.mkdir()
    (folder / "negated.csv").write_text("text,intent\nreset my password,password_reset\n")

    code, output, _ = run(GOOD, "--contrast", str(folder))
    (folder / "other.csv").write_text("text,intent\nhi,dance\n")
    refused, _, errors = run(GOOD, "--contrast", str(folder))

    assert (code, refused) == (0, 1)
    assert re.search(r"│ negated: right, or unsure +│ 1.0000 │", output)
    assert "other.csv:2: dance is no intent of the training data" in errors
    assert "rename the intents, or remove the files of other data" in errors


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("text,intent\nhi,dance\n", "data.csv:2: dance is no intent", id="unknown"),
        pytest.param("text,intent\nhi,dance\n", "that was trained on them: --model", id="remedy"),
        pytest.param(
            "text,intent\nzzz,out_of_scope\n", "data.csv: holds no utterances", id="no-intents"
        ),
        pytest.param("hi\n", "no column text", id="no-header"),
    ],
)
def test_data_that_does_not_fit_is_refused(run, content, message):
    """Errors name file and line."""
    code, output, errors = run(content)

    assert (code, output) == (1, "")
    assert message in errors


def test_missing_model_is_an_error(capsys):
    """The error names the missing model."""
    assert main(["data.csv", "--model", "missing.pkl"]) == 1
    assert "missing.pkl" in capsys.readouterr().err


def test_command_runs_as_the_help_says(shipped_folder):
    """``python -m model.evaluate`` on the shipped test prints the results of all utterances."""
    command = [sys.executable, "-m", "model.evaluate", "model/data/test.csv"]
    others = ["--out-of-scope", "model/data/out_of_scope_test.csv"]
    model = ["--model", str(Path(shipped_folder) / MODEL_NAME)]
    result = subprocess.run(
        [*command, *others, *model],
        cwd=ROOT,
        env=unmeasured(),
        check=True,
        capture_output=True,
        text=True,
    )

    assert "on 2380 utterances" in result.stdout
    assert "out-of-scope recall" in result.stdout
