"""DuckDB with the project's labeller, as docs/engines.md has it."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from benchmarks.peers.engines.steps import model_path, run
from model.bulk.labeller import Labeller
from model.tables.table import Layout

labeller = Labeller.load(model_path(), Layout("message"))


def label_table(source: str, output: str) -> None:
    """Label a Parquet file."""
    rows = duckdb.connect().read_parquet(source).to_arrow_reader(10_000)
    labelled = pa.RecordBatchReader.from_batches(
        labeller.schema(rows.schema), map(labeller.label, rows)
    )
    duckdb.from_arrow(labelled).write_parquet(output)


run(label_table)
