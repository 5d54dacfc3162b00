from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model.datasets import __main__ as command
from model.datasets import inspection, large_table
from tests.support.paths import ROOT

ROWS = [
    f"{word} number {number},{intent}"
    for number in range(25)
    for word, intent in (("hello", "greet"), ("table", "book"))
]


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")


def write(name: str, rows: list[str]) -> str:
    Path(name).write_text("\n".join(["text,intent", *rows]) + "\n")
    return name


def test_inspection_counts(capsys):
    """Format, counts, thin intents, repetitions and scripts are printed."""
    name = write("data.csv", [*ROWS, "HELLO number 1,greet", "привет,thanks"])

    assert command.main(["inspect", name]) == 0

    captured = capsys.readouterr()
    assert "data.csv: CSV or TSV" in captured.out
    assert (
        "52 utterances of 3 intents, 1 of them thin; 1 repetitions, 0 contradictions; 0 problems"
    ) in captured.out
    assert "Latin" in captured.out
    assert "Cyrillic" in captured.out
    assert "note: data.csv:52: same text as line 4" in captured.err


def test_out_of_scope_examples_are_no_thin_intent(capsys):
    """They are counted beside the intents, and said to be none."""
    name = write("data.csv", [*ROWS, "what is love,out_of_scope"])

    command.main(["inspect", name])

    captured = capsys.readouterr().out
    assert "│ out_of_scope │ 1          │ no intent │" in captured
    assert "51 utterances of 3 intents, 0 of them thin" in captured


def test_similar_names_of_intents_are_noted(capsys):
    """Intents whose names differ only in case or separators may be one."""
    name = write("data.csv", [*ROWS, "hi,Greet"])

    assert command.main(["inspect", name]) == 0

    assert "note: greet (25) and Greet (1) look like one intent\n" in capsys.readouterr().err


def test_inspection_names_problems(capsys):
    """Problems are grouped, each kind with its remedy, and the exit code is 1."""
    name = write("data.csv", [*ROWS, *[",greet"] * 12])

    assert command.main(["inspect", name]) == 1

    errors = capsys.readouterr().err.splitlines()
    assert errors[:10] == [f"problem: data.csv:{line}: no text" for line in range(52, 62)]
    assert errors[10].startswith("problem: 12 entries that can't be read: ")


@pytest.fixture
def _large(monkeypatch):
    """Treat all tables as large, in small blocks."""
    monkeypatch.setattr(inspection, "LARGE_BYTES", 1)
    monkeypatch.setattr(large_table, "BLOCK_BYTES", 100)


@pytest.mark.usefixtures("_large")
def test_large_table_is_surveyed_in_blocks(capsys):
    """Blocks end with rows, quoted line breaks included, and lines are counted across them."""
    rows = [*ROWS, '"two\nlines",greet', '"a ""b"", c",greet', ",greet", "a,b,c", " ,", *ROWS]
    name = write("data.csv", rows)

    assert command.main(["inspect", name]) == 1

    captured = capsys.readouterr()
    assert (
        "102 utterances of 2 intents, 0 of them thin; 50 repetitions, 0 contradictions; 2 problems"
    ) in captured.out
    assert "problem: data.csv:55: no text" in captured.err
    assert "problem: data.csv:56: has 3 cells, not 2: a,b,c" in captured.err
    assert "problem: data.csv:57: no text and no intent" not in captured.err


@pytest.mark.usefixtures("_large")
def test_open_quote_in_a_large_table_is_named(capsys):
    """A quote that never closes loses its own line only."""
    name = write("data.csv", [*ROWS, '"open,greet', *ROWS])

    assert command.main(["inspect", name]) == 1
    captured = capsys.readouterr()
    assert "problem: data.csv:52: is not well-formed" in captured.err
    assert "100 utterances" in captured.out


@pytest.mark.usefixtures("_large")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("data.jsonl", b'{"text": "hi", "intent": "a"}\n' * 3, id="jsonl"),
        pytest.param("data.csv", "text,intent\nhi,a\nhi,a\nhi,a\n".encode("utf-16"), id="utf-16"),
        pytest.param("data.csv", b"hi,a\nhi,a\nhi,a\n", id="no-header"),
        pytest.param("data.json", json.dumps([["hi", "a"]] * 3).encode(), id="not-a-table"),
    ],
)
def test_other_large_files_are_counted(capsys, name, content):
    """Tables that can't be cut into blocks are read row by row."""
    Path(name).write_bytes(content)

    command.main(["inspect", name])

    assert "3 utterances of 1 intents, 1 of them thin; 2 repetitions" in capsys.readouterr().out


