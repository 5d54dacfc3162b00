from __future__ import annotations

import pickle

import numpy as np
import pytest

from model.inference import static_embedding
from model.inference.static_embedding import (
    MAX_RUN,
    SUMS,
    WEIGHTS,
    Embedding,
    EmbeddingWeights,
    to_arrays,
)
from tests.support.tiny_embedding import TINY

TWO_SUMS = Embedding(
    TINY.pieces, TINY.vectors, TINY.scales, np.array(((1, 1), (0.5, 0.8)), np.float32)
)
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
def test_vector_is_the_normalized_sum_of_the_pieces(text, pieces):
    """Pieces are those of byte-pair encoding; the sum of their vectors is scaled to length 1."""
    [vector] = TINY.transform([text])

    np.testing.assert_allclose(vector, unit(sum_of(*pieces)), atol=1e-6)
    assert vector.dtype == np.float32


def test_earlier_words_count_more_in_the_second_sum():
    """A sum has its weight; a word counts by how many words, known or not, come before it."""
    [vector] = TWO_SUMS.transform(["my 42 border"])
    first = unit(sum_of("▁my") + sum_of("▁", "b", "order"))
    second = unit(sum_of("▁my") + 0.8**2 * sum_of("▁", "b", "order"))

    np.testing.assert_allclose(vector, unit(np.concatenate((first, 0.5 * second))), atol=1e-6)


@pytest.mark.parametrize("embedding", [TINY, TWO_SUMS])
@pytest.mark.parametrize("text", ["", " \n", "42", "你好"])
def test_text_without_known_pieces_has_no_vector(text, embedding):
    """The vector of a text without known pieces is zero."""
    assert not embedding.transform([text]).any()


def test_first_known_word_may_come_late():
    """The vector has length one, too, where nearly all words are unknown."""
    [vector] = TWO_SUMS.transform(["你 " * 5000 + "my order"])

    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_long_texts_are_summed_in_batches(monkeypatch):
    """The vector does not depend on the number of pieces that are summed at once."""
    text = "where is my border my parcel"
    whole = TWO_SUMS.transform([text])
    monkeypatch.setattr(static_embedding, "MAX_AT_ONCE", 2)

    np.testing.assert_allclose(TWO_SUMS.transform([text]), whole, atol=1e-6)


def test_no_texts_have_no_vectors():
    """The result for an empty list has no rows but all dimensions."""
    assert TINY.transform([]).shape == (0, TINY.dimensions)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("order", True, id="one-piece"),
        pytest.param("\u00d6rder", True, id="capitals-and-accents"),
        pytest.param("rer", False, id="several-pieces"),
        pytest.param("er", False, id="piece-within-words"),
    ],
)
def test_word_of_one_piece_is_known(word, expected):
    """The vocabulary has frequent words as a whole."""
    assert TINY.is_word(word) is expected


def test_long_words_are_split():
    """Pieces of a long word are merged in runs; only the first run begins a word."""
    first, rest = "x" * (MAX_RUN - 1), "order"

    [vector] = TINY.transform([first + rest])

    np.testing.assert_allclose(vector, unit(sum_of("▁", *first, "order")), atol=1e-6)


def test_embedding_survives_pickling():
    """An unpickled embedding returns the same vectors."""
    copy = pickle.loads(pickle.dumps(TWO_SUMS))

    assert (copy.transform(TEXTS) == TWO_SUMS.transform(TEXTS)).all()


def test_arrays_of_an_earlier_version_have_one_sum():
    """Models that were compiled before vectors had two sums are served as before."""
    arrays = {name: array for name, array in TWO_SUMS.to_arrays().items() if name != SUMS}

    assert (Embedding.from_arrays(arrays).transform(TEXTS) == TINY.transform(TEXTS)).all()


@pytest.mark.parametrize(
    ("pieces", "vectors", "scales"),
    [
        pytest.param(["a"], np.zeros((2, 3), np.int8), np.ones(2, np.float32), id="pieces"),
        pytest.param(["a", "b"], np.zeros((2, 3), np.int8), np.ones(1, np.float32), id="scales"),
        pytest.param(["a", "b"], np.zeros(2, np.int8), np.ones(2, np.float32), id="dimensions"),
    ],
)
def test_parts_of_different_lengths_are_refused(pieces, vectors, scales):
    """An embedding needs one vector and one scale for each piece."""
    with pytest.raises(ValueError, match="do not fit together"):
        Embedding(pieces, vectors, scales)


@pytest.mark.parametrize(
    "sums",
    [
        pytest.param(1.0, id="number"),
        pytest.param([1.0, 1.0], id="one-axis"),
        pytest.param([[1.0]], id="no-decay"),
        pytest.param(np.ones((0, 2)), id="none"),
        pytest.param([[1.0, 1.0], [0.0, 0.8]], id="no-weight"),
        pytest.param([[1.0, 1.3]], id="growing"),
        pytest.param([[np.nan, 1.0]], id="no-number"),
        pytest.param([[np.inf, 1.0]], id="infinite"),
    ],
)
def test_sums_without_weight_or_decay_are_refused(sums):
    """A damaged array would lead to vectors that are no numbers, perhaps of long texts only."""
    with pytest.raises(ValueError, match="no weights and decays"):
        Embedding(TINY.pieces, TINY.vectors, TINY.scales, np.array(sums, np.float32))


@pytest.fixture
def coefficients():
    return np.random.default_rng(1).normal(size=(3, TWO_SUMS.dimensions)).astype(np.float32)


@pytest.fixture
def weights(coefficients):
    arrays = to_arrays(TWO_SUMS, coefficients)
    return EmbeddingWeights(Embedding.from_arrays(arrays), arrays[WEIGHTS], label_count=3)


def test_scores_survive_storage(weights, coefficients):
    """Weights that are read from arrays score texts by the stored coefficients."""
    np.testing.assert_allclose(
        weights.scores(TEXTS), TWO_SUMS.transform(TEXTS) @ coefficients.T, atol=1e-6
    )
    assert weights.scores([]).shape == (0, 3)


@pytest.mark.parametrize("text", [*TEXTS, "my my order"])
def test_contributions_of_words_add_up_to_the_score(weights, text):
    """The contributions of the words add up to the text's score."""
    contributions = weights.contributions(text, 2)

    assert sum(weight for _, weight in contributions) == pytest.approx(
        weights.scores([text])[0, 2], abs=1e-6
    )
    assert len(contributions) == len(text.split())


def test_weights_of_other_dimensions_are_refused():
    """Weights need a padded row for each dimension."""
    with pytest.raises(ValueError, match="do not fit the vectors"):
        EmbeddingWeights(TINY, np.zeros((TINY.dimensions, 3), np.float32), label_count=3)
