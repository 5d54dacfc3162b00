"""Rows per second of processor time, by an engine and all of its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.dataset

from benchmarks.contenders.environments import OWN, Environment
from benchmarks.system.cpu_time import tree_cpu_seconds
from benchmarks.system.errors import PreparationError
from benchmarks.system.memory import proportional_set_size_mib
from benchmarks.system.paths import LOGS, ROOT


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine and its program.

    Attributes:
        title: its name in the table.
        program: its file in ``peers/engines``, without the suffix.
        share: the part of the rows that it labels; slow ones label fewer.
        is_own: whether it runs in the project's own environment.
    """

    title: str
    program: str
    share: float = 1.0
    is_own: bool = False


ENGINES = (
    Engine("`model.predict`, one process", "command", is_own=True),
    Engine("DuckDB", "duckdb_labeller"),
    Engine("Spark", "spark_labeller"),
    Engine("Ray Data", "ray_labeller"),
    Engine("Spark, pandas UDF of the pipeline", "spark_pandas_udf", share=0.1),
)


@dataclass(frozen=True, slots=True)
class Tables:
    """The Parquet files to label: a small one, to warm up, and the one that is measured."""

    small: Path
    large: Path
    rows: int


def measure(
    engine: Engine, environment: Environment, model: Path, tables: Tables
) -> Mapping[str, float]:
    """Return rows per second by the clock and by processor time, without start, and memory.

    Raises:
        PreparationError: the program fails, or loses rows.
    """
    with TemporaryDirectory() as folder:
        output = Path(folder) / "large.parquet"
        paths = (tables.small, Path(folder) / "small.parquet", tables.large, output)
        python = OWN.python if engine.is_own else environment.python
        program = f"benchmarks.peers.engines.{engine.program}"
        command = [str(each) for each in (python, "-m", program, model, *paths)]
        with _running(command, Path(folder), engine.program) as process:
            process.await_step("ready")
            began, processor_s = time.perf_counter(), tree_cpu_seconds(process.pid)
            process.go_on()
            process.await_step("done")
            elapsed_s = time.perf_counter() - began
            processor_s = tree_cpu_seconds(process.pid) - processor_s
            memory_mib = proportional_set_size_mib(process.pid)
            process.go_on()
        rows = pyarrow.dataset.dataset(output).count_rows()
        if rows != tables.rows:
            raise PreparationError(f"{rows} rows of {tables.rows} are labelled", process.log)
    return {
        "rows": rows,
        "rows_per_s": rows / elapsed_s,
        "rows_per_processor_s": rows / processor_s,
        "memory_mib": memory_mib,
    }


class _Program:
    """A running program that prints its steps and waits after each."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process, self.log = process, log

    @property
    def pid(self) -> int:
        """Return the identifier of its process."""
        return self._process.pid

    def await_step(self, name: str) -> None:
        """Read lines until the one that names a step.

        Raises:
            PreparationError: the program ended before.
        """
        assert self._process.stdout  # noqa: S101 - it is a pipe
        for line in self._process.stdout:
            if line.strip() == name:
                return
        raise PreparationError(f"exited with code {self._process.wait()}", self.log)

    def go_on(self) -> None:
        """Let it take the next step."""
        assert self._process.stdin  # noqa: S101 - it is a pipe
        self._process.stdin.write("\n")
        self._process.stdin.flush()


@contextmanager
def _running(command: list[str], folder: Path, name: str) -> Iterator[_Program]:
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"engine-{name}.log"
    environ = {
        "PYTHONPATH": str(ROOT),
        "PYSPARK_PYTHON": command[0],
        "SPARK_LOCAL_IP": "127.0.0.1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    with path.open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - the benchmark's own program
            command,
            cwd=folder,
            env=os.environ | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # its own process group: its children can be stopped too
        )
        try:
            yield _Program(process, path)
            process.communicate()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
