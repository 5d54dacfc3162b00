from __future__ import annotations

import errno
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import FeatureUnion

from model.inference.compiled_pipeline import COMPILED_NAME
from model.inference.encoders import ENCODER_NAME
from model.inference.intent_model import IntentModel
from model.inference.model_card import CARD_NAME
from model.reporting.console_report import SHARES
from model.train import EXAMPLES, language_codes, main
from model.training.fitted_model import MODEL_NAME, REPORT_NAME
from tests.support.paths import ROOT
from tests.support.processes import unmeasured
from tests.support.small_data import SMALL_DATA

ANIMALS = ("dog", "cat", "cow", "fox", "owl")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the command that several tests look at: its folder, and what it printed."""

    folder: Path
    out: str
    err: str

    @property
    def output(self) -> Path:
        return self.folder / "out"

    @property
    def card(self) -> Any:
        return read_card(self.output)


@contextmanager
def plain_console(folder: Path) -> Iterator[None]:
    """Work in a folder, with a console of eighty columns without colours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "80")
        patch.delenv("FORCE_COLOR", raising=False)
        yield


@pytest.fixture(autouse=True)
def _plain_console(tmp_path):
    with plain_console(tmp_path):
        yield


def run_in(folder: Path, write_data: Callable[[], str]) -> Run:
    """Run the command on data in a folder, and require success."""
    out, err = io.StringIO(), io.StringIO()
    with plain_console(folder), redirect_stdout(out), redirect_stderr(err):
        assert main(["--data", write_data(), "--output", "out"]) == 0
    return Run(folder, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def small_run(tmp_path_factory) -> Run:
    """A run on the small data without further options."""
    return run_in(tmp_path_factory.mktemp("small"), write_small)


@pytest.fixture(scope="module")
def confused_run(tmp_path_factory) -> Run:
    """A run on the data whose test is mistaken."""
    return run_in(tmp_path_factory.mktemp("confused"), write_confused)


def write(name: str, rows: Iterable[tuple[str, str]]) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("text,intent\n" + "".join(f'"{text}",{intent}\n' for text, intent in rows))
    return name


def small_rows() -> list[tuple[str, str]]:
    return [(text, intent) for intent, texts in SMALL_DATA.items() for text in texts]


def write_small() -> str:
    return write("small.csv", small_rows())


@pytest.fixture
def small_csv() -> str:
    return write_small()


def mistakable(animal: str, label: str) -> str:
    """Return an utterance with one animal's word and another's label."""
    return f"{animal} {20 + ANIMALS.index(label)}"


def write_confused() -> str:
    """Write five intents; the test has, with the label of each, an utterance of each other one."""
    train = [(f"{animal} {number}", animal) for animal in ANIMALS for number in range(20)]
    test = [
        (mistakable(animal, label), label)
        for label in ANIMALS
        for animal in ANIMALS
        if animal != label
    ]
    write("confused/train.csv", train)
    write("confused/test.csv", test)
    write("confused/out_of_scope_test.csv", [("tell a joke", "out_of_scope")])
    return "confused"


@pytest.fixture
def confused_folder() -> str:
    return write_confused()


def table_rows(output: str, border: str = "│") -> list[list[str]]:
    rows = (line.split(border)[1:-1] for line in output.splitlines() if line.startswith(border))
    return [[cell.strip() for cell in row] for row in rows]


def table_headers(output: str) -> list[list[str]]:
    return table_rows(output, border="┃")


def percent(score: dict[str, Any], name: str) -> str:
    interval = score["intervals"][name]
    low, high = 100 * interval["low"], 100 * interval["high"]
    return f"{100 * score[name]:.1f} ({low:.0f}-{high:.0f})"


def place_in(lines: list[str], text: str) -> str:
    [number] = [number for number, line in enumerate(lines, 1) if line.startswith(f'"{text}"')]
    return f"test.csv:{number} {text}"


def read_card(folder: str | Path) -> Any:
    return json.loads((Path(folder) / CARD_NAME).read_text("utf-8"))


def test_training_prints_the_results_and_writes_the_model(small_run):
    """A file of utterances becomes a model; its test results and its path are printed."""
    output = small_run.out
    lines = [line.rstrip() for line in output.splitlines()]
    metrics = small_run.card["training"]["metrics"]
    assert lines[:2] == [
        "Training on 18 utterances of 3 intents, testing on 6",
        "Choosing the settings, fold 1 of 5",
    ]
    assert "Test results" in lines
    assert table_headers(output) == [
        ["intent", "precision", "recall", "f1", "tests"],
        ["result", "value", "95 % interval"],
    ]
    intents, results = table_rows(output)[:3], table_rows(output)[3:]
    assert intents == [
        [score["intent"], *(percent(score, name) for name in SHARES), str(score["support"])]
        for score in sorted(metrics["intents"], key=lambda score: score["f1"])
    ]
    intervals = metrics["intervals"]
    expected = [
        ("accuracy", metrics["accuracy"], intervals["accuracy"]),
        ("macro-F1", metrics["macro_f1"], intervals["macro_f1"]),
        (
            "expected calibration error",
            metrics["calibration_error"],
            intervals["calibration_error"],
        ),
        ("false rejection rate", metrics["rejected"], intervals["rejected"]),
        *(
            (f"accuracy with {noise}", share, intervals[noise])
            for noise, share in metrics["robustness"].items()
        ),
    ]
    assert results == [
        [name, f"{value:.4f}", f"{interval['low']:.4f} to {interval['high']:.4f}"]
        for name, value, interval in expected
    ]
    assert re.fullmatch(
        rf"Wrote out/{MODEL_NAME}, {COMPILED_NAME}, {CARD_NAME} and {REPORT_NAME} after \d+ s",
        lines[-1],
    )
    model = IntentModel.load(small_run.output / MODEL_NAME)
    assert model.predict(["hello"])[0].intent == "greeting"


def test_static_vectors_are_an_option(small_csv):
    """With --features static, the model also learns from static word vectors."""
    options = ["--features", "static", "--fit-only"]
    assert main(["--data", small_csv, "--output", "out", *options]) == 0

    assert read_card("out")["training"]["options"]["features"] == "static"
    assert (Path("out") / COMPILED_NAME).stat().st_size > 4e6


def test_static_vectors_that_are_not_installed_end_the_command(small_csv, capsys, monkeypatch):
    """One line says how to install the missing vectors, and nothing is written."""
    monkeypatch.setattr("model.learning.encoders.wordllama.PACKAGE", "no-such-package")

    assert main(["--data", small_csv, "--output", "out", "--features", "static"]) == 1

    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: --features static needs the word vectors of the package wordllama: "
        "pip install --no-deps --requirement requirements/static.txt"
    )
    assert not Path("out").exists()


