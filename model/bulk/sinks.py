"""Destinations of labelled rows: a file that a later run can resume, or standard output."""

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

from model.bulk.checkpoint import Checkpoint
from model.console import MAX_MESSAGES
from model.errors import DataError, Problem
from model.escaping import guarded
from model.inference.prediction import Prediction
from model.tables.table import Chunk, Rejected, Table, to_json

COMMIT_EVERY_S = 1.0


class OutputFile:
    """A file that appears when it is complete; until then, a run can resume from its parts.

    Attributes:
        state: position and numbers of rows.
    """

    def __init__(
        self, path: Path, table: Table, identity: str | None, *, restarts: bool = False
    ) -> None:
        """Open the parts, and cut off what an interrupted run wrote after its last checkpoint.

        Args:
            path: the file.
            table: the table that is labelled.
            identity: digest that identifies the run; None if it can't be resumed.
            restarts: whether to discard what an interrupted run has left.

        Raises:
            DataError: another run writes the file, or left parts of another input or model.
        """
        self._path, self._table, self._identity = path, table, identity
        self._paths = OutputPaths(path)
        self._committed_at = 0.0
        with ExitStack() as opened:
            self._output = opened.enter_context(_open(self._paths.part))
            self._lock()
            if restarts:
                self._paths.checkpoint.unlink(missing_ok=True)
            self._rejected = opened.enter_context(_open(self._paths.rejected_part))
            self.state = self._begin()
            self._close = opened.pop_all().close
        _cut(self._output, self.state.output_bytes)
        _cut(self._rejected, self.state.rejected_bytes)
        if not self.state.output_bytes:
            _write(self._output, table.head)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._output, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataError.at(self._path, "is being written by another run") from error

    def _begin(self) -> Checkpoint:
        left = Checkpoint.read(self._paths.checkpoint)
        if left is None or self._identity is None or not self._holds(left):
            return Checkpoint(self._identity or "", self._table.start)
        if left.identity != self._identity:
            message = (
                "was begun with another input, model or options; --restart discards "
                f"the {left.rows} rows that it holds"
            )
            raise DataError.at(self._paths.part, message)
        return left

    def _holds(self, left: Checkpoint) -> bool:
        """Return whether the parts hold what a checkpoint counts; somebody may have removed one."""
        sizes = ((self._output, left.output_bytes), (self._rejected, left.rejected_bytes))
        return all(os.fstat(file.fileno()).st_size >= size for file, size in sizes)

    def write(self, chunk: Chunk, predictions: Sequence[Prediction]) -> None:
        """Write the rows of a chunk, and commit once a second."""
        _write(self._output, chunk.labelled(predictions))
        if chunk.rejected:
            _write(self._rejected, self._paths.render(chunk.rejected, self.state.rejected))
        self.state = replace(
            self.state.after(chunk),
            output_bytes=self._output.tell(),
            rejected_bytes=self._rejected.tell(),
        )
        if self._identity is not None and time.monotonic() > self._committed_at + COMMIT_EVERY_S:
            self._commit()

    def finish(self) -> None:
        """Move the complete files into place."""
        _sync(self._rejected)
        _sync(self._output)
        complete = self._table.completed(self._paths.part)
        # Rejected rows first: once the output exists, the run is over.
        if self.state.rejected:
            self._paths.rejected_part.replace(self._paths.rejected)
        else:
            self._paths.rejected_part.unlink()
            self._paths.rejected.unlink(missing_ok=True)
        complete.replace(self._path)
        self._paths.part.unlink(missing_ok=True)
        self._paths.checkpoint.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files, which releases their lock."""
        self._close()

    def _commit(self) -> None:
        # The rows that a checkpoint counts must be on disk before it is.
        _sync(self._rejected)
        _sync(self._output)
        self.state.write(self._paths.checkpoint)
        self._committed_at = time.monotonic()


class OutputPaths:
    """Paths of the files that belong to an output."""

    def __init__(self, path: Path) -> None:
        suffix = path.suffix if path.suffix.lower() in {".csv", ".tsv"} else ".jsonl"
        self.part = path.with_name(f"{path.name}.part")
        self.checkpoint = path.with_name(f"{path.name}.checkpoint")
        self.rejected = path.with_name(f"{path.stem}.rejected{suffix}")
        self.rejected_part = path.with_name(f"{self.rejected.name}.part")

    def render(self, rows: Sequence[Rejected], before: int) -> bytes:
        """Return rejected rows as they are stored, with a header before the first.

        CSV and TSV are for people: cells that a spreadsheet would run as a formula are guarded.
        """
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
        writer.writerows((row.line, guarded(row.reason), guarded(row.record)) for row in rows)
        return text.getvalue().encode()


class StandardOutput:
    """Standard output, which rows reach as they come.

    Attributes:
        state: position and numbers of rows.
        problems: the reasons of the first rejected rows.
    """

    def __init__(self, table: Table, input_path: Path) -> None:
        self._file = FileIO(sys.stdout.fileno(), "w", closefd=False)
        self._input_path = input_path
        self.state = Checkpoint("", table.start)
        self.problems: list[Problem] = []
        _write(self._file, table.head)

    def write(self, chunk: Chunk, predictions: Sequence[Prediction]) -> None:
        """Write the rows of a chunk."""
        _write(self._file, chunk.labelled(predictions))
        self.state = self.state.after(chunk)
        room = MAX_MESSAGES - len(self.problems)
        self.problems += [
            Problem(self._input_path, row.line, row.reason) for row in chunk.rejected[:room]
        ]

    def finish(self) -> None:
        """Do nothing: all rows have been written."""

    def close(self) -> None:
        """Leave the stream open: it belongs to the process."""


# Rows arrive in the input's order. A sink must be closed, also after an error.
Sink = OutputFile | StandardOutput


def _open(path: Path) -> FileIO:
    # "w" would empty the file; "a" would write behind the part that is cut off.
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
