from __future__ import annotations

import numpy as np
import pytest

from model.inference import neighbours
from model.inference.neighbours import CONCENTRATION, Neighbours, NeighbourWeights
from tests.support.tiny_embedding import TINY, TINY_NEIGHBOURS

RIGHT, UP, LEFT = (np.array([x], np.float32) for x in ([1, 0], [0, 1], [-1, 0]))
THREE = Neighbours(np.array([[127, 0], [0, 50], [0, 127]], np.int8), np.array([1, 2]))


def test_density_is_that_of_the_kernel():
    """A label's density is the mean of the kernels of its vectors, whatever their lengths."""
    [logs] = THREE.log_densities(RIGHT)

    assert logs[0] - logs[1] == pytest.approx(CONCENTRATION, rel=1e-5)
    assert logs.sum() == pytest.approx(0)


def test_texts_and_vectors_are_compared_in_parts(monkeypatch):
    """Any number of texts and vectors has the densities that each text has alone."""
    vectors = np.concatenate((RIGHT, UP, LEFT))
    alone = np.concatenate([THREE.log_densities(each) for each in (RIGHT, UP, LEFT)])
    monkeypatch.setattr(neighbours, "MAX_TEXTS_AT_ONCE", 2)
    monkeypatch.setattr(neighbours, "MAX_VECTORS_AT_ONCE", 2)

    np.testing.assert_allclose(THREE.log_densities(vectors), alone, rtol=1e-6)


def test_vectors_that_are_far_away_have_a_finite_density():
    """The logarithm is finite where all kernels vanish."""
    assert np.isfinite(THREE.log_densities(LEFT)).all()


@pytest.mark.parametrize(
    ("shape", "counts"),
    [
        pytest.param((3, 2), [1, 1], id="too-few"),
        pytest.param((3, 2), [3, 0], id="label-without-a-vector"),
        pytest.param((3,), [1, 2], id="no-table"),
    ],
)
def test_counts_that_do_not_fit_are_refused(shape, counts):
    """Each vector belongs to a label, and each label has one."""
    with pytest.raises(ValueError, match="do not fit"):
        Neighbours(np.ones(shape, np.int8), np.array(counts))


def test_arrays_hold_the_neighbours():
    """Neighbours are read as they were written; arrays of other models hold none."""
    read = Neighbours.from_arrays(TINY_NEIGHBOURS.to_arrays())

    assert read is not None
    vectors = TINY.transform(["my order", "parcel"])
    assert (read.log_densities(vectors) == TINY_NEIGHBOURS.log_densities(vectors)).all()
    assert Neighbours.from_arrays({}) is None


def test_features_are_densities_and_a_constant():
    """The constant follows the densities, so that its weights are those of any text."""
    vectors = TINY.transform(["my order", "parcel"])

    features = TINY_NEIGHBOURS.features(vectors)

    assert features.shape == (2, TINY_NEIGHBOURS.feature_count)
    assert (features[:, :-1] == TINY_NEIGHBOURS.log_densities(vectors)).all()
    assert (features[:, -1] == 1).all()


def test_scores_are_weighted_features_times_the_factors():
    """Each text's densities and constant, times its factor, are multiplied by the weights."""
    weights = np.arange(8, dtype=np.float32).reshape(4, 2)
    texts, factors = ["my order", "parcel", "my password"], np.array([0.5, 0.0, 1.0])

    scores = NeighbourWeights(TINY, TINY_NEIGHBOURS, weights, label_count=2).scores(texts, factors)

    features = TINY_NEIGHBOURS.features(TINY.transform(texts))
    np.testing.assert_allclose(scores, factors[:, np.newaxis] * features @ weights, rtol=1e-6)


def test_densities_that_count_nothing_are_not_computed(monkeypatch):
    """Texts of known words do not wait for densities."""
    weights = NeighbourWeights(TINY, TINY_NEIGHBOURS, np.ones((4, 2), np.float32), label_count=2)

    monkeypatch.delattr(Neighbours, "log_densities")

    assert weights.scores(["my order"], np.zeros(1)).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    "shape", [pytest.param((3, 2), id="features"), pytest.param((4, 4), id="labels")]
)
def test_weights_that_do_not_fit_are_refused(shape):
    """There is a weight of each feature for each label."""
    with pytest.raises(ValueError, match="fit neither"):
        NeighbourWeights(TINY, TINY_NEIGHBOURS, np.ones(shape, np.float32), label_count=2)
