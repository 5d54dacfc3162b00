"""The columns that labels add to a table, as Arrow has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from model.inference.prediction import PredictionColumns
from model.tables.table import DIGITS, Layout, to_fields

ALTERNATIVES = pa.list_(pa.struct([("intent", pa.string()), ("confidence", pa.float64())]))
TYPES = (pa.string(), pa.float64(), ALTERNATIVES)


def added_fields(layout: Layout) -> list[Any]:
    """Return the fields that a layout adds."""
    return [pa.field(name, kind) for name, kind in zip(layout.added, TYPES, strict=False)]


def added_columns(layout: Layout, predictions: PredictionColumns) -> list[Any]:
    """Return the columns that a layout adds."""
    columns = [predictions.intents, np.round(predictions.confidences, DIGITS)]
    if layout.top_k:
        columns.append(list(map(to_fields, predictions.alternatives)))
    return [pa.array(column, kind) for column, kind in zip(columns, TYPES, strict=False)]
