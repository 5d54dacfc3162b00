"""Add predictions to the rows of Parquet, by pyarrow, which is imported for such files only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from model.errors import DataError
from model.inference.prediction import Prediction, PredictionColumns
from model.tables.arrow_columns import added_columns, added_fields
from model.tables.parquet_rows import UNREADABLE
from model.tables.table import CHUNK_ROWS, Layout, Position, Rejected

ROW_GROUP_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class ParquetChunk:
    """A batch of rows that can be classified, and the rejected ones."""

    texts: Sequence[str]
    rejected: Sequence[Rejected]
    end: Position
    batch: Any
    layout: Layout
    schema: Any

    def labelled(self, predictions: Sequence[Prediction]) -> bytes:
        """Return the rows as a batch of an Arrow stream."""
        columns = PredictionColumns(
            [each.intent for each in predictions],
            [each.confidence for each in predictions],
            [each.alternatives for each in predictions],
        )
        arrays = [*self.batch.columns, *added_columns(self.layout, columns)]
        return bytes(pa.record_batch(arrays, schema=self.schema).serialize())


class ParquetTable:
    """A Parquet file.

    A Parquet file can't be appended to. Rows are written as an Arrow stream, which is a header and
    batches, and the stream becomes a Parquet file at the end.
    """

    start = Position(0, 1)

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open a file.

        Raises:
            DataError: it can't be read, lacks the column of texts, or has those that are added.
        """
        try:
            self._file = parquet.ParquetFile(path)
        except UNREADABLE as error:
            raise DataError.at(path, "is no readable Parquet file") from error
        self._path, self._layout = path, layout
        plain = pa.schema([_plain(field) for field in self._file.schema_arrow])
        self._place = layout.find(path, plain.names)
        self.notes: tuple[str, ...] = ()
        self._plain = plain
        self._schema = pa.schema([*plain, *added_fields(layout)])
        self.size: int = self._file.metadata.num_rows
        self.head = bytes(self._schema.serialize())

    def chunks(self, start: Position) -> Iterator[ParquetChunk]:
        """Yield the rows from a position on."""
        position = self.start
        for number in range(self._file.num_row_groups):
            rows = self._file.metadata.row_group(number).num_rows
            if position.offset + rows <= start.offset:
                position = _after(position, rows)
                continue
            for batch in self._batches(number):
                begin, position = position, _after(position, batch.num_rows)
                if position.offset > start.offset:
                    skipped = max(0, start.offset - begin.offset)
                    yield self._chunk(batch.slice(skipped), _after(begin, skipped), position)

    def _batches(self, row_group: int) -> Iterator[Any]:
        try:
            yield from self._file.iter_batches(CHUNK_ROWS, row_groups=[row_group])
        except UNREADABLE as error:
            raise DataError.at(self._path, "is no readable Parquet file") from error

    def _chunk(self, batch: Any, start: Position, end: Position) -> ParquetChunk:
        batch = batch.cast(self._plain)
        try:
            texts = batch.column(self._place).to_pylist()
        except UNREADABLE as error:  # a text that is not UTF-8
            raise DataError.at(self._path, "is not UTF-8", line=start.line) from error
        problems = [self._layout.problem(text) for text in texts]
        rejected = [
            Rejected(line, problem) for line, problem in enumerate(problems, start.line) if problem
        ]
        accepted = [text for text, problem in zip(texts, problems, strict=True) if not problem]
        mask = pa.array([problem is None for problem in problems])
        return ParquetChunk(accepted, rejected, end, batch.filter(mask), self._layout, self._schema)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def completed(self, part: Path) -> Path:
        """Return a Parquet file of the stream, which is not left if it can't be written."""
        whole = part.with_name(f".{part.stem}.whole")
        try:
            with (
                pa.OSFile(str(part)) as file,
                pa.ipc.open_stream(file) as stream,
                parquet.ParquetWriter(whole, self._schema) as writer,
            ):
                _copy(stream, writer, self._schema)
            with whole.open("rb") as written:
                os.fsync(written.fileno())
        except BaseException:
            whole.unlink(missing_ok=True)
            raise
        return whole


def _copy(stream: Any, writer: Any, schema: Any) -> None:
    batches, rows = [], 0
    for batch in stream:
        batches.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP_ROWS:
            writer.write_table(pa.Table.from_batches(batches, schema))
            batches, rows = [], 0
    writer.write_table(pa.Table.from_batches(batches, schema))


def _plain(field: Any) -> Any:
    """Return a field without its dictionary, which a stream that is appended to can't hold."""
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def _after(position: Position, rows: int) -> Position:
    return Position(position.offset + rows, position.line + rows)
