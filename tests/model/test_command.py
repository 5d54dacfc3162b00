from __future__ import annotations

import argparse
import os
import runpy
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from rich.table import Table

from model import command
from model.command import build_parser, inner_share, run_command, share
from model.console import plain_console, print_messages, print_problems
from model.errors import DataError, ModelError, Problem, ProblemKind, WorkerError
from tests.support.paths import ROOT

COMMANDS = (
    *("train", "evaluate", "predict", "compile", "review", "reproduce"),
    *("push", "pull", "compare"),
)


def failing(error: BaseException):
    """Return the body of a command that raises `error`."""

    def body(*_: object) -> int:
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        pytest.param(
            DataError([Problem(Path("a.csv"), 2, "no text"), Problem(Path("a.csv"), 3, "no\nwit")]),
            ["error: a.csv:2: no text", "error: a.csv:3: no\\nwit"],
            id="data",
        ),
        pytest.param(
            DataError([Problem(Path("a.csv"), 2, "x" * 100_000)]),
            [f"error: a.csv:2: {'x' * 1991}…"],
            id="endless",
        ),
        pytest.param(ModelError("is \x1b[31mred"), ["error: is \\u001b[31mred"], id="model"),
        pytest.param(OSError(28, "Disk full"), ["error: out can't be written: Disk full"], id="os"),
        pytest.param(OSError(), ["error: out can't be written: failed"], id="os-without-reason"),
        pytest.param(
            BrokenPipeError(32, "Broken pipe"),
            ["error: standard output can't be written: Broken pipe"],
            id="pipe",
        ),
        pytest.param(
            ModuleNotFoundError(name="sklearn"),
            ["error: sklearn is not installed: pip install --requirement requirements.txt"],
            id="package",
        ),
        pytest.param(RecursionError(), ["error: the input is nested too deeply"], id="nested"),
        pytest.param(MemoryError(), ["error: there is not enough memory"], id="memory"),
    ],
)
def test_errors_become_lines_and_exit_code_1(error, lines, capsys):
    """Each problem is one line on standard error; control characters are escaped."""
    assert run_command(failing(error), output=Path("out")) == 1
    assert capsys.readouterr() == ("", "".join(f"{line}\n" for line in lines))


def test_unwritable_output_without_a_name_is_standard_output(capsys):
    """A command without an output file writes to standard output."""
    assert run_command(failing(OSError(28, "Disk full"))) == 1
    assert capsys.readouterr().err == "error: standard output can't be written: Disk full\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_interrupts_with_the_code_of_shells(number, capsys):
    """A signal ends the command with one line and the exit code 128 + its number."""

    def interrupted(*_: object) -> int:
        signal.raise_signal(number)
        return 0

    assert run_command(interrupted) == 128 + number
    assert capsys.readouterr().err == "error: interrupted\n"


def test_exit_code_is_that_of_the_body():
    """Without an error, the command's own exit code is returned."""
    assert run_command(lambda *_: 3) == 3
    assert WorkerError().exit_code == 1


def test_warnings_of_libraries_become_lines(capsys):
    """A warning is one line without the position in the library's code."""

    def body(*_: object) -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("an old\n  pickle", UserWarning, stacklevel=1)
        return 0

    assert run_command(body) == 0
    assert capsys.readouterr().err == "warning: an old pickle\n"


def test_tables_and_lines_escape_control_characters(capsys):
    """No text of a user reaches the terminal unescaped, in whatever it is printed."""

    def body(console, _) -> int:
        table = Table("text", title="\x1b[1m")
        table.add_row("\x1b]52;c;aGk=\x07")
        console.print(table)
        console.print("\x1b[2J")
        return 0

    assert run_command(body) == 0
    output = capsys.readouterr().out
    assert output.count("\\u001b") == 3
    assert "\x1b" not in output


@pytest.mark.parametrize("target", ["pipe", "/dev/full"])
def test_unwritable_standard_output_is_one_line(target):
    """Neither a closed pipe nor a full device shows a traceback, also when the process ends."""
    code = (
        "import sys; from model.command import run_command; "
        "sys.exit(run_command(lambda console, _: console.print('x') or 0))"
    )
    reader, pipe = os.pipe()
    os.close(reader)
    output = os.open("/dev/full", os.O_WRONLY) if target == "/dev/full" else pipe

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=output, stderr=subprocess.PIPE, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith(b"error: standard output can't be written: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("convert", "text", "message"),
    [
        *((share, text, "must lie between 0 and 1") for text in ("-0.1", "1.1", "nan", "much")),
        *(
            (inner_share, text, "must lie between 0 and 1, both excluded")
            for text in ("0", "1", "nan", "much")
        ),
    ],
)
def test_shares_lie_between_0_and_1(convert, text, message):
    """Any other number is wrong usage."""
    with pytest.raises(argparse.ArgumentTypeError, match=f"^{message}$"):
        convert(text)


