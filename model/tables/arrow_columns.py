"""The columns that labels add to a table, as Arrow has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from model.inference.prediction import Prediction
from model.tables.table import Layout

ALTERNATIVES = pa.list_(pa.struct([("intent", pa.string()), ("confidence", pa.float64())]))
TYPES = (pa.string(), pa.float64(), ALTERNATIVES)


def added_fields(layout: Layout) -> list[Any]:
    """Return the fields that a layout adds."""
    return [pa.field(name, kind) for name, kind in zip(layout.added, TYPES, strict=False)]


def added_columns(layout: Layout, predictions: Sequence[Prediction | None]) -> list[Any]:
    """Return the columns that a layout adds; rows without a prediction have nulls."""
    fields = added_fields(layout)
    nulls = [None] * len(fields)
    rows = [layout.values(each) if each else nulls for each in predictions]
    return [
        pa.array([row[place] for row in rows], field.type) for place, field in enumerate(fields)
    ]
