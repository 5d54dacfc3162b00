from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model.bulk.checkpoint import Checkpoint
from model.bulk.worker_pool import in_order
from model.predict import main
from tests.support.paths import ROOT
from tests.support.servers import wait_for
from tests.support.timeouts import TIMEOUT_S

ROWS = 30_000
INTERRUPTED = "error: interrupted; the same command goes on from there\n"


@pytest.fixture
def table(tmp_path):
    """A table with a bad row now and then."""
    path = tmp_path / "in.csv"
    lines = (f"{n},{'' if n % 100 == 7 else f'hello {n}'}\n" for n in range(ROWS))
    path.write_text("n,text\n" + "".join(lines))
    return path


@pytest.fixture
def arguments(table, tmp_path, small_path):
    """What labels the table on two processes."""
    output = str(tmp_path / "out.csv")
    return ["--input", str(table), "--output", output, "--model", small_path, "--jobs", "2"]


@pytest.fixture
def expected(table, tmp_path, small_path):
    """What a run without interruption gives: the labelled and the rejected rows."""
    output = tmp_path / "expected.csv"
    files = ["--input", str(table), "--output", str(output)]
    assert main([*files, "--model", small_path, "--jobs", "1"]) == 3
    return output.read_bytes(), (tmp_path / "expected.rejected.csv").read_bytes()


def results(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "out.csv").read_bytes(), (folder / "out.rejected.csv").read_bytes()


# The command, but for a rest after some chunks, until the standard input is closed.
RESTING = """
import sys
from model import predict
from model.bulk import job
in_order = job.in_order
def resting(*arguments, **options):
    for number, item in enumerate(in_order(*arguments, **options)):
        number == 3 and sys.stdin.read()
        yield item
job.in_order = resting
sys.exit(predict.main())
"""


def start(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RESTING, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        pytest.param(
            signal.SIGINT,
            130,
            "error: interrupted; the same command goes on from there\n",
            id="int",
        ),
        pytest.param(
            signal.SIGTERM,
            143,
            "error: interrupted; the same command goes on from there\n",
            id="term",
        ),
        pytest.param(signal.SIGKILL, -9, "", id="kill"),
    ],
)
def test_interrupted_run_goes_on_where_it_was(
    arguments, expected, tmp_path, capsys, number, code, message
):
    """However it was ended, the same command finishes it: no row is torn, lost or there twice."""
    checkpoint, output = tmp_path / "out.csv.checkpoint", tmp_path / "out.csv"
    process = start(arguments)
    wait_for(checkpoint.exists)
    process.send_signal(number)
    _, errors = process.communicate(timeout=TIMEOUT_S)

    assert (process.returncode, errors) == (code, message)
    assert not output.exists()
    assert main(arguments) == 3
    assert capsys.readouterr().err.startswith("Going on after ")
    assert results(tmp_path) == expected
    assert not list(tmp_path.glob("out.csv.*"))
    assert not list(tmp_path.glob("*.part"))


def test_rows_behind_the_checkpoint_do_not_count(arguments, expected, tmp_path, monkeypatch):
    """What was written after the last commit, torn rows included, is written anew."""
    monkeypatch.setattr("model.bulk.sinks.COMMIT_EVERY_S", 0)
    checkpoint = tmp_path / "out.csv.checkpoint"
    with monkeypatch.context() as patch, contextlib.suppress(ZeroDivisionError):
        patch.setattr("model.bulk.job.in_order", fails_after(3))
        main(arguments)
    state = Checkpoint.read(checkpoint)
    for name in ("out.csv.part", "out.rejected.csv.part"):
        with (tmp_path / name).open("ab") as file:
            file.write(b'9,"torn')

    assert state is not None
    assert state.labelled + state.rejected == 3 * 512
    assert main(arguments) == 3
    assert results(tmp_path) == expected


def fails_after(count):
    """Give an ``in_order`` that breaks after so many chunks."""

    def broken(*arguments, **options):
        for number, item in enumerate(in_order(*arguments, **options)):
            yield (item, 1 / (count - number))[0]

    return broken


@pytest.fixture
def interrupted(arguments, monkeypatch):
    """A run that was ended after some chunks."""
    with monkeypatch.context() as patch, contextlib.suppress(ZeroDivisionError):
        patch.setattr("model.bulk.job.in_order", fails_after(3))
        main(arguments)


@pytest.mark.usefixtures("interrupted")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda table, _: table.write_text("n,text\n1,other\n"), id="input"),
        pytest.param(lambda _, arguments: arguments.extend(["--top-k", "2"]), id="options"),
    ],
)
def test_changed_run_is_not_continued(arguments, table, capsys, tmp_path, change):
    """Rows of two different runs are never mixed; --restart begins anew."""
    change(table, arguments)
    capsys.readouterr()

    assert main(arguments) == 1
    assert capsys.readouterr().err == (
        f"error: {tmp_path / 'out.csv.part'}: was begun with another input, model or options; "
        "--restart throws away the 512 rows that it holds\n"
    )
    assert main([*arguments, "--restart"]) in {0, 3}
    assert "Going on" not in capsys.readouterr().err


@pytest.mark.usefixtures("interrupted")
def test_changed_model_is_not_continued(arguments, small_trained, tmp_path):
    """A model that was trained anew has another threshold, or other weights."""
    small_trained.save(tmp_path)
    card = tmp_path / "model_card.json"
    card.write_text(card.read_text().replace('"threshold": ', '"threshold": 1'))
    arguments[arguments.index("--model") + 1] = str(tmp_path / "intent_model.pkl")

    assert main(arguments) == 1


@pytest.mark.usefixtures("interrupted")
def test_broken_checkpoint_begins_anew(arguments, tmp_path, expected):
    """A checkpoint that can't be read is as good as none."""
    (tmp_path / "out.csv.checkpoint").write_text('{"position": {}}')

    assert main(arguments) == 3
    assert results(tmp_path) == expected


def test_two_runs_do_not_write_the_same_file(arguments, tmp_path, capsys):
    """The second one is refused while the first one is at it."""
    with (tmp_path / "out.csv.part").open("w") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        assert main(arguments) == 1

    assert capsys.readouterr().err == (
        f"error: {tmp_path / 'out.csv'}: is being written by another run\n"
    )


def test_interrupted_stream_can_not_go_on(small_path, capsys, monkeypatch):
    """A text, or a stream, gives nothing to go on from."""
    monkeypatch.setattr("model.predict._classify", lambda _: os.kill(os.getpid(), signal.SIGTERM))

    assert main(["hello", "--model", small_path]) == 143
    assert capsys.readouterr().err == "error: interrupted\n"


def test_ignored_signals_stay_ignored(small_path, monkeypatch):
    """What nohup keeps away from a command does not interrupt it."""
    monkeypatch.setattr("model.predict._classify", lambda _: os.kill(os.getpid(), signal.SIGHUP))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert main(["hello", "--model", small_path]) is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_worker_that_dies_ends_the_command(arguments, capsys, monkeypatch):
    """One line tells that a process is gone; the parts stay, to go on from."""
    monkeypatch.setattr("model.bulk.worker_pool.ROOT", Path("/"))

    assert main(arguments) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: a process that predicts has ended; is there enough memory?"
    )
