from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.errors import CompiledFormError
from model.inference.compiled_pipeline import (
    COMPILED_NAME,
    FORMAT,
    CompiledPipeline,
)
from model.inference.compiled_scorer import CompiledScorer
from model.inference.encoders.encoder_file import SentenceEncoder
from model.inference.familiarity import Familiarity
from model.inference.safetensors_file import ArrayFile
from model.inference.static_embedding import to_arrays
from model.inference.weights import DenseWeights, SparseWeights
from tests.support.stores.sparse_model import with_sparse_weights
from tests.support.tiny_embedding import TINY, TINY_NEIGHBOURS, TINY_SENTENCES, TinyEncoder


@pytest.fixture
def content(small_folder):
    return (small_folder / COMPILED_NAME).read_bytes()


@pytest.fixture
def compiled(content, small_trained):
    return CompiledPipeline.from_bytes(content, model_sha256=small_trained.card.model_sha256)


def test_file_survives_reading_and_writing(compiled, content, small_trained):
    """Reading and writing a file leaves its bytes unchanged."""
    assert compiled.to_bytes(model_sha256=small_trained.card.model_sha256) == content


def test_the_familiarity_survives_reading_and_writing(compiled):
    """A file says how much n-grams count."""
    familiar = replace(compiled, familiarity=Familiarity(low=0.2, high=0.6))

    written = familiar.to_bytes(model_sha256="abc")

    read = CompiledPipeline.from_bytes(written, model_sha256="abc")
    assert read.familiarity == familiar.familiarity


def test_compact_weights_have_no_table_and_the_same_scores(compiled):
    """The list of the non-zero weights is a part of the file already."""
    sparse = with_sparse_weights(compiled)
    table, compact = sparse.weights(), sparse.weights(is_compact=True)
    utterances = np.array([0, 3, 4, 2]), np.array([0.5, 0.2, 0.1, 1.0]), [3, 3, 4]

    assert (type(table), type(compact)) == (DenseWeights, SparseWeights)
    assert compact.scores(*utterances) == pytest.approx(table.scores(*utterances))


def test_file_of_another_pickle_is_refused(content):
    """A compiled form serves only the pickle that it was made from."""
    with pytest.raises(CompiledFormError, match="was made from another pickle"):
        CompiledPipeline.from_bytes(content, model_sha256="0" * 64)


def test_damaged_file_is_refused(content):
    """A truncated file is refused as damaged."""
    with pytest.raises(CompiledFormError, match="is damaged"):
        CompiledPipeline.from_bytes(content[:-1], model_sha256="")


def test_other_format_is_refused():
    """A file of another format is refused as of another version."""
    content = ArrayFile({}, {"format": "intent-function/0"}).to_bytes()

    with pytest.raises(CompiledFormError, match="another version"):
        CompiledPipeline.from_bytes(content, model_sha256="")


@pytest.mark.parametrize("description", ["{}", "[]", "no JSON", '{"labels": ["a"]}'])
def test_file_without_a_description_is_refused(description):
    """A file with a valid checksum that describes no pipeline is refused."""
    metadata = {"format": FORMAT, "model_sha256": "", "description": description}

    with pytest.raises(CompiledFormError, match="describes no pipeline"):
        CompiledPipeline.from_bytes(ArrayFile({}, metadata).to_bytes(), model_sha256="")


def with_arrays(compiled, **changes):
    arrays = {**compiled.arrays, **changes}
    return replace(compiled, arrays={k: v for k, v in arrays.items() if v is not None})


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"intercept": np.zeros(2)}, id="intercept"),
        pytest.param({"intercept": None}, id="no-intercept"),
        pytest.param({"idf.0": np.ones(3)}, id="idf"),
        pytest.param({"idf.0": None}, id="no-idf"),
        pytest.param({"units.0": np.frombuffer(b"a\nb", np.uint8)}, id="units"),
        pytest.param({"units.0": np.frombuffer(b"\xff", np.uint8)}, id="no-utf-8"),
        pytest.param({"keys.0": None}, id="no-keys"),
        pytest.param({"columns.0": np.array([1, 2], np.uint8)}, id="columns"),
        pytest.param({"weights": np.zeros((4, 16))}, id="weights"),
        pytest.param({"weights": np.zeros((4, 3))}, id="not-padded"),
        pytest.param(
            {
                "weights": None,
                "weights.starts": np.array([0, 1], np.uint32),
                "weights.labels": np.array([3], np.uint8),
                "weights.values": np.array([1], np.int8),
            },
            id="label-out-of-range",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(compiled, changes):
    """Arrays that contradict each other are refused."""
    with pytest.raises(CompiledFormError, match="do not fit together"):
        CompiledScorer(with_arrays(compiled, **changes))


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_refused(compiled, number):
    """The self-test may not use it, and then a text that does would get no probability."""
    idf = compiled.arrays["idf.0"].copy()
    idf[-1] = number
    with pytest.raises(CompiledFormError, match="holds a number that is not finite"):
        CompiledScorer(with_arrays(compiled, **{"idf.0": idf}))


@pytest.mark.parametrize("missing", ["static.pieces", "static.vectors", "static.scales"])
def test_static_vectors_without_a_part_are_refused(compiled, missing):
    """Weights of static vectors need pieces, vectors and scales."""
    static = to_arrays(TINY, np.zeros((len(compiled.labels), TINY.dimensions)))
    CompiledScorer(with_arrays(compiled, **static))

    with pytest.raises(CompiledFormError, match="do not fit together"):
        CompiledScorer(with_arrays(compiled, **{**static, missing: None}))


@pytest.mark.parametrize("digest", ["", "ab" * 32], ids=["no-encoder", "another-encoder"])
def test_model_is_served_with_its_sentence_encoder_only(compiled, digest):
    """A model that names a sentence encoder is refused without it, and with another one."""
    encoder = SentenceEncoder(TinyEncoder(), digest=digest) if digest else None
    weights = to_arrays(
        SentenceEncoder(TinyEncoder(), digest="cd" * 32), np.zeros((3, TINY.dimensions))
    )

    with pytest.raises(CompiledFormError, match="do not fit together"):
        CompiledScorer(with_arrays(compiled, **weights), encoder)


@pytest.mark.parametrize(
    ("encoder", "changes"),
    [
        pytest.param(None, {}, id="no-encoder"),
        pytest.param(TINY_SENTENCES, {"neighbours.counts": None}, id="no-counts"),
        pytest.param(TINY_SENTENCES, {"neighbours.weights": np.ones((2, 3))}, id="weights"),
    ],
)
def test_neighbours_that_do_not_fit_are_refused(compiled, encoder, changes):
    """Neighbours need an encoder, counts, and a weight of each feature for each label."""
    count = len(compiled.labels)
    weights = {"neighbours.weights": np.ones((TINY_NEIGHBOURS.feature_count, count))}
    arrays = to_arrays(TINY_SENTENCES, np.zeros((count, TINY.dimensions)))
    arrays |= TINY_NEIGHBOURS.to_arrays() | weights
    CompiledScorer(with_arrays(compiled, **arrays), TINY_SENTENCES)

    without_vectors = {} if encoder else {"static.weights": None, "sentence.digest": None}
    with pytest.raises(CompiledFormError, match="do not fit together"):
        CompiledScorer(with_arrays(compiled, **(arrays | without_vectors | changes)), encoder)
