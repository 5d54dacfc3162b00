"""Spark with a pandas UDF of the scikit-learn pipeline, as one writes it without the labeller."""

from __future__ import annotations

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.functions import pandas_udf

from benchmarks.peers.engines.steps import model_path, run
from benchmarks.peers.pipeline_model import load_once

session = SparkSession.builder.master("local[1]").getOrCreate()
path = str(model_path())


@pandas_udf("intent string, confidence double")
def classify(texts: pd.Series) -> pd.DataFrame:
    """Classify a batch of texts."""
    return pd.DataFrame(load_once(path).predict(texts.tolist()))


def label_table(source: str, output: str) -> None:
    """Label a Parquet file."""
    table = session.read.parquet(source)
    table.select("*", classify("message").alias("label")).select("*", "label.*").drop(
        "label"
    ).write.parquet(output)


run(label_table)