def test_model_is_saved_before_its_assessment(small_csv, capsys, monkeypatch):
    """An interrupted assessment leaves a model that can be served, without the former report."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    Path("out").mkdir()
    (Path("out") / REPORT_NAME).write_text("of a former model")
    monkeypatch.setattr("model.training.trainer.assess", interrupt)

    with pytest.raises(KeyboardInterrupt):
        main(["--data", small_csv, "--output", "out"])

    *_, written, following = capsys.readouterr().out.splitlines()
    assert re.fullmatch(
        rf"Wrote out/{MODEL_NAME}, {COMPILED_NAME} and {CARD_NAME} after \d+ s", written
    )
    assert following == "The model can be served; its assessment follows"
    assert IntentModel.load(Path("out") / MODEL_NAME).predict(["hello"])[0].intent == "greeting"
    assert not (Path("out") / REPORT_NAME).exists()


def test_unwritable_output_is_an_error_before_the_training(small_csv, capsys):
    """A long training is not lost."""
    Path("taken").touch()

    assert main(["--data", small_csv, "--output", "taken"]) == 1

    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "error: taken can't be written: Not a directory\n")


def test_fit_only_writes_the_same_model(small_csv, small_run, capsys):
    """With --fit-only the model's files are the same, but there are no results and no report."""
    assert main(["--data", small_csv, "--output", "fitted", "--fit-only"]) == 0

    assert "Test results" not in capsys.readouterr().out
    assert sorted(path.name for path in Path("fitted").iterdir()) == [
        MODEL_NAME,
        COMPILED_NAME,
        CARD_NAME,
    ]
    for name in (MODEL_NAME, COMPILED_NAME):
        assert (Path("fitted") / name).read_bytes() == (small_run.output / name).read_bytes()
    assessed, fitted = small_run.card, read_card("fitted")
    assert fitted["self_test"] == assessed["self_test"]
    assert "metrics" not in fitted["training"]


