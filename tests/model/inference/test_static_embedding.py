from __future__ import annotations

import pickle

import numpy as np
import pytest

from model.inference.static_embedding import MAX_RUN, Embedding, EmbeddingWeights, to_arrays
from tests.support.tiny_embedding import TINY

TEXTS = ["my order", "where is my parcel", "Pässword, 42!", ""]


def sum_of(*pieces: str) -> np.ndarray:
    numbers = [TINY.pieces.index(piece) for piece in pieces]
    terms = TINY.vectors[numbers] * TINY.scales[numbers, None].astype(np.float64)
    return np.asarray(terms.sum(axis=0))


def unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        pytest.param("order", ["▁order"], id="whole-word"),
        pytest.param("parcel", ["▁parcel"], id="whole-word-that-merges-do-not-reach"),
        pytest.param("my  order\n", ["▁my", "▁order"], id="words"),
        pytest.param("rer", ["▁", "r", "er"], id="lowest-number-first"),
        pytest.param("erer", ["▁", "er", "er"], id="leftmost-first"),
        pytest.param("MY Örder", ["▁my", "▁order"], id="capitals-and-accents"),
        pytest.param("order, 42 a你", ["▁order", "▁", "a"], id="unknown-characters"),
        pytest.param("border", ["▁", "b", "order"], id="merges-of-merges"),
        pytest.param("my 你好", ["▁my"], id="unknown-word"),
    ],
)
def test_text_is_the_sum_of_its_pieces(text, pieces):
    """Pieces are merged as byte-pair encoding does, and their vectors added and scaled to one."""
    [vector] = TINY.transform([text])

    np.testing.assert_allclose(vector, unit(sum_of(*pieces)), atol=1e-6)
    assert vector.dtype == np.float32


@pytest.mark.parametrize("text", ["", " \n", "42", "你好"])
def test_text_without_known_pieces_has_no_vector(text):
    """What is not known has no direction: the vector is zero."""
    assert not TINY.transform([text]).any()


def test_no_texts_give_no_vectors():
    """The shape is kept where there is nothing to transform."""
    assert TINY.transform([]).shape == (0, TINY.dimensions)


def test_long_words_are_taken_apart():
    """A word longer than a run is merged run by run; only the first begins a word."""
    first, rest = "x" * (MAX_RUN - 1), "order"

    [vector] = TINY.transform([first + rest])

    np.testing.assert_allclose(vector, unit(sum_of("▁", *first, "order")), atol=1e-6)


def test_embedding_survives_pickling():
    """An unpickled embedding gives the same vectors."""
    copy = pickle.loads(pickle.dumps(TINY))

    assert (copy.transform(TEXTS) == TINY.transform(TEXTS)).all()


@pytest.mark.parametrize(
    ("pieces", "vectors", "scales"),
    [
        pytest.param(["a"], np.zeros((2, 3), np.int8), np.ones(2, np.float32), id="pieces"),
        pytest.param(["a", "b"], np.zeros((2, 3), np.int8), np.ones(1, np.float32), id="scales"),
        pytest.param(["a", "b"], np.zeros(2, np.int8), np.ones(2, np.float32), id="dimensions"),
    ],
)
def test_parts_that_do_not_fit_are_refused(pieces, vectors, scales):
    """There are as many pieces as vectors and scales."""
    with pytest.raises(ValueError, match="do not fit together"):
        Embedding(pieces, vectors, scales)


@pytest.fixture
def coefficients():
    return np.random.default_rng(1).normal(size=(3, TINY.dimensions)).astype(np.float32)


@pytest.fixture
def weights(coefficients):
    return EmbeddingWeights.from_arrays(to_arrays(TINY, coefficients), label_count=3)


def test_scores_survive_storage(weights, coefficients):
    """What was stored as arrays scores texts by the coefficients."""
    np.testing.assert_allclose(
        weights.scores(TEXTS), TINY.transform(TEXTS) @ coefficients.T, atol=1e-6
    )
    assert weights.scores([]).shape == (0, 3)


@pytest.mark.parametrize("text", [*TEXTS, "my my order"])
def test_contributions_of_words_add_up_to_the_score(weights, text):
    """What the words add is, all together, the text's score; a repeated word is given once."""
    added = weights.contributions(text, 2)

    assert sum(added.values()) == pytest.approx(weights.scores([text])[0, 2], abs=1e-6)
    assert len(added) == len(set(text.split()))


def test_weights_of_other_dimensions_are_refused():
    """There is a row of weights for each dimension, with room for the labels."""
    with pytest.raises(ValueError, match="do not fit the vectors"):
        EmbeddingWeights(TINY, np.zeros((TINY.dimensions, 3), np.float32), label_count=3)
