"""Read columns of Parquet and Arrow, by pyarrow, which is imported for such files only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from model.errors import DataError

BATCH_ROWS = 4096
PARQUET_MAGIC, ARROW_MAGIC = b"PAR1", b"ARROW1"
# ValueError: texts or names of columns that are not UTF-8.
UNREADABLE = (OSError, ValueError, pa.ArrowException)


class ParquetRows:
    """A Parquet or an Arrow file.

    Attributes:
        columns: the names.
    """

    def __init__(self, source: Path | bytes, path: Path) -> None:
        """Open a file on the disk or in memory.

        Raises:
            DataError: it can't be read.
        """
        self._path = path
        try:
            file = pa.BufferReader(source) if isinstance(source, bytes) else pa.OSFile(str(path))
            self._schema, self._batches = _open(file)
        except UNREADABLE as error:
            raise self._unreadable() from error
        self.columns: list[str] = self._schema.names

    def names_of(self, column: int) -> list[str]:
        """Return the names of numbered labels that Hugging Face's metadata holds, or none."""
        metadata = self._schema.metadata or {}
        try:
            features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
            names = features[self.columns[column]]["names"]
        except (ValueError, KeyError, TypeError):
            return []
        return [str(name) for name in names] if isinstance(names, list) else []

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield each row by the names of its columns; the errors are those of ``pairs``."""
        for values in self.pairs(*range(len(self.columns))):
            yield dict(zip(self.columns, values, strict=True))

    def pairs(self, *columns: int) -> Iterator[tuple[Any, ...]]:
        """Yield the values of columns, row by row.

        Raises:
            DataError: the file is damaged, or has several columns of one of the names.
        """
        names = [self.columns[column] for column in columns]
        for name in names:
            if self.columns.count(name) > 1:
                raise DataError.at(self._path, f"has several columns {name}")
        try:
            for batch in self._batches(names):
                values = (batch.column(name).to_pylist() for name in names)
                yield from zip(*values, strict=True)
        except UNREADABLE as error:
            raise self._unreadable() from error

    def _unreadable(self) -> DataError:
        return DataError.at(self._path, "is no readable Parquet or Arrow file")


def _open(file: Any) -> tuple[Any, Callable[[list[str]], Iterable[Any]]]:
    """Return the schema of a file, and the function that reads batches with some columns."""
    magic = file.read(len(ARROW_MAGIC))
    file.seek(0)
    if magic.startswith(PARQUET_MAGIC):
        opened = parquet.ParquetFile(file)
        return opened.schema_arrow, lambda names: opened.iter_batches(BATCH_ROWS, columns=names)
    # Data sets of Hugging Face are streams; Feather is the format of files.
    if magic == ARROW_MAGIC:
        reader = pa.ipc.open_file(file)
        batches = map(reader.get_batch, range(reader.num_record_batches))
    else:
        batches = reader = pa.ipc.open_stream(file)
    return reader.schema, lambda _names: batches
