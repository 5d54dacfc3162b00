from __future__ import annotations

import numpy as np
import pytest

from model.learning import neighbours
from model.learning.neighbours import choose_neighbours, density_model, fit_density_weight

TARGETS = np.array([1, 0, 1, 1, 0])
VECTORS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def test_all_vectors_are_kept_if_they_are_few():
    """Vectors are kept with 8 bits, in the order of their labels."""
    kept = choose_neighbours(VECTORS, TARGETS, label_count=2, seed=0)

    assert kept.counts.tolist() == [2, 3]
    own = VECTORS[TARGETS == 0]
    cosines = own @ kept.vectors[:2].T / np.linalg.norm(own, axis=1)[:, np.newaxis]
    cosines /= np.linalg.norm(kept.vectors[:2].astype(float), axis=1)
    assert cosines.max(axis=1) == pytest.approx(1, abs=1e-3)


def test_each_label_keeps_an_equal_part_of_many_vectors(monkeypatch):
    """The number of vectors is bounded; a label keeps one at least."""
    monkeypatch.setattr(neighbours, "MAX_VECTORS", 4)
    assert choose_neighbours(VECTORS, TARGETS, label_count=2, seed=0).counts.tolist() == [2, 2]

    monkeypatch.setattr(neighbours, "MAX_VECTORS", 1)
    assert choose_neighbours(VECTORS, TARGETS, label_count=2, seed=0).counts.tolist() == [1, 1]


def test_same_seed_keeps_the_same_vectors(monkeypatch):
    """Which vectors are kept depends on the seed alone."""
    monkeypatch.setattr(neighbours, "MAX_VECTORS", 2)
    first, second = (choose_neighbours(VECTORS, TARGETS, label_count=2, seed=3) for _ in "ab")

    assert (first.vectors == second.vectors).all()


def test_texts_without_a_vector_are_kept():
    """A vector of zeros stays one."""
    kept = choose_neighbours(np.zeros((1, 4), np.float32), np.array([0]), label_count=1, seed=0)

    assert not kept.vectors.any()


def test_scores_of_the_model_of_densities_are_the_densities():
    """Each label's density, less the mean, is its score."""
    scores = density_model(2).scores(np.array([[3, -3]], np.float32))

    assert scores.tolist() == [[3.0, -3.0]]


def test_densities_weigh_nothing_where_they_mislead():
    """Densities of other labels than the true ones have hardly any weight."""
    scores = np.array([[1.0, -1.0], [-1.0, 1.0]])

    assert fit_density_weight(scores, -scores, np.array([0, 1])) < 0.01


def test_densities_weigh_more_the_better_they_are():
    """Densities of the true labels weigh more if the vectors alone are less certain."""
    random = np.random.default_rng(0)
    targets = random.integers(0, 2, 200)
    densities = np.where(targets == 0, 1.0, -1.0) + random.normal(size=200)
    densities = np.column_stack((densities, -densities))

    certain, uncertain = (
        fit_density_weight(weight * densities, densities, targets) for weight in (0.8, 0.2)
    )

    assert 0 < certain < uncertain
    assert uncertain - certain == pytest.approx(0.6, abs=0.01)
