"""Label Arrow record batches: the common core of what labels tables in data engines.

An engine runs the same function on thousands of machines, where an error would end the whole job.
So every row stays: one that can't be classified has nulls, and the reason in a column of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa

from model.inference.intent_model import IntentModel
from model.tables.arrow_columns import added_columns, added_fields
from model.tables.table import Layout

REASON = "reason"
NOT_UNICODE = "\ud800"  # stands for a text that is not UTF-8, which no column of strings can hold


class Labeller:
    """Adds the columns of a layout, and ``reason``, to record batches."""

    def __init__(self, model: IntentModel, layout: Layout) -> None:
        self._model, self._layout = model, layout
        self._reason = f"{layout.prefix}{REASON}"

    @classmethod
    def load(cls, path: Path, layout: Layout) -> Labeller:
        """Load a model; each process loads the same one only once.

        Raises:
            ArtifactError: the model can't be used.
        """
        return cls(_load(path), layout)

    def schema(self, schema: Any) -> Any:
        """Return the Arrow schema of labelled batches, from that of the batches before.

        Raises:
            ColumnError: the column of the texts is missing, or one that is added exists.
        """
        self._layout.index_in(schema.names, self._reason)
        return pa.schema(
            [*schema, *added_fields(self._layout), pa.field(self._reason, pa.string())]
        )

    def label(self, batch: Any) -> Any:
        """Return a record batch with its rows in their order, and the columns added.

        Raises:
            ColumnError: as ``schema`` does.
        """
        schema = self.schema(batch.schema)
        texts = _texts(batch.column(self._layout.index_in(batch.schema.names)))
        problems = [self._layout.problem(text) for text in texts]
        accepted = [text for text, problem in zip(texts, problems, strict=True) if not problem]
        predictions = self._model.predict_columns(accepted, top_k=self._layout.top_k)
        numbers = count()
        places = pa.array([None if problem else next(numbers) for problem in problems], pa.int64())
        added = [each.take(places) for each in added_columns(self._layout, predictions)]
        reasons = pa.array(problems, pa.string())
        return pa.record_batch([*batch.columns, *added, reasons], schema=schema)


def label_batches(batches: Iterable[Any], *, path: Path, layout: Layout) -> Iterator[Any]:
    """Yield each record batch labelled, by the model at a path; engines call it with a partition.

    Raises:
        ArtifactError: the model can't be used.
        ColumnError: as ``Labeller.schema`` does.
    """
    labeller = Labeller.load(path, layout)
    return map(labeller.label, batches)


@lru_cache(maxsize=1)
def _load(path: Path) -> IntentModel:
    return IntentModel.load(path)


def _texts(column: Any) -> list[Any]:
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return [_decoded(each) for each in column.cast(pa.large_binary()).to_pylist()]


def _decoded(text: bytes | None) -> str | None:
    try:
        return None if text is None else text.decode()
    except UnicodeDecodeError:
        return NOT_UNICODE
