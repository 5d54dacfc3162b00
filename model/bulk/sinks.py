"""Where labelled rows go: a file that a later run can continue, or the standard output."""

from __future__ import annotations

import csv
import fcntl
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from io import FileIO, StringIO
from pathlib import Path
from typing import Protocol

from model.bulk.checkpoint import Checkpoint
from model.console import MAX_MESSAGES
from model.errors import DataError, Problem
from model.inference.prediction import Prediction
from model.tables.table import Chunk, Position, Rejected, Table, to_json

COMMIT_EVERY_S = 1.0


class Sink(Protocol):
    """Takes labelled and rejected rows, in their order."""

    @property
    def position(self) -> Position:
        """Where in the input to begin."""

    @property
    def labelled(self) -> int:
        """How many rows were classified."""

    @property
    def rejected(self) -> int:
        """How many could not be."""

    def write(self, chunk: Chunk, predictions: Sequence[Prediction]) -> None:
        """Take in some rows."""

    def finish(self) -> None:
        """Be done, after the last row."""

    def close(self) -> None:
        """Close what is open, whether or not all is done."""


class OutputFile:
    """A file that appears when it is complete, from parts that can be continued until then."""

    def __init__(self, path: Path, table: Table, identity: str | None) -> None:
        """Open the parts, and cut off what an interrupted run has not finished.

        Args:
            path: the file.
            table: what is labelled.
            identity: of the run; None for one that can't be continued.

        Raises:
            DataError: another run is at it, or has left off with something else.
        """
        self._path, self._table, self._identity = path, table, identity
        self._files = OutputFiles(path)
        self._committed_at = 0.0
        with ExitStack() as opened:
            self._output = opened.enter_context(_open(self._files.part))
            self._lock()
            self._rejected = opened.enter_context(_open(self._files.rejected_part))
            self._state = self._begin()
            self._close = opened.pop_all().close
        _cut(self._output, self._state.output_bytes)
        _cut(self._rejected, self._state.rejected_bytes)
        if not self._state.output_bytes:
            _write(self._output, table.head)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._output, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = "is being written by another run"
            raise DataError([Problem(self._path, 0, message)]) from error

    def _begin(self) -> Checkpoint:
        left = Checkpoint.read(self._files.checkpoint)
        if left is None or self._identity is None:
            return Checkpoint(self._identity or "", self._table.start)
        if left.identity != self._identity:
            message = (
                "was begun with another input, model or options; --restart throws away "
                f"the {left.labelled + left.rejected} rows that it holds"
            )
            raise DataError([Problem(self._files.part, 0, message)])
        return left

    @property
    def position(self) -> Position:
        """Where in the input to begin."""
        return self._state.position

    @property
    def labelled(self) -> int:
        """How many rows were classified."""
        return self._state.labelled

    @property
    def rejected(self) -> int:
        """How many could not be."""
        return self._state.rejected

    def write(self, chunk: Chunk, predictions: Sequence[Prediction]) -> None:
        """Take in some rows; what was taken in is committed every second."""
        _write(self._output, chunk.labelled(predictions))
        if chunk.rejected:
            _write(self._rejected, self._files.render(chunk.rejected, self._state.rejected))
        self._state = replace(
            self._state,
            position=chunk.end,
            output_bytes=self._output.tell(),
            rejected_bytes=self._rejected.tell(),
            labelled=self._state.labelled + len(predictions),
            rejected=self._state.rejected + len(chunk.rejected),
        )
        if self._identity is not None and time.monotonic() > self._committed_at + COMMIT_EVERY_S:
            self._commit()

    def finish(self) -> None:
        """Put the complete files in their places."""
        # Rejected rows first: the output stands for a run that is over.
        _sync(self._rejected)
        _sync(self._output)
        if self._state.rejected:
            self._files.rejected_part.replace(self._files.rejected)
        else:
            self._files.rejected_part.unlink()
            self._files.rejected.unlink(missing_ok=True)
        self._table.finish(self._files.part, self._path)
        self._files.checkpoint.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files, and let another run have them."""
        self._close()

    def _commit(self) -> None:
        # What the checkpoint counts as good must be on the disk before it.
        _sync(self._rejected)
        _sync(self._output)
        self._state.write(self._files.checkpoint)
        self._committed_at = time.monotonic()


class OutputFiles:
    """The names of what belongs to an output."""

    def __init__(self, path: Path) -> None:
        suffix = path.suffix if path.suffix.lower() in {".csv", ".tsv"} else ".jsonl"
        self.part = path.with_name(f"{path.name}.part")
        self.checkpoint = path.with_name(f"{path.name}.checkpoint")
        self.rejected = path.with_name(f"{path.stem}.rejected{suffix}")
        self.rejected_part = path.with_name(f"{self.rejected.name}.part")

    def discard_parts(self) -> None:
        """Throw away what an interrupted run has left."""
        for path in (self.checkpoint, self.part, self.rejected_part):
            path.unlink(missing_ok=True)

    def render(self, rows: Sequence[Rejected], before: int) -> bytes:
        """Write rejected rows, with a header where there were none before."""
        if self.rejected.suffix == ".jsonl":
            lines = (
                to_json({"line": row.line, "reason": row.reason, "record": row.record})
                for row in rows
            )
            return "".join(f"{line}\n" for line in lines).encode()
        text = StringIO()
        delimiter = "\t" if self.rejected.suffix.lower() == ".tsv" else ","
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        if not before:
            writer.writerow(("line", "reason", "record"))
        writer.writerows((row.line, row.reason, row.record) for row in rows)
        return text.getvalue().encode()


class StandardOutput:
    """Rows go out as they come; of the rejected ones, the first are kept to be told.

    Attributes:
        problems: what is wrong with the first rejected rows.
    """

    def __init__(self, table: Table, input_path: Path) -> None:
        self._file = FileIO(sys.stdout.fileno(), "w", closefd=False)
        self._input_path = input_path
        self.position = table.start
        self.labelled = self.rejected = 0
        self.problems: list[Problem] = []
        _write(self._file, table.head)

    def write(self, chunk: Chunk, predictions: Sequence[Prediction]) -> None:
        """Take in some rows."""
        _write(self._file, chunk.labelled(predictions))
        self.labelled += len(predictions)
        self.rejected += len(chunk.rejected)
        room = MAX_MESSAGES - len(self.problems)
        self.problems += [
            Problem(self._input_path, row.line, row.reason) for row in chunk.rejected[:room]
        ]

    def finish(self) -> None:
        """Be done: all has gone out."""

    def close(self) -> None:
        """Leave the stream open: it is the process's."""


def _open(path: Path) -> FileIO:
    # Neither "w", which would empty it, nor "a", which would write behind what is cut off.
    return FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666), "r+")


def _cut(file: FileIO, size: int) -> None:
    file.truncate(size)
    file.seek(size)


def _write(file: FileIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _sync(file: FileIO) -> None:
    os.fsync(file.fileno())