def test_training_warns_of_doubtful_data(small_run):
    """Warnings go to the error output, with file and line."""
    assert small_run.err == (
        "warning: small.csv:2: greeting has 8 utterances; 20 or more do better\n"
        "warning: small.csv:10: order_tracking has 8 utterances; 20 or more do better\n"
        "warning: small.csv:18: password_reset has 8 utterances; 20 or more do better\n"
        "warning: 3 thin intents: add utterances, or leave out intents with fewer than N: "
        "--min-utterances N\n"
    )


def test_training_prints_the_worst_confusions(confused_run):
    """Of twenty confusions, the ten worst are printed."""
    confusions = confused_run.card["training"]["metrics"]["confusions"]
    lines = (confused_run.folder / "confused/test.csv").read_text().splitlines()
    assert len(confusions) == 20
    assert table_rows(confused_run.out)[len(ANIMALS) :][:10] == [
        [
            item["intent"],
            item["taken_for"],
            str(item["count"]),
            place_in(lines, mistakable(item["taken_for"], item["intent"])),
        ]
        for item in confusions[:10]
    ]
    assert table_headers(confused_run.out)[1] == ["intent", "mistaken for", "tests", "example"]
    assert "Worst confusions" in [line.rstrip() for line in confused_run.out.splitlines()]
    assert confused_run.err == ""


def test_training_without_confusions_prints_none(confused_folder, capsys):
    """A test without mistakes has no table of confusions."""
    write("confused/test.csv", [(f"{animal} again", animal) for animal in ANIMALS])

    assert main(["--data", confused_folder, "--output", "out"]) == 0

    output = capsys.readouterr().out
    assert ["accuracy", "1.0000", "0.5655 to 1.0000"] in table_rows(output)
    assert "Worst confusions" not in output


def test_training_prints_what_was_found_out_of_scope(confused_run):
    """Recall and AUROC of the out-of-scope texts are printed where there are such texts."""
    metrics = confused_run.card["training"]["metrics"]
    shown = {row[0]: row[1] for row in table_rows(confused_run.out)}
    assert shown["out-of-scope recall"] == f"{metrics['out_of_scope_recall']:.4f}"
    assert shown["out-of-scope AUROC"] == f"{metrics['out_of_scope_auroc']:.4f}"


def test_training_prints_recommendations(small_run):
    """Cross-validation, recommendations with file and line, and the verdict on more data."""
    output = small_run.out
    results = small_run.card["training"]["cross_validation"]
    assert f"training utterances: accuracy {results['accuracy']:.4f} (" in output
    assert "What to improve first (report.html lists all of it):\n1. " in output
    assert re.search(r"\n   greeting \(small.csv:2\): 8 utterances, \d+% recognised; add ", output)
    assert "\nMore data " in output


def test_training_without_out_of_scope_texts_says_what_follows(small_run):
    """Without out-of-scope texts, there are no results of them, and a line says how to add some."""
    output = small_run.out
    assert "out-of-scope recall" not in output
    assert (
        "\nTrained without out-of-scope examples, the model rejects few of the messages that fit "
        "no intent. To reject more, add 25 or more such messages (a share of them is held out for "
        "the test) to the data, with the intent out_of_scope, and train again (docs/data.md)\n"
    ) in output


def test_too_few_out_of_scope_texts_are_counted(capsys):
    """The output says how many there are and how many to add; the card counts none as used."""
    others = [(f"is {number} odd", "out_of_scope") for number in range(20)]
    path = write("small.csv", [*small_rows(), *others])

    main(["--data", path, "--output", "out", "--fit-only"])

    assert (
        "\nToo few out-of-scope examples to learn from: 16 (beside 4 for the test), and 20 are "
        "needed; without them, the model rejects few of the messages that fit no intent. To reject "
        "more, add 5 or more such messages (a share of them is held out for the test) to the data, "
        "with the intent out_of_scope, and train again (docs/data.md)\n"
    ) in capsys.readouterr().out
    assert read_card("out")["training"]["data"]["out_of_scope_validation"] == 0


