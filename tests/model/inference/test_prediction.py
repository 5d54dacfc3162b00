"""Predictions: rankings of intents, and the probabilities in them."""

from __future__ import annotations

import pytest

from model.inference.prediction import Alternative, Prediction, Ranking

INTENTS, CONFIDENCES = ["a", "b", "c"], [0.5, 0.3, 0.2]
ALTERNATIVES = tuple(map(Alternative, INTENTS, CONFIDENCES))


@pytest.fixture
def ranking() -> Ranking:
    return Ranking(INTENTS, CONFIDENCES)


def test_a_ranking_is_a_sequence_of_alternatives(ranking):
    """It can be counted, indexed, sliced and iterated over."""
    assert len(ranking) == 3
    assert ranking[1] == Alternative("b", 0.3)
    assert ranking[:2] == ALTERNATIVES[:2]
    assert tuple(ranking) == ALTERNATIVES


def test_a_ranking_equals_a_sequence_of_the_same_alternatives(ranking):
    """Nothing else equals it."""
    assert ranking == ALTERNATIVES
    assert ranking == ALTERNATIVES
    assert ranking != ALTERNATIVES[:2]
    assert ranking != 3


@pytest.mark.parametrize("kind", [Ranking, tuple])
def test_probabilities_are_those_of_the_alternatives(ranking, kind):
    """In their order, whatever form they have."""
    alternatives = {Ranking: ranking, tuple: ALTERNATIVES}[kind]
    probabilities = Prediction("a", 0.5, alternatives).probabilities()

    assert [*probabilities.items()] == [*zip(INTENTS, CONFIDENCES, strict=True)]
