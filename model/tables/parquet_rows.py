"""Read two columns of Parquet, by pyarrow, which is imported for such files only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from model.errors import DataError

BATCH_ROWS = 4096
# ValueError: texts or names of columns that are not UTF-8.
UNREADABLE = (OSError, ValueError, pa.ArrowException)


class ParquetRows:
    """A Parquet file.

    Attributes:
        columns: the names.
        size: the rows.
    """

    def __init__(self, source: Path | bytes, path: Path) -> None:
        """Open a file on the disk or in memory.

        Raises:
            DataError: it can't be read.
        """
        file = pa.BufferReader(source) if isinstance(source, bytes) else source
        try:
            self._file = parquet.ParquetFile(file)
            self.columns: list[str] = self._file.schema_arrow.names
        except UNREADABLE as error:
            raise DataError.at(path, "is no readable Parquet file") from error
        self._path = path
        self.size: int = self._file.metadata.num_rows

    def names_of(self, column: int) -> list[str]:
        """Return the names of numbered labels that Hugging Face's metadata holds, or none."""
        metadata = self._file.schema_arrow.metadata or {}
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
            for batch in self._file.iter_batches(BATCH_ROWS, columns=names):
                values = (batch.column(name).to_pylist() for name in names)
                yield from zip(*values, strict=True)
        except UNREADABLE as error:
            raise DataError.at(self._path, "is no readable Parquet file") from error
