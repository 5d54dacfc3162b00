from __future__ import annotations

import pytest

from model.evaluation.metrics import Confusion, Evaluation, IntentScore
from model.reporting.confusion_matrix import MAX_LABELS, SHOWN_LABELS, confusion_matrices, ordered


def evaluation_of(count: int, *confusions: Confusion) -> Evaluation:
    intents = tuple(IntentScore(f"i{number:02}", 1.0, 0.5, 0.7, 10) for number in range(count))
    return Evaluation(0.5, 0.5, 0.0, intents, confusions, 0.0, {})


def test_confused_intents_are_neighbours():
    """The order depends on confusions, not on names."""
    shares = {("a", "e"): 0.5, ("f", "b"): 0.4, ("c", "d"): 0.1, ("a", "a"): 1.0}

    order = ordered("abcdef", shares)

    assert sorted(order) == list("abcdef")
    for pair in ("ae", "bf", "cd"):
        assert abs(order.index(pair[0]) - order.index(pair[1])) == 1


@pytest.mark.parametrize("labels", [["b"], ["b", "a"]], ids=["one", "two"])
def test_two_intents_need_no_order(labels):
    """Two intents keep their order."""
    assert ordered(labels, {("a", "b"): 0.5}) == labels


def test_few_intents_have_one_matrix():
    """A matrix of few intents is complete."""
    [drawn] = confusion_matrices(evaluation_of(MAX_LABELS, Confusion("i01", "i02", 3)))

    assert "i01 predicted as i02: 30%" in drawn
    assert "i05 predicted as i05: 50%" in drawn


def test_many_intents_have_a_second_matrix_of_the_most_confused():
    """The first matrix has only confusions among the most confused intents, the second all."""
    pairs = [
        Confusion(f"i{number:02}", f"i{number + SHOWN_LABELS // 2:02}", 2)
        for number in range(SHOWN_LABELS // 2)
    ]
    stray = Confusion("i39", "i40", 1)

    first, everything = confusion_matrices(evaluation_of(MAX_LABELS + 1, *pairs, stray))

    assert "i00 predicted as i15: 20%" in first
    assert "i39" not in first
    assert "i39 predicted as i40: 10%" in everything
