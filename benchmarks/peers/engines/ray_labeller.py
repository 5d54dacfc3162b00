"""Ray Data with the project's labeller, as docs/engines.md has it."""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa
import ray

from benchmarks.peers.engines.steps import model_path, run
from model.bulk.labeller import Labeller
from model.tables.table import Layout

path = model_path()


class Label:
    """Labels blocks, in a process of its own."""

    def __init__(self) -> None:
        self.labeller = Labeller.load(path, Layout("message"))

    def __call__(self, table: Any) -> Any:
        """Return the table with its labels."""
        schema = self.labeller.schema(table.schema)
        return pa.Table.from_batches(map(self.labeller.label, table.to_batches()), schema)


def label_table(source: str, output: str) -> None:
    """Label a Parquet file."""
    table = ray.data.read_parquet(source)
    table.map_batches(Label, batch_format="pyarrow", concurrency=1).write_parquet(output)


ray.init(
    num_cpus=2,
    include_dashboard=False,
    runtime_env={"env_vars": {"PYTHONPATH": os.environ["PYTHONPATH"]}},
)
run(label_table)