def test_of_texts_in_a_file_of_their_own_none_is_held_out(capsys):
    """Where the test is a file, the output asks for no more texts than are learnt from."""
    write("data/train.csv", small_rows())
    write("data/test.csv", [("hello again", "greeting")])
    write("data/out_of_scope_validation.csv", [("is 1 odd", "out_of_scope")])

    main(["--data", "data", "--output", "out", "--fit-only"])

    output = capsys.readouterr().out
    assert "\nToo few out-of-scope examples to learn from: 1, and 20 are needed; " in output
    assert " add 19 or more such messages to the data, with the intent " in output


def test_training_with_out_of_scope_texts_asks_for_no_more(capsys):
    """With twenty out-of-scope examples to learn from, the output has no such line."""
    others = [
        (f"{animal} {number} rains", "out_of_scope") for animal in ANIMALS for number in "123456"
    ]
    path = write("small.csv", [*small_rows(), *others])

    main(["--data", path, "--output", "out", "--fit-only"])

    assert "out-of-scope examples" not in capsys.readouterr().out


def test_contrast_sets_are_tested(capsys):
    """Each file of the folder contrast_test becomes a result, also in the card."""
    write("data/train.csv", small_rows())
    rows = [("hello you", "greeting"), ("hi you", "order_tracking")]
    write("data/contrast_test/no_longer.csv", rows)

    assert main(["--data", "data", "--output", "out"]) == 0

    shown = {row[0]: row[1] for row in table_rows(capsys.readouterr().out)}
    assert shown["no longer: right, or unsure"] == "0.5000"
    metrics = read_card("out")["training"]["metrics"]
    assert metrics["contrast"] == {"no longer": 0.5}
    assert set(metrics["intervals"]["no longer"]) == {"low", "high"}


def test_seed_and_test_size_reach_the_training(small_csv):
    """The card has the seed, and the test holds the requested share of each intent."""
    main(
        ["--data", small_csv, "--output", "out", "--seed", "7", "--test-size", "0.5", "--fit-only"]
    )

    training = read_card("out")["training"]
    assert training["options"]["seed"] == 7
    assert (training["data"]["train"], training["data"]["test"]) == (12, 12)


def test_a_fifth_is_the_test_and_the_seed_is_zero_unless_said(confused_folder):
    """Without --seed and --test-size, a fifth of each intent is put aside with seed 0."""
    main(["--data", f"{confused_folder}/train.csv", "--output", "out", "--fit-only"])

    training = read_card("out")["training"]
    assert training["options"]["seed"] == 0
    assert (training["data"]["train"], training["data"]["test"]) == (80, 20)


def test_contradictions_are_refused_unless_said(capsys):
    """With the option, a text under two labels is left out with a warning."""
    path = write("small.csv", [*small_rows(), ("hello", "password_reset")])

    assert main(["--data", path, "--output", "out"]) == 1
    refused = capsys.readouterr().err
    options = ["--leave-out-contradictions", "--fit-only"]
    assert main(["--data", path, "--output", "out", *options]) == 0

    line = "small.csv:26: labelled password_reset, but line 2 labels the same text greeting"
    remedy = "mend their labels, or do without them: --leave-out-contradictions"
    assert refused == f"error: {line}\nerror: 1 texts with two intents: {remedy}\n"
    assert f"warning: {line}; both left out\n" in capsys.readouterr().err
    data = read_card("out")["training"]["data"]
    assert data["train"] + data["test"] == 23


def test_reject_budget_reaches_the_training(small_csv, small_run):
    """The card has the budget, and the threshold depends on it."""
    main(["--data", small_csv, "--output", "out", "--reject-budget", "0.5", "--fit-only"])

    strict, lenient = read_card("out"), small_run.card
    assert strict["training"]["options"]["reject_budget"] == 0.5
    assert lenient["training"]["options"]["reject_budget"] == 0.05
    assert strict["threshold"] > lenient["threshold"]