def test_many_intents_are_cut(capsys):
    """The table ends after the largest intents."""
    name = write("data.csv", [f"text {number},intent {number}" for number in range(60)])

    command.main(["inspect", name])

    assert "and 10 smaller intents" in capsys.readouterr().out


def test_data_is_converted(capsys):
    """Any format becomes one that can be written; an output that is there needs --force."""
    write("data.csv", ROWS)

    assert command.main(["convert", "data.csv", "nlu.yml"]) == 0
    assert "Wrote 50 utterances to nlu.yml" in capsys.readouterr().out
    assert command.main(["convert", "nlu.yml", "data.csv"]) == 1
    assert "data.csv: exists; --force replaces it" in capsys.readouterr().err
    assert command.main(["convert", "nlu.yml", "data.csv", "--force"]) == 0
    assert len(Path("data.csv").read_text().splitlines()) == 51


def test_unreadable_entries_keep_data_from_being_converted(capsys):
    """Nothing is lost in a conversion unless that is asked for."""
    write("data.csv", [*ROWS, ",greet"])

    assert command.main(["convert", "data.csv", "data.jsonl"]) == 1
    assert not Path("data.jsonl").exists()
    assert "mend them, or do without them: --leave-out-unreadable" in capsys.readouterr().err
    assert command.main(["convert", "data.csv", "data.jsonl", "--leave-out-unreadable"]) == 0
    errors = capsys.readouterr().err
    assert "no text; left out" in errors
    assert "1 entries that can't be read: left out, as --leave-out-unreadable asks for\n" in errors
    assert "mend them" not in errors


def test_data_is_split(capsys):
    """A folder gets train.csv and test.csv, which the training command takes as they are."""
    write("data.csv", ROWS)

    assert command.main(["split", "data.csv", "out", "--test-size", "0.2"]) == 0

    assert "Wrote 40 utterances to out/train.csv" in capsys.readouterr().out
    assert len(Path("out/test.csv").read_text().splitlines()) == 11


@pytest.mark.parametrize(
    "arguments", [["convert", "data.csv", "all.csv"], ["split", "data.csv", "out"]]
)
def test_parts_of_the_data_are_taken_together(capsys, arguments):
    """The file that is written no longer says which utterances are of the test: a note does."""
    parts = ["train", "test", "dev", "train", "test"] * 10
    rows = [f"{row},{part}" for row, part in zip(ROWS, parts, strict=True)]
    Path("data.csv").write_text("\n".join(["text,intent,split", *rows]) + "\n")

    assert command.main(arguments) == 0

    assert "note: train, test and validation are taken together" in capsys.readouterr().err
    files = [Path(name) for name in ("all.csv", "out/train.csv", "out/test.csv")]
    written = [file.read_text().splitlines()[1:] for file in files if file.exists()]
    assert sorted(row for rows in written for row in rows) == sorted(ROWS)


def test_output_that_can_not_be_written_is_named(capsys):
    """The reason of the system is printed."""
    write("data.csv", ROWS)

    assert command.main(["convert", "data.csv", "no/data.csv"]) == 1
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("share", ["0", "1", "x"])
def test_share_has_to_be_one(share):
    """The test is a part of the data."""
    with pytest.raises(SystemExit):
        command.main(["split", "a", "b", "--test-size", share])


def test_command_runs_as_a_module():
    """``python -m model.datasets`` is the command; its exit code is the process's."""
    command = [sys.executable, "-m", "model.datasets", "inspect", "/nowhere.csv"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "problem: /nowhere.csv: does not exist\n"


def test_inspection_counts_descriptions(capsys):
    """Intents with descriptions alone have no utterances, and are no problem."""
    Path("intents.yaml").write_text("a: {description: Saying hello}\nb: {description: Bye}\n")

    assert command.main(["inspect", "intents.yaml"]) == 0

    captured = capsys.readouterr()
    assert "intents.yaml: intents with descriptions" in captured.out
    assert "0 utterances of 0 intents" in captured.out
    assert "2 intents have a description" in captured.out


def test_conversion_names_descriptions_that_it_leaves_out(capsys):
    """A table of utterances has no place for them."""
    Path("intents.yaml").write_text("a: {description: Saying hello, utterances: [hi]}\n")

    assert command.main(["convert", "intents.yaml", "out.csv"]) == 0

    assert "note: left out: descriptions of intents (1)" in capsys.readouterr().err
    assert Path("out.csv").read_text() == "text,intent\nhi,a\n"
