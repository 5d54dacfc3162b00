"""The examples of docs/engines.md, run as they stand in the data engines' own environment."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from model.inference.intent_model import IntentModel
from tests.support.engines import needs_engines, run_with_engines
from tests.support.paths import ROOT

pytestmark = [needs_engines, pytest.mark.slow]

FIRST, LAST = "where is my parcel", "cancel my order"


@pytest.fixture
def folder(small_folder: Path, tmp_path: Path) -> Path:
    """A folder with a model and a table."""
    shutil.copytree(small_folder, tmp_path, dirs_exist_ok=True)
    parquet.write_table(
        pa.table({"id": [1, 2, 3], "message": [FIRST, None, LAST]}), tmp_path / "tickets.parquet"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("heading", "output"),
    [
        pytest.param("Ray Data", "labelled-by-ray", id="Ray"),
        pytest.param("DuckDB", "labelled-by-duckdb.parquet", id="DuckDB"),
    ],
)
def test_example_labels_as_the_model_does(folder: Path, small_model: IntentModel, heading, output):
    """Row for row."""
    page = (ROOT / "docs/engines.md").read_text()
    [script] = re.findall(rf"## {heading}\n.*?```python\n(.*?)```", page, re.DOTALL)[:1]
    run_with_engines(script, folder=folder)
    rows = parquet.read_table(folder / output).sort_by("id").to_pylist()
    first, last = small_model.predict([FIRST, LAST])

    assert [row["intent"] for row in rows] == [first.intent, None, last.intent]
    assert [row["reason"] for row in rows] == [None, "no message", None]
