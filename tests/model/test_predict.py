from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model.predict import EXAMPLES, main
from tests.support.paths import ROOT
from tests.support.timeouts import TIMEOUT_S

EXISTS = "exists; --force replaces it"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "model.predict", *arguments]


def test_texts_are_answered_readably(small_path, capsys):
    """Each text is a line with intent and confidence; its alternatives are indented below."""
    assert main(["--model", small_path, "--top-k", "2", "hello", "[b]reset my password"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"greeting        [01]\.\d{4}  hello", lines[0])
    assert re.fullmatch(r" {16}[01]\.\d{4}    greeting", lines[1])
    assert re.fullmatch(r"password_reset  [01]\.\d{4}  \[b\]reset my password", lines[3])
    assert len(lines) == 6


def test_texts_are_answered_in_json(small_path, capsys):
    """--json prints a line of JSON for each text."""
    assert main(["--model", small_path, "--json", "--top-k", "1", "hello", "grüß"]) == 0

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(first) == ["text", "intent", "confidence", "alternatives"]
    assert (first["text"], first["intent"]) == ("hello", "greeting")
    assert second["text"] == "grüß"


def test_name_of_a_file_is_classified_with_a_note(small_path, capsys):
    """Who names a table as a text learns of the option that labels its rows."""
    assert main(["--model", small_path, "hello", str(small_path)]) == 0

    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert printed.err == (
        f"note: {small_path} is classified as a text; --input labels the rows of a file\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "pass either texts or --input", id="nothing"),
        pytest.param(["hi", "--input", "a.csv"], "pass either texts or --input", id="both"),
        pytest.param(["--json", "--input", "a.csv"], "--json applies to texts", id="json-table"),
        pytest.param(["a", " "], "empty or not valid Unicode: text 2\n", id="empty"),
        pytest.param(["\udcff"], "empty or not valid Unicode: text 1\n", id="bytes"),
        pytest.param(["", "a", ""], "empty or not valid Unicode: text 1, 3\n", id="two-empty"),
        pytest.param(["--input", "a.csv", "--output", "a.csv"], "are the same file", id="same"),
        pytest.param(["hi", "--top-k", "-1"], "must be a whole number, 0 or more", id="top-k"),
        pytest.param(["hi", "--jobs", "0"], "must be a whole number, 1 or more", id="jobs"),
        pytest.param(["hi", "--jobs", "²"], "must be a whole number, 1 or more", id="digit"),
    ],
)
def test_wrong_usage_exits_with_2(arguments, message, capsys):
    """Contradicting arguments are an error before anything is done."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_help_shows_examples(capsys):
    """The help ends with examples and the exit codes."""
    with pytest.raises(SystemExit):
        main(["--help"])

    assert capsys.readouterr().out.endswith(EXAMPLES)


def test_missing_model_is_one_line(capsys):
    """One line names the missing model and the remedy."""
    assert main(["--model", "missing.pkl", "hello"]) == 1
    assert capsys.readouterr().err.startswith("error: missing.pkl does not exist. ")


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        pytest.param("none.csv", "out.csv", "none.csv: can't be read: No such file", id="missing"),
        pytest.param("none.txt", "o.csv", "none.txt: is none of .csv, .tsv", id="unknown"),
        pytest.param("none.parquet", "o.parquet", "none.parquet: is no readable", id="no-parquet"),
        pytest.param("a.csv", "o.jsonl", "o.jsonl: is jsonl, and the input csv", id="formats"),
        pytest.param("a.parquet", "-", "-: is a stream, and the input parquet", id="stream"),
        pytest.param("a.csv", "no/o.csv", "no/o.csv can't be written: No such file", id="folder"),
    ],
)
def test_unusable_files_are_one_line(label, source, target, message):
    """One line names the file and the reason."""
    Path("a.csv").write_text("text\nhello\n")

    code, errors = label(source, target)

    assert code == 1
    assert errors.startswith(f"error: {message}")
    assert errors.count("\n") == 1


def test_model_can_be_a_folder_without_a_pickle(small_folder, tmp_path, capfd):
    """``model.pull`` writes such folders; the processes that share a table read them, too."""
    for path in small_folder.glob("*.[sj]*"):  # the compiled form and the card
        shutil.copy(path, tmp_path)
    table = tmp_path / "in.csv"
    table.write_text("text\nhello\n")

    assert main(["--input", str(table), "--model", str(tmp_path), "--jobs", "2"]) == 0
    assert "hello,greeting," in capfd.readouterr().out


def test_many_bad_rows_of_a_stream_are_cut(small_path, tmp_path, capfd):
    """The first twenty rejected rows are listed, and all are counted."""
    table = tmp_path / "in.csv"
    table.write_text("text,n\n" + ",1\n" * 1030)

    assert main(["--input", str(table), "--model", small_path, "--jobs", "1"]) == 3

    captured = capfd.readouterr()
    assert captured.out == "text,n,intent,confidence\n"
    assert captured.err.splitlines()[19] == f"rejected: {table}:21: text is empty"
    assert captured.err.splitlines()[20].startswith("Labelled 0 rows after ")
    assert captured.err.splitlines()[21] == "Rejected 1,030 rows"


def test_nothing_is_overwritten_unless_asked(label):
    """Existing outputs and rejected rows stay, unless --force is given."""
    Path("a.csv").write_text("text\nhello\n")
    Path("out.rejected.csv").write_text("mine")
    assert label("a.csv", "out.csv") == (
        1,
        "error: out.rejected.csv: exists; --force replaces it\n",
    )
    Path("out.csv").write_text("mine, too")
    assert label("a.csv", "out.csv") == (1, f"error: out.csv: {EXISTS}\n")
    assert Path("out.csv").read_text() == "mine, too"

    assert label("a.csv", "out.csv", "--force")[0] == 0

    assert Path("out.csv").read_text().startswith("text,intent,confidence\nhello,greeting,")
    assert not Path("out.rejected.csv").exists()


@pytest.mark.parametrize(
    ("source", "target"),
    [("out.csv", "link.csv"), ("out.csv", "sub/../out.csv"), ("out.rejected.csv", "out.csv")],
)
def test_the_input_is_never_replaced(label, source, target):
    """Not under another name of the file, and not by the rejected rows of its own labels."""
    Path("sub").mkdir()
    Path(source).write_text("text\nhello\n\n")
    Path("link.csv").symlink_to("out.csv")

    code, errors = label(source, target, "--force")

    assert code == 1
    assert errors.endswith(": is the input, and would be replaced; name another --output\n")
    assert Path(source).read_text() == "text\nhello\n\n"


def test_rejected_rows_hold_no_formula(label):
    """A spreadsheet program that opens the rejected rows runs none of their cells."""
    Path("a.csv").write_text('n,text\n=1+1,""\n1,hello\n')

    assert label("a.csv", "out.csv")[0] == 3

    assert "2,text is empty,\"'=1+1," in Path("out.rejected.csv").read_text()


def test_streams_are_read_and_written(small_path):
    """A table is read from a pipe and written to one; rejected rows are listed as errors."""
    rows = '{"text": "hello"}\n{"text": ""}\n{"text": "reset my password"}\n'
    arguments = ["--input", "-", "--format", "jsonl", "--model", small_path, "--jobs", "2"]

    done = subprocess.run(
        command(*arguments), cwd=ROOT, input=rows, capture_output=True, text=True, check=False
    )

    assert done.returncode == 3
    answers = [json.loads(line)["intent"] for line in done.stdout.splitlines()]
    assert answers == ["greeting", "password_reset"]
    first, second, third = done.stderr.splitlines()
    assert first == "rejected: -:2: text is empty"
    assert second.startswith("Labelled 2 rows after ")
    assert third == "Rejected 1 rows"


def test_stream_becomes_a_file(small_path, tmp_path):
    """Input from a pipe can't be resumed, but its output file is complete."""
    output = tmp_path / "out.csv"
    (tmp_path / "out.csv.part").write_text("left by a run that was killed")
    arguments = ["--input", "-", "--output", str(output), "--model", small_path, "--jobs", "1"]

    subprocess.run(command(*arguments), cwd=ROOT, input=b"text\nhello\n", check=True)

    assert output.read_text().startswith("text,intent,confidence\nhello,greeting,")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_named_pipe_is_read_as_a_stream(small_path, tmp_path):
    """A file without a size is read to its end."""
    fifo, output = tmp_path / "in.csv", tmp_path / "out.csv"
    os.mkfifo(fifo)
    arguments = ["--input", str(fifo), "--output", str(output), "--model", small_path]
    process = subprocess.Popen(command(*arguments, "--jobs", "1"), cwd=ROOT)
    fifo.write_text("text\nhello\n")

    assert process.wait(TIMEOUT_S) == 0
    assert output.read_text().startswith("text,intent,confidence\nhello,greeting,")


