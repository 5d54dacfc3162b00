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

ROWS = 4_000  # eight chunks: enough to interrupt a run after the third
INTERRUPTED = "error: interrupted; run the same command again to resume\n"


def write_table(folder: Path) -> Path:
    """Write a table in which one row in a hundred has no text."""
    path = folder / "in.csv"
    lines = (f"{n},{'' if n % 100 == 7 else f'hello {n}'}\n" for n in range(ROWS))
    path.write_text("n,text\n" + "".join(lines))
    return path


@pytest.fixture
def table(tmp_path):
    """A table that tests may change."""
    return write_table(tmp_path)


@pytest.fixture
def arguments(table, tmp_path, small_path):
    """Arguments that label the table with two processes."""
    output = str(tmp_path / "out.csv")
    return ["--input", str(table), "--output", output, "--model", small_path, "--jobs", "2"]


@pytest.fixture(scope="module")
def expected(tmp_path_factory, small_path):
    """The labelled and the rejected rows of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    files = ["--input", str(write_table(folder)), "--output", str(folder / "out.csv")]
    assert main([*files, "--model", small_path, "--jobs", "1"]) == 3
    return results(folder)


def results(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "out.csv").read_bytes(), (folder / "out.rejected.csv").read_bytes()


# The command, except that it pauses after some chunks until its standard input is closed.
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
            INTERRUPTED,
            id="int",
        ),
        pytest.param(
            signal.SIGTERM,
            143,
            INTERRUPTED,
            id="term",
        ),
        pytest.param(signal.SIGKILL, -9, "", id="kill"),
    ],
)
def test_interrupted_run_resumes(arguments, expected, tmp_path, capsys, number, code, message):
    """After any signal, the same command resumes: no row is torn, lost or duplicated."""
    checkpoint, output = tmp_path / "out.csv.checkpoint", tmp_path / "out.csv"
    process = start(arguments)
    wait_for(checkpoint.exists)
    process.send_signal(number)
    _, errors = process.communicate(timeout=TIMEOUT_S)

    assert (process.returncode, errors) == (code, message)
    assert not output.exists()
    assert main(arguments) == 3
    assert capsys.readouterr().err.startswith("Resuming after ")
    assert results(tmp_path) == expected
    assert not list(tmp_path.glob("out.csv.*"))
    assert not list(tmp_path.glob("*.part"))


def test_rows_behind_the_checkpoint_do_not_count(arguments, expected, tmp_path, monkeypatch):
    """Rows after the last checkpoint, torn ones included, are written again."""
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
    """Return an ``in_order`` that fails after `count` chunks."""

    def broken(*arguments, **options):
        for number, item in enumerate(in_order(*arguments, **options)):
            yield (item, 1 / (count - number))[0]

    return broken


@pytest.fixture
def interrupted(arguments, monkeypatch):
    """A run that failed after some chunks."""
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
def test_changed_run_does_not_resume(arguments, table, capsys, tmp_path, change):
    """Rows of two different runs are never mixed; --restart starts again."""
    change(table, arguments)
    capsys.readouterr()

    assert main(arguments) == 1
    assert capsys.readouterr().err == (
        f"error: {tmp_path / 'out.csv.part'}: was begun with another input, model or options; "
        "--restart discards the 512 rows that it holds\n"
    )
    assert main([*arguments, "--restart"]) in {0, 3}
    assert "Resuming" not in capsys.readouterr().err


@pytest.mark.usefixtures("interrupted")
def test_changed_model_does_not_resume(arguments, small_trained, tmp_path):
    """A run does not resume with another model, such as one with another threshold."""
    small_trained.save(tmp_path)
    card = tmp_path / "model_card.json"
    card.write_text(card.read_text().replace('"threshold": ', '"threshold": 1'))
    arguments[arguments.index("--model") + 1] = str(tmp_path / "intent_model.pkl")

    assert main(arguments) == 1


@pytest.mark.usefixtures("interrupted")
def test_run_with_a_broken_checkpoint_starts_again(arguments, tmp_path, expected):
    """A run with an unreadable checkpoint starts again."""
    (tmp_path / "out.csv.checkpoint").write_text('{"position": {}}')

    assert main(arguments) == 3
    assert results(tmp_path) == expected


@pytest.mark.usefixtures("interrupted")
@pytest.mark.parametrize("name", ["out.csv.part", "out.rejected.csv.part"])
def test_run_without_one_of_its_parts_starts_again(arguments, tmp_path, expected, name):
    """Rows that a checkpoint counts are not there any more if somebody has removed their file."""
    (tmp_path / name).unlink()

    assert main(arguments) == 3
    assert results(tmp_path) == expected


@pytest.mark.parametrize("options", [[], ["--restart"]])
def test_two_runs_do_not_write_the_same_file(arguments, tmp_path, capsys, options):
    """A second run is refused while the first one holds the lock."""
    with (tmp_path / "out.csv.part").open("w") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        assert main([*arguments, *options]) == 1

    assert capsys.readouterr().err == (
        f"error: {tmp_path / 'out.csv'}: is being written by another run\n"
    )


def test_interrupted_texts_have_nothing_to_resume(small_path, capsys, monkeypatch):
    """The error for a run without output file does not advise to resume."""
    monkeypatch.setattr("model.predict._classify", lambda *_: os.kill(os.getpid(), signal.SIGTERM))

    assert main(["hello", "--model", small_path]) == 143
    assert capsys.readouterr().err == "error: interrupted\n"


def test_ignored_signals_stay_ignored(small_path, monkeypatch):
    """A signal that nohup ignores does not interrupt a command."""
    monkeypatch.setattr("model.predict._classify", lambda *_: os.kill(os.getpid(), signal.SIGHUP))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert main(["hello", "--model", small_path]) is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_worker_that_dies_ends_the_command(arguments, capsys, monkeypatch):
    """The death of a worker process is one line."""
    monkeypatch.setattr("model.bulk.worker_pool.ROOT", Path("/"))

    assert main(arguments) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: a process that predicts has ended; is there enough memory?"
    )
