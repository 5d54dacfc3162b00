"""Spark labels tables as ``model.predict`` does, in a session of its own with two local workers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from model.inference.intent_model import IntentModel
from model.tables.table import Layout
from model.training.fitted_model import MODEL_NAME
from tests.support.engines import needs_engines, needs_java, run_with_engines

pytestmark = [needs_engines, needs_java, pytest.mark.slow]

ROWS = 100_000
ODD_TEXTS = (
    "where is my parcel",
    None,
    " ",
    "x" * 6000,
    "cancel my order",
    "İstanbul 🙂 ﬁ",
    "\u202eabc",
    "\uff37here is it",
    "a\u0301" * 30,
    "مرحبا",
)

# One session for all: to start one takes longer than what it is asked here.
SESSION = """
import contextlib, io, json, runpy, sys
from pathlib import Path
import pandas as pd
import pyarrow as pa
from pyspark import SparkFiles
from pyspark.sql import SparkSession
from model import spark as engine
from model.errors import ColumnError
from model.tables.table import Layout

model, rows = sys.argv[1:]
session = SparkSession.builder.getOrCreate()
answers = {}

def command(name, *arguments):
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = engine.main(arguments)
    answers[name] = [code, output.getvalue().strip().splitlines()[-1]]

usual = ("--input", rows, "--model", model)
command("labelled", *usual, "--output", "out", "--rejected", "rejected")
command("existing", *usual, "--output", "out")
command("complete", *usual[2:], "--input", "two.parquet", "--output", "two", "--force")
command("no table", *usual[2:], "--input", "none", "--output", "other")
command("no column", *usual, "--column", "message", "--output", "other")
command("no model", "--input", rows, "--model", rows, "--output", "other")

compiled = "intent_model.safetensors"
for name in (compiled, "model_card.json"):
    session.sparkContext.addFile(str(Path(model).with_name(name)))
command("sent along", "--input", "two.parquet", "--model", compiled, "--output", "three")
two = session.read.parquet("two.parquet")
sent = engine.label(two, model=compiled, prefix="new_", top_k=2)
answers["prefixed"] = [row.asDict(recursive=True) for row in sent.collect()]
[batch] = engine.label_partition(
    [pa.record_batch({"text": ["where is my parcel"]})], model=compiled, layout=Layout()
)
answers["partition"] = batch.to_pylist()

classify = engine.register(session, "classify", model=model)
answers["series"] = classify.func(pd.Series(["where is my parcel"])).to_dict("records")
two.createOrReplaceTempView("two")
query = session.sql("SELECT classify(text).intent, classify(text).reason FROM two")
answers["sql"] = [list(row) for row in query.collect()]

sys.argv = ["spark.py", *usual, "--output", "out"]
with contextlib.redirect_stderr(io.StringIO()) as errors:
    try:
        runpy.run_path(engine.__file__, run_name="__main__")
    except SystemExit as end:
        answers["script"] = [end.code, errors.getvalue().strip().splitlines()[-1]]
Path("answers.json").write_text(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def folder(small_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the session has read and written its tables."""
    folder = tmp_path_factory.mktemp("spark")
    texts = [ODD_TEXTS[number % len(ODD_TEXTS)] for number in range(ROWS)]
    parquet.write_table(pa.table({"id": range(ROWS), "text": texts}), folder / "rows.parquet")
    two = pa.table({"text": ["where is my parcel", "cancel my order"]})
    parquet.write_table(two, folder / "two.parquet")
    run_with_engines(SESSION, str(small_folder / MODEL_NAME), "rows.parquet", folder=folder)
    return folder


@pytest.fixture(scope="module")
def answers(folder: Path) -> dict[str, Any]:
    """The results of each call in the session."""
    answers: dict[str, Any] = json.loads((folder / "answers.json").read_text())
    return answers


def expected(model: IntentModel, text: str | None) -> tuple[str | None, float | None, str | None]:
    """Return intent, confidence and reason of a text, by the model itself."""
    reason = Layout().problem(text)
    if text is None or reason:
        return None, None, reason
    [prediction] = model.predict([text])
    return prediction.intent, round(prediction.confidence, 4), None


def test_every_row_is_labelled_as_the_model_labels_it(folder, small_model):
    """100,000 rows with nulls, long texts and odd Unicode: none is lost, none differs."""
    rows = parquet.read_table(folder / "out").sort_by("id").to_pylist()
    by_text = {text: expected(small_model, text) for text in ODD_TEXTS}

    assert [row["id"] for row in rows] == list(range(ROWS))
    assert [(row["intent"], row["confidence"], row["reason"]) for row in rows] == [
        by_text[row["text"]] for row in rows
    ]


def test_rows_without_a_label_are_written_aside_as_well(folder):
    """With the reason of each."""
    rejected = parquet.read_table(folder / "rejected").to_pylist()

    assert {row["reason"] for row in rejected} == {
        "no text",
        "text is empty",
        "text has more than 5000 characters",
    }
    assert len(rejected) == ROWS * 3 // len(ODD_TEXTS)


@pytest.mark.parametrize(
    ("call", "code", "message"),
    [
        pytest.param("labelled", 3, "Labelled 70,000 rows; 30,000 have a reason", id="reasons"),
        pytest.param("complete", 0, "Labelled 2 rows; 0 have a reason", id="all labelled"),
        pytest.param("sent along", 0, "Labelled 2 rows; 0 have a reason", id="model sent along"),
        pytest.param("script", 1, "error: [PATH_ALREADY_EXISTS]", id="run as a script"),
        pytest.param("existing", 1, "error: [PATH_ALREADY_EXISTS]", id="existing output"),
        pytest.param("no table", 1, "error: [PATH_NOT_FOUND]", id="no table"),
        pytest.param("no column", 1, "error: no column message: found id, text", id="no column"),
        pytest.param("no model", 1, "error: ", id="no model"),
    ],
)
def test_the_command_ends_with_one_line_and_its_exit_code(answers, call, code, message):
    """No job is started for what the driver can check."""
    found_code, line = answers[call]

    assert found_code == code
    assert line.startswith(message)


def test_workers_find_the_model_among_the_files_sent_along(answers, small_model):
    """The driver's path need not exist on their machines."""
    [first, second] = small_model.predict(["where is my parcel", "cancel my order"])

    assert [row["new_intent"] for row in answers["prefixed"]] == [first.intent, second.intent]
    assert all(len(row["new_alternatives"]) == 2 for row in answers["prefixed"])
    assert answers["partition"][0]["intent"] == first.intent


def test_sql_calls_the_registered_function(answers, small_model):
    """Its result is a struct of the new columns."""
    predictions = small_model.predict(["where is my parcel", "cancel my order"])

    assert answers["sql"] == [[each.intent, None] for each in predictions]
    assert answers["series"][0]["intent"] == predictions[0].intent