def test_reader_that_leaves_is_no_crash(small_path, tmp_path):
    """A closed pipe ends the command with one line."""
    table = tmp_path / "in.csv"
    table.write_text("text\n" + "hello\n" * 20_000)
    arguments = ["--input", str(table), "--model", small_path, "--jobs", "1"]
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        command(*arguments), cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)

    assert done.returncode == 1
    assert done.stderr == b"error: standard output can't be written: Broken pipe\n"


def test_terminal_shows_a_bar_that_goes_away(small_path, tmp_path):
    """A terminal shows rate and time left during the run."""
    table = tmp_path / "in.csv"
    table.write_text("text\n" + "hello\n" * 5_000)
    ours, theirs = pty.openpty()
    arguments = ["--input", str(table), "--output", str(tmp_path / "out.csv")]

    process = subprocess.Popen(
        command(*arguments, "--model", small_path, "--jobs", "1"),
        cwd=ROOT,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    shown = b""
    while b"Labelled" not in shown:
        shown += os.read(ours, 65536)
    os.close(ours)

    assert process.wait(TIMEOUT_S) == 0
    assert re.search(rb"rows, [\d,]+ a second", shown)
    assert b"5,000 rows in " in shown


def test_scikit_learn_is_not_imported(small_path, tmp_path):
    """The compiled form predicts, so that the command starts in a fraction of a second."""
    (tmp_path / "in.csv").write_text("text\nhello\n")
    code = (
        "import sys; from model.predict import main; "
        "assert main(sys.argv[1:]) == 0; assert main(['--model', sys.argv[-3], 'hello']) == 0; "
        "assert not {'sklearn', 'scipy', 'joblib', 'pyarrow'} & sys.modules.keys()"
    )
    files = ["--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.csv")]

    subprocess.run(
        [sys.executable, "-c", code, *files, "--model", small_path, "--jobs", "1"],
        cwd=ROOT,
        check=True,
    )