def test_shares_are_numbers():
    """A confidence may be 0 or 1; a share of data may be neither."""
    assert (share("0"), share("1"), inner_share("0.5")) == (0, 1, 0.5)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--test=0.1"], id="command"),
        pytest.param(["split", "--test=0.1"], id="subcommand"),
    ],
)
def test_the_beginning_of_an_option_is_wrong_usage(arguments, capsys):
    """Options are written in full: --test is not --test-size."""
    parser = build_parser("train", "Train.")
    parser.add_argument("--test-size")
    parser.add_subparsers().add_parser("split").add_argument("--test-size")

    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(arguments)

    assert "unrecognized arguments: --test=0.1" in capsys.readouterr().err


def test_help_imports_no_scikit_learn():
    """--help of each command answers without the second that scikit-learn takes to import."""
    code = (
        "import sys, contextlib, importlib\n"
        "for name in sys.argv[1:]:\n"
        "    with contextlib.suppress(SystemExit):\n"
        "        importlib.import_module(f'model.{name}').main(['--help'])\n"
        "    assert not {'sklearn', 'scipy'} & sys.modules.keys(), name"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, *COMMANDS],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )

    assert [line.split()[3] for line in done.stdout.splitlines() if line.startswith("usage: ")] == [
        f"model.{name}" for name in COMMANDS
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_run_as_modules(name, monkeypatch, capsys):
    """``python -m model.NAME`` runs the command."""
    monkeypatch.setattr("sys.argv", ["command", "--help"])
    monkeypatch.delitem(sys.modules, f"model.{name}", raising=False)

    with pytest.raises(SystemExit, match="0"):
        runpy.run_module(f"model.{name}", run_name="__main__")

    assert capsys.readouterr().out.startswith(f"usage: python -m model.{name} ")


def test_the_command_of_spark_names_a_missing_package(monkeypatch):
    """A package of Spark that is not installed is one line, which says how to install it."""
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(SystemExit, match="error: pandas is not installed: pip install pandas "):
        runpy.run_module("model.spark", run_name="__main__")


def test_a_missing_package_of_spark_is_an_import_error_in_a_notebook(monkeypatch):
    """The module raises Python's own error where other code imports it."""
    monkeypatch.setitem(sys.modules, "pandas", None)

    with pytest.raises(ModuleNotFoundError, match="pandas"):
        runpy.run_module("model.spark")


def test_output_that_can_not_be_written_is_discarded(monkeypatch, capsys):
    """A full device is one line on standard error; the interpreter does not fail at its end."""
    with Path("/dev/full").open("w") as full:
        full.write("a line")
        monkeypatch.setattr(sys, "stdout", full)

        assert run_command(failing(OSError(28, "Disk full"))) == 1
        full.flush()
    assert capsys.readouterr().err == "error: standard output can't be written: Disk full\n"


def test_problems_of_which_the_first_ones_are_known_are_counted(capsys):
    """The numbers by kind are printed, not those of the problems that were kept."""
    kind = ProblemKind("bad rows", "mend them")
    problems = [Problem(Path("a"), 1, "bad", kind), Problem(Path("a"), 2, "odd")]

    print_problems(plain_console(stderr=True), "note", problems, {kind: 1200, None: 23})

    assert capsys.readouterr().err.splitlines() == [
        "note: a:2: odd",
        "note: and 3 more",
        "note: a:1: bad",
        "note: 1,200 bad rows: mend them",
    ]


def test_many_messages_are_counted(capsys):
    """The first twenty are printed, and the number of the others."""
    print_messages(plain_console(stderr=True), "warning", [f"number {n}" for n in range(23)])

    *_, last, rest = capsys.readouterr().err.splitlines()
    assert (last, rest) == ("warning: number 19", "warning: and 3 more")


def test_shipped_model_is_the_default_until_one_is_trained(tmp_path, monkeypatch):
    """In a fresh clone the commands use the model that ``make run`` serves."""
    trained = tmp_path / "intent_model.pkl"
    monkeypatch.setattr(command, "TRAINED_MODEL", trained)

    def default() -> object:
        parser = build_parser("predict", "")
        command.add_model_argument(parser)
        return parser.parse_args([]).model

    assert default() == command.SHIPPED_MODEL
    trained.touch()
    assert default() == trained