def test_data_errors_leave_the_former_model(small_csv, small_trained, capsys):
    """Data that can't be trained on exits with 1, each problem at its place, and writes nothing."""
    small_trained.save(Path("out"))
    write("small.csv", [*small_rows(), ("", "greeting"), ("hi", "")])

    assert main(["--data", small_csv, "--output", "out"]) == 1

    assert capsys.readouterr() == (
        "",
        (
            "error: small.csv:26: no text\n"
            "error: small.csv:27: no intent\n"
            "error: 2 entries that can't be read: mend them, or do without them: "
            "--leave-out-unreadable\n"
        ),
    )
    assert (Path("out") / MODEL_NAME).read_bytes() == small_trained.content
    assert (Path("out") / CARD_NAME).read_text("utf-8") == small_trained.card.to_json()


def test_messages_are_printed_as_they_are(capsys):
    """A message that is longer than the console, or that looks like markup, is not changed."""
    intent = "[bold]" + "x" * 100
    write("data.csv", [("howdy", "greeting"), ("howdy", intent), *small_rows()])

    assert main(["--data", "data.csv"]) == 1

    assert capsys.readouterr().err.startswith(
        f"error: data.csv:3: labelled {intent}, but line 2 labels the same text greeting\n"
    )


def test_lines_and_intents_are_printed_as_they_are(capsys):
    """Neither a line number between colons nor an intent in brackets is taken for markup."""
    write("lines.csv", [("hello", "a")] * 98 + [("", "a")])
    rows = [(text, f"[/{intent}]") for text, intent in small_rows()]

    assert main(["--data", "lines.csv"]) == 1
    assert "error: lines.csv:100: no text\n" in capsys.readouterr().err
    assert main(["--data", write("brackets.csv", rows), "--output", "out"]) == 0
    assert "[/greeting]" in capsys.readouterr().out


def test_largest_test_leaves_enough_to_train_on(small_csv):
    """Even the largest test size leaves the utterances that calibration needs."""
    assert main(["--data", small_csv, "--output", "out", "--test-size", "0.99"]) == 0


def test_data_without_words_is_refused(capsys):
    """Data of signs alone is rejected."""
    rows = [(sign * count, intent) for intent, sign in ("a!", "b?") for count in range(1, 9)]

    assert main(["--data", write("signs.csv", rows), "--output", "out"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: signs.csv: holds no words to learn from"
    )


def test_many_problems_of_a_kind_are_cut(capsys):
    """Ten of each kind are printed, and the number of all with what solves them."""
    write("data.csv", [("", "greeting")] * 25)

    assert main(["--data", "data.csv"]) == 1

    *messages, last = capsys.readouterr().err.splitlines()
    assert messages == [f"error: data.csv:{line}: no text" for line in range(2, 12)]
    assert last.startswith("error: 25 entries that can't be read: ")


def test_control_characters_of_the_data_are_escaped(capsys):
    """A text of the data can't command the terminal."""
    write("data.csv", [("hi", "\x1b]52;c;aGk=\x07"), *small_rows()])

    assert main(["--data", "data.csv"]) == 1

    assert "\x1b" not in capsys.readouterr().err


def test_options_for_reading_reach_the_data(capsys):
    """A format, columns and a minimum of utterances are passed on."""
    rows = [f"{intent}|{text}" for text, intent in [*small_rows(), ("sing", "song")]]
    Path("data.txt").write_text("\n".join(rows))
    columns = ["--format", "csv", "--text-column", "2", "--intent-column", "1"]
    options = [*columns, "--min-utterances", "2", "--fit-only"]

    assert main(["--data", "data.txt", "--output", "out", *options]) == 0

    assert "warning: data.txt:25: song has 1 utterance; left out" in capsys.readouterr().err
    assert read_card("out")["training"]["data"]["train"] == 18


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "²"])
def test_minimum_has_to_be_a_positive_number(number, capsys):
    """Anything else is wrong usage."""
    with pytest.raises(SystemExit) as caught:
        main(["--min-utterances", number])

    assert caught.value.code == 2
    assert "--min-utterances" in capsys.readouterr().err


