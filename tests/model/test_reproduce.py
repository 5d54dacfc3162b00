from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model.inference.model_card import CARD_NAME
from model.reproduce import EXAMPLES, main
from model.train import main as train_main
from tests.support.paths import ROOT
from tests.support.processes import unmeasured
from tests.support.small_data import SMALL_DATA


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data file and the model trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    rows = [f'"{text}",{intent}' for intent, texts in SMALL_DATA.items() for text in texts]
    (folder / "data.csv").write_text("\n".join(["text,intent", *rows]))
    options = ["--seed", "5", "--reject-budget", "0.1", "--test-size", "0.3"]
    assert train_main(["--data", str(folder / "data.csv"), "--output", str(folder), *options]) == 0
    return folder


@pytest.fixture
def run(trained, tmp_path, capsys, monkeypatch):
    """Run the command on a changed card; return exit code, output and errors."""
    monkeypatch.setenv("COLUMNS", "80")

    def run_on(change=lambda _: None, data: str = "data.csv") -> tuple[int, str, str]:
        card = json.loads((trained / CARD_NAME).read_text())
        change(card)
        (tmp_path / CARD_NAME).write_text(json.dumps(card))
        code = main([str(tmp_path / CARD_NAME), "--data", str(trained / data)])
        return code, *capsys.readouterr()

    return run_on


def test_another_process_gives_the_same_card_and_file(trained):
    """Another process with the card's options trains the same model, byte for byte."""
    command = [sys.executable, "-m", "model.reproduce", str(trained / CARD_NAME)]

    done = subprocess.run(
        [*command, "--data", str(trained / "data.csv")],
        cwd=ROOT,
        env=unmeasured(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    agreeing, _, total, *_ = done.stdout.splitlines()[-2].split()
    assert agreeing == total
    assert int(total) > 50
    assert done.stdout.splitlines()[-1] == "The model file is the same, byte for byte"
    assert "differs" not in done.stdout


def test_data_is_read_as_for_the_training(tmp_path, capsys):
    """Columns and thin intents are chosen by the same options."""
    rows = [f'{intent},"{text}"' for intent, texts in SMALL_DATA.items() for text in texts]
    data, model = tmp_path / "data.csv", tmp_path / "model"
    data.write_text("\n".join(["team,mail", *rows, "rare,once only"]))
    reading = ["--text-column", "mail", "--intent-column", "team", "--min-utterances", "2"]
    arguments = ["--data", str(data), *reading]
    assert train_main([*arguments, "--output", str(model), "--fit-only"]) == 0

    assert main([str(model / CARD_NAME), *arguments]) == 0
    assert main([str(model / CARD_NAME), *arguments[:-2]]) == 1
    assert "read it by the options of the training" in capsys.readouterr().err


def test_numbers_that_differ_are_marked(run):
    """Each differing number is listed with both values; the exit code is 1."""

    def change(card) -> None:
        card["training"]["metrics"]["accuracy"] = 0.123
        card["training"]["metrics"]["intents"][0]["f1"] = 0.321
        card["model_sha256"] = "0"

    code, output, errors = run(change)

    assert (code, errors) == (1, "")
    differing = [line.split() for line in output.splitlines() if "differs" in line]
    assert [(line[1], line[3]) for line in differing] == [
        ("metrics.accuracy", "0.123"),
        ("metrics.intents.0.f1", "0.321"),
    ]
    assert output.splitlines()[-1] == "The model file has other bytes"


def test_other_versions_are_warned_of(run):
    """Other versions are a warning; only the numbers decide on the exit code."""

    def change(card) -> None:
        card["training"]["versions"]["numpy"] = "0.1"

    code, _, errors = run(change)

    assert code == 0
    assert errors.startswith("warning: the card was made with numpy 0.1, here is ")


def test_unusable_card_or_data_is_an_error(run):
    """A card without a training record and missing data are errors."""
    code, _, errors = run(lambda card: card["training"].clear())
    assert (code, "does not record how it was trained" in errors) == (1, True)

    code, _, errors = run(data="nothing.csv")
    assert (code, "nothing.csv: does not exist" in errors) == (1, True)


def test_help_shows_examples(capsys):
    """The help ends with examples and the exit codes."""
    with pytest.raises(SystemExit) as caught:
        main(["--help"])

    assert caught.value.code == 0
    assert capsys.readouterr().out.endswith(EXAMPLES)
