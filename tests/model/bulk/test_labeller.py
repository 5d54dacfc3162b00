"""Record batches are labelled row by row; no row is lost, and none fails its batch."""

from __future__ import annotations

import pyarrow as pa
import pytest

from model.bulk.labeller import Labeller, label_batches
from model.errors import ColumnError
from model.inference.intent_model import IntentModel
from model.tables.table import Layout
from model.training.fitted_model import MODEL_NAME

TEXTS = ["where is my parcel", None, " ", "x" * 6000, "cancel my order"]
REASONS = [None, "no text", "text is empty", "text has more than 5000 characters", None]


@pytest.fixture
def labeller(small_model: IntentModel) -> Labeller:
    return Labeller(small_model, Layout())


def batch(texts: pa.Array) -> pa.RecordBatch:
    return pa.record_batch({"id": pa.array(range(len(texts))), "text": texts})


def test_rows_keep_their_order_and_columns(labeller, small_model):
    """Labels, as the model predicts them, stand in columns behind those of the batch."""
    labelled = labeller.label(batch(pa.array(TEXTS)))
    first, last = small_model.predict([TEXTS[0], TEXTS[-1]])

    assert labelled.schema.names == ["id", "text", "intent", "confidence", "reason"]
    assert labelled.column("id").to_pylist() == [0, 1, 2, 3, 4]
    assert labelled.column("intent").to_pylist() == [first.intent, None, None, None, last.intent]
    assert labelled.column("confidence").to_pylist() == [
        round(first.confidence, 4), None, None, None, round(last.confidence, 4)
    ]  # fmt: skip


def test_rows_that_cannot_be_classified_say_why(labeller):
    """A row has either a label or a reason."""
    labelled = labeller.label(batch(pa.array(TEXTS)))

    assert labelled.column("reason").to_pylist() == REASONS


def test_alternatives_are_lists_of_intents(small_model):
    """As many as the layout asks for."""
    labelled = Labeller(small_model, Layout(top_k=2)).label(batch(pa.array(TEXTS[:2])))
    [ranked, nothing] = labelled.column("alternatives").to_pylist()

    assert len(ranked) == 2
    assert set(ranked[0]) == {"intent", "confidence"}
    assert nothing is None


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(pa.string(), id="string"),
        pytest.param(pa.large_string(), id="large string"),
        pytest.param(pa.string_view(), id="string view"),
        pytest.param(pa.dictionary(pa.int32(), pa.string()), id="dictionary"),
    ],
)
def test_every_type_of_strings_is_read(labeller, kind):
    """Engines choose among them as they like."""
    labelled = labeller.label(batch(pa.array(TEXTS[:2]).cast(kind)))

    assert labelled.column("reason").to_pylist() == REASONS[:2]
    assert labelled.schema.field("text").type == kind


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        pytest.param(pa.array([1, 2]), "text is no text", id="numbers"),
        pytest.param(pa.nulls(2), "no text", id="nulls"),
    ],
)
def test_columns_without_texts_have_a_reason_in_each_row(labeller, column, reason):
    """A wrong column is no error of the job."""
    assert labeller.label(batch(column)).column("reason").to_pylist() == [reason, reason]


def test_a_text_that_is_not_utf8_concerns_its_row_alone(labeller):
    """Arrow does not check the bytes of strings."""
    broken = pa.array([b"\xff", b"where is my parcel", None]).view(pa.string())
    labelled = labeller.label(batch(broken))

    assert labelled.column("reason").to_pylist() == ["text is not valid Unicode", None, "no text"]


def test_empty_batches_are_labelled(labeller):
    """Engines send them for empty partitions."""
    labelled = labeller.label(batch(pa.array([], pa.string())))

    assert labelled.num_rows == 0
    assert labelled.schema.names[-3:] == ["intent", "confidence", "reason"]


def test_a_prefix_keeps_the_columns_that_exist(small_model):
    """A table that was labelled once can be labelled again."""
    once = Labeller(small_model, Layout()).label(batch(pa.array(TEXTS)))
    twice = Labeller(small_model, Layout(prefix="new_")).label(once)

    assert twice.schema.names[-3:] == ["new_intent", "new_confidence", "new_reason"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(["id"], "no column text: found id", id="no column of texts"),
        pytest.param(["text", "intent"], "has intent already", id="an intent already"),
        pytest.param(["text", "reason"], "has reason already", id="a reason already"),
    ],
)
def test_wrong_columns_are_refused_before_the_work(labeller, names, message):
    """The engine's driver asks for the schema first."""
    schema = pa.schema([(name, pa.string()) for name in names])
    with pytest.raises(ColumnError, match=message):
        labeller.schema(schema)


def test_partitions_are_labelled_by_the_model_at_a_path(small_folder, small_model):
    """The function that executors call needs nothing but paths and values."""
    batches = [batch(pa.array(TEXTS[:1])), batch(pa.array(TEXTS[-1:]))]
    labelled = list(label_batches(batches, path=small_folder / MODEL_NAME, layout=Layout()))

    assert labelled == [Labeller(small_model, Layout()).label(each) for each in batches]