def test_output_below_a_file_is_refused(small_csv, capsys):
    """An output folder that can't be made exits with 1 and says why."""
    Path("file").write_text("")

    assert main(["--data", small_csv, "--output", "file/out"]) == 1

    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: file/out can't be written: Not a directory"
    )


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(OSError(errno.ENOSPC, "Disk full"), "Disk full", id="full-disk"),
        pytest.param(OSError(), "failed", id="without-a-reason"),
    ],
)
def test_write_that_fails_is_reported(small_csv, fault, reason, capsys, monkeypatch):
    """A failed write is one line with its reason, and exits with 1."""

    def fail(_: int) -> None:
        raise fault

    monkeypatch.setattr(os, "fsync", fail)

    assert main(["--data", small_csv, "--output", "out"]) == 1

    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1] == f"error: out can't be written: {reason}"
    assert "Wrote" not in captured.out


@pytest.mark.parametrize("share", ["0", "1", "-0.1", "1.5", "nan", "inf", "many"])
def test_test_size_that_is_no_share_is_refused(share, capsys):
    """A test size that doesn't lie between 0 and 1 is wrong usage: exit 2."""
    with pytest.raises(SystemExit) as caught:
        main([f"--test-size={share}"])

    assert caught.value.code == 2
    assert (
        "argument --test-size: must lie between 0 and 1, both excluded\n" in capsys.readouterr().err
    )


def test_help_shows_examples(capsys):
    """The help says how the command is used and ends with examples, in their own lines."""
    with pytest.raises(SystemExit) as caught:
        main(["--help"])

    assert caught.value.code == 0
    output = capsys.readouterr().out
    assert output.startswith("usage: python -m model.train [-h] [--data DATA] [--output OUTPUT]")
    assert "\nexamples:\n  python -m model.train  " in output
    assert output.endswith(EXAMPLES)


