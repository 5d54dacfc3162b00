"""Label tables with Spark: a function for notebooks, one for SQL, and a command for spark-submit.

Workers need numpy, pandas, pyarrow, and this package (``--py-files``). They load the model from the
path that the driver names; where no such file exists, from those that ``--files`` sent along.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

if not __package__:  # run as a script: find the package beside its own folder, not inside it
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

try:
    import pandas as pd
    import pyarrow as pa
    from pyspark import SparkFiles
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql import functions as F  # noqa: N812 - as Spark's documents call it
    from pyspark.sql.types import ArrayType, DoubleType, StringType, StructField, StructType
except ModuleNotFoundError as missing:
    if __name__ != "__main__":
        raise
    sys.exit(f"error: {missing.name} is not installed: pip install pandas pyarrow pyspark")

from model.bulk.labeller import REASON, label_batches
from model.errors import ModelError
from model.inference.intent_model import IntentModel
from model.tables.table import Layout

ALTERNATIVES = ArrayType(
    StructType([StructField("intent", StringType()), StructField("confidence", DoubleType())])
)
TYPES = (StringType(), DoubleType(), ALTERNATIVES)

EXAMPLES = """\
example:
  spark-submit --py-files intent_function.zip \\
    --files intent_model.safetensors,model_card.json \\
    model/spark.py --model intent_model.safetensors --column message \\
    --input s3a://archive/tickets --output s3a://archive/labelled --rejected s3a://archive/rejected

Exit codes: 0 all rows have a label, 1 the tables or the model can't be used, 2 wrong usage,
3 done, but some rows have a reason instead of a label.
"""


def label(dataframe: DataFrame, column: str = "text", *, model: str, **options: Any) -> DataFrame:
    """Add ``intent``, ``confidence`` and ``reason`` to the rows of a data frame.

    Args:
        dataframe: any table with a column of texts.
        column: the name of that column.
        model: the model's file, as the workers see it, or its name among the files sent along.
        options: ``prefix`` of the new columns, ``top_k`` for a column of alternatives, and
            ``max_length`` of a text in characters.

    Returns:
        The same rows in the same partitions; ``reason`` says why a row has no intent.

    Raises:
        ColumnError: the column is missing, or one of the new columns exists.
    """
    layout = Layout(column, **options)
    reason = f"{layout.prefix}{REASON}"
    layout.index_in(dataframe.columns, reason)
    added = [StructField(name, kind) for name, kind in zip(layout.added, TYPES, strict=False)]
    schema = StructType([*dataframe.schema.fields, *added, StructField(reason, StringType())])
    return dataframe.mapInArrow(partial(label_partition, model=model, layout=layout), schema)


def register(spark: SparkSession, name: str = "intent", *, model: str, **options: Any) -> Any:
    """Register a function of a text for SQL: ``SELECT intent(message).intent FROM tickets``.

    Its result is a struct of the columns that ``label`` adds; the arguments are the same.

    Returns:
        The function, for use with columns of data frames.
    """
    layout = Layout(**options)
    fields = [StructField(each, kind) for each, kind in zip(layout.added, TYPES, strict=False)]

    def classify(texts: pd.Series) -> pd.DataFrame:
        return _classified(texts, model=model, layout=layout)

    kind = StructType([*fields, StructField(f"{layout.prefix}{REASON}", StringType())])
    return spark.udf.register(name, F.pandas_udf(classify, kind))


def label_partition(batches: Iterable[Any], *, model: str, layout: Layout) -> Iterator[Any]:
    """Yield the record batches of a partition, labelled; Spark's workers call this."""
    path = Path(model)
    return label_batches(
        batches, path=path if path.exists() else Path(SparkFiles.get(path.name)), layout=layout
    )


def _classified(texts: pd.Series, *, model: str, layout: Layout) -> pd.DataFrame:
    batch = pa.record_batch({layout.column: pa.Array.from_pandas(texts)})
    [labelled] = label_partition([batch], model=model, layout=layout)
    return labelled.to_pandas().drop(columns=layout.column)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        rows, without = _label_table(SparkSession.builder.getOrCreate(), options)
    except (ModelError, PySparkException) as error:
        reason, *_ = str(error).strip().splitlines()
        print(f"error: {reason}", file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    print(f"Labelled {rows - without:,} rows; {without:,} have a reason instead")  # noqa: T201
    return 3 if without else 0


def _label_table(spark: SparkSession, options: argparse.Namespace) -> tuple[int, int]:
    """Return the numbers of all rows, and of those that have a reason instead of a label."""
    path = Path(options.model)
    if path.exists():
        IntentModel.load(path)  # a broken model is one error here, and one a task there
    table = spark.read.format(options.format).load(options.input)
    labelled = label(
        table, options.column, model=options.model, prefix=options.prefix, top_k=options.top_k
    )
    mode = "overwrite" if options.force else "errorifexists"
    labelled.write.format(options.format).mode(mode).save(options.output)
    # Counted in what was written: an accumulator counts the rows of repeated tasks twice.
    written = spark.read.format(options.format).load(options.output)
    rejected = written.filter(F.col(f"{options.prefix}{REASON}").isNotNull())
    if options.rejected:
        rejected.write.format(options.format).mode(mode).save(options.rejected)
    return written.count(), rejected.count()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spark-submit model/spark.py",
        description="Label a table of any size with Spark.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--input", required=True, help="path or URI of the table")
    parser.add_argument("--output", required=True, help="path or URI of the labelled table")
    parser.add_argument("--rejected", help="also write the rows without a label here")
    parser.add_argument(
        "--model", required=True, help="the model's file or folder, or its name in --files"
    )
    parser.add_argument("--format", default="parquet", help="of all tables (default parquet)")
    parser.add_argument("--column", default="text", help="column of the texts (default text)")
    parser.add_argument("--prefix", default="", help="prefix of the added columns' names")
    parser.add_argument("--top-k", type=int, default=0, metavar="K", help="also add alternatives")
    parser.add_argument("--force", action="store_true", help="replace existing output")
    return parser


if __name__ == "__main__":
    sys.exit(main())