def test_script_runs_from_any_folder(small_csv, tmp_path):
    """The file itself can be run, from a folder that is not the project's."""
    script = ROOT / "model" / "train.py"
    command = [sys.executable, str(script), "--data", small_csv, "--output", "out"]

    done = subprocess.run(
        command, cwd=tmp_path, env=unmeasured(), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "│ accuracy " in done.stdout
    assert IntentModel.load(tmp_path / "out" / MODEL_NAME).card.labels == tuple(SMALL_DATA)


def test_project_data_becomes_the_project_model(tmp_path):
    """Without options, model/data is trained on and the model goes to model/artifacts."""
    package = tmp_path / "model"
    shutil.copytree(
        ROOT / "model", package, ignore=shutil.ignore_patterns("__pycache__", "artifacts", "data")
    )
    write("model/data/train.csv", small_rows())
    # Coverage is measured on the original files, not on the copy.
    command = [sys.executable, "-m", "model.train"]
    subprocess.run(command, cwd=tmp_path, env=unmeasured(), capture_output=True, check=True)

    model = IntentModel.load(package / "artifacts" / MODEL_NAME)
    assert model.card.labels == tuple(SMALL_DATA)


def test_script_exits_with_the_code_of_the_command(tmp_path):
    """The exit code of the command is the process's."""
    command = [sys.executable, str(ROOT / "model" / "train.py"), "--data", "nothing"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (1, "error: nothing: does not exist\n")


def test_compiled_form_that_answers_otherwise_is_an_error(small_csv, capsys, monkeypatch):
    """If the compiled form answers differently, no model is written."""
    monkeypatch.setattr("model.inference.compiled_scorer._Layer.apply", lambda *_: None)

    assert main(["--data", small_csv, "--output", "out"]) == 1

    errors = capsys.readouterr().err.splitlines()
    assert errors[-1] == "error: The compiled form computes other scores than the pipeline"
    assert not Path("out").exists()


def test_pipeline_without_compiled_form_is_warned_of(small_csv, capsys, monkeypatch):
    """A pipeline that can't be compiled is written all the same, with a warning that names why."""

    def with_own_tokenizer(*_):
        vectorizer = CountVectorizer(tokenizer=str.split, token_pattern=None)
        return FeatureUnion([("word", vectorizer)])

    monkeypatch.setattr("model.learning.learner.features_for", with_own_tokenizer)

    assert main(["--data", small_csv, "--output", "out", "--fit-only"]) == 0

    assert capsys.readouterr().err.splitlines()[-1] == (
        "warning: not compiled: Step 'word' has a function of its own as tokenizer; "
        "scikit-learn will serve the model"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--languages", "en"], "--languages needs --features use", id="no-encoder"),
        pytest.param(
            ["--features", "use", "--languages", "en,hi,xx"],
            ",zh,zh-TW, not 'hi', 'xx'\n",
            id="other",
        ),
    ],
)
def test_languages_of_no_encoder_are_refused(options, message, capsys):
    """Only the languages of the Universal Sentence Encoder can be kept."""
    with pytest.raises(SystemExit) as stopped:
        main(options)

    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_case_and_spaces_of_languages_do_not_matter():
    """Codes become those that the encoder knows."""
    assert language_codes("EN, de,zh-tw") == ("en", "de", "zh-TW")


def test_encoder_is_written_beside_the_model(small_csv, capsys):
    """The command names the encoder's file, and a model without one deletes it."""
    assert main(["--data", small_csv, "--output", "out", "--features", "minilm", "--fit-only"]) == 0

    assert "by all-MiniLM-L6-v2" in (printed := capsys.readouterr().out)
    assert ENCODER_NAME in printed
    assert (Path("out") / ENCODER_NAME).exists()
    assert main(["--data", small_csv, "--output", "out", "--fit-only"]) == 0
    assert not (Path("out") / ENCODER_NAME).exists()


DESCRIBED = """\
order_tracking: {description: Where a parcel or an order is}
greeting: {description: Saying hello, utterances: [hi]}
"""


def test_descriptions_are_enough_to_learn_from(capsys):
    """The command says what the model lacks without utterances, and how to mend it."""
    Path("intents.yaml").write_text(DESCRIBED)
    options = ["--data", "intents.yaml", "--output", "out", "--features", "static"]

    assert main(options) == 0

    out = capsys.readouterr().out
    assert "Training on 1 utterances and 2 descriptions of 2 intents, testing on 0" in out
    assert "Test results" not in out
    assert out.splitlines()[-1].startswith(
        "Trained from descriptions, the model is not calibrated: its confidences are estimates, "
        "and it rejects no message as out_of_scope."
    )
    assert IntentModel.load(Path("out") / MODEL_NAME).card.threshold is None


def test_model_of_descriptions_is_tested_on_a_file_of_its_own(capsys):
    """Where the data has a test, its results are printed."""
    Path("data").mkdir()
    Path("data/train.yaml").write_text(DESCRIBED)
    write("data/test.csv", [("where is my parcel", "order_tracking"), ("hello", "greeting")])

    assert main(["--data", "data", "--output", "out", "--features", "static"]) == 0

    assert "Test results" in capsys.readouterr().out


def test_described_data_without_a_test_is_fitted_only(capsys):
    """Two utterances of an intent are too few to put one aside, and enough to calibrate."""
    text = "".join(
        f"{intent}: {{description: {intent}, utterances: [{texts[0]}, {texts[1]}]}}\n"
        for intent, texts in SMALL_DATA.items()
    )
    Path("intents.yaml").write_text(text)

    assert main(["--data", "intents.yaml", "--output", "out"]) == 0

    out = capsys.readouterr().out
    assert "assessment" not in out
    assert "Trained without out-of-scope examples" in out
    assert IntentModel.load(Path("out") / MODEL_NAME).card.threshold is not None


def test_features_are_chosen_among_those_that_are_installed(small_csv, capsys, monkeypatch):
    """With --features auto, the candidates are printed with their costs, and one is written."""
    monkeypatch.setattr("model.training.feature_choice.KINDS", ("tfidf", "static"))
    options = ["--data", small_csv, "--output", "out", "--features", "auto", "--languages", "en"]

    assert main(options) == 0

    out = capsys.readouterr().out
    assert [row[0] for row in table_rows(out)][:2] == ["tfidf", "static"]
    assert ["features", "held-out accuracy", "ms a prediction", "MB", "ms to load"] in (
        table_headers(out)
    )
    chosen = read_card("out")["training"]["options"]["features"]
    assert f"Chosen: --features {chosen}, the cheapest within half a point" in out
