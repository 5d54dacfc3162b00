"""The act curve: which messages are acted on, and how many of them wrongly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.datasets.readers import Example
from model.evaluation.act_curve import act_curve, act_point, choose_act_above, describe
from model.evaluation.labelled_predictions import LabelledPredictions


def predictions(*rows, outside=(), threshold=0.3):
    """Return predictions from confidences, each with whether it is right."""
    return LabelledPredictions(
        examples=tuple(Example("text", "yes", Path("a.csv"), 1) for _ in rows),
        predicted=tuple("yes" if is_right else "no" for _, is_right in rows),
        confidences=np.array([confidence for confidence, _ in rows]),
        in_scope=np.ones(len(rows)),
        out_of_scope=np.array(outside, dtype=float),
        out_of_scope_confidences=np.ones(len(outside)),
        threshold=threshold,
    )


MIXED = predictions((0.9, True), (0.8, True), (0.7, False), (0.6, True), (0.5, True))


def test_point_counts_what_is_acted_on():
    """The errors are a share of the messages that are acted on, with an interval."""
    point = act_point(MIXED, 0.65)

    assert (point.confidence, point.acted) == (0.65, 0.6)
    assert point.errors == pytest.approx(1 / 3)
    assert point.interval.low < 1 / 3 < point.interval.high


def test_point_includes_messages_of_its_own_confidence():
    """The confidence is the lowest that is acted on."""
    assert act_point(MIXED, 0.7).acted == 0.6


def test_point_without_messages_has_no_errors():
    """Above the highest confidence nothing is acted on."""
    point = act_point(MIXED, 0.95)

    assert (point.acted, point.errors, point.interval.high) == (0.0, 0.0, 1.0)


def test_out_of_scope_texts_are_errors_unless_they_are_rejected():
    """Whoever acts on a text of no intent does something wrong."""
    point = act_point(predictions((0.9, True), outside=(0.95, 0.1)), 0.5)

    assert point.acted == pytest.approx(2 / 3)
    assert point.errors == 0.5


def test_curve_falls_with_the_confidence():
    """The higher the confidence, the fewer messages are acted on."""
    curve = act_curve(MIXED)
    confidences, acted = [each.confidence for each in curve], [each.acted for each in curve]

    assert confidences == sorted({*confidences})
    assert (confidences[0], confidences[-1]) == (0.0, 0.999)
    assert acted == sorted(acted, reverse=True)


@pytest.mark.parametrize(
    ("max_error", "expected"),
    [
        pytest.param(0.0, 0.8, id="no-error"),
        pytest.param(0.2, 0.5, id="some-errors"),
        pytest.param(0.25, 0.5, id="the-most-messages"),
    ],
)
def test_confidence_is_the_lowest_with_few_enough_errors(max_error, expected):
    """As many messages are acted on as the errors allow."""
    assert choose_act_above(MIXED, max_error) == expected


def test_equal_confidences_are_acted_on_together():
    """Right and wrong ones of one confidence can't be told apart."""
    tied = predictions((0.9, True), (0.8, True), (0.8, False))

    assert choose_act_above(tied, 0.0) == 0.9


def test_rejected_texts_are_not_acted_on_whatever_errors_are_allowed():
    """The confidence of a rejected text, 0, is never chosen."""
    assert choose_act_above(predictions((0.9, True), outside=(0.1,)), 0.5) == 0.9


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(predictions((0.9, False), (0.8, True)), id="wrong-at-the-top"),
        pytest.param(predictions((0.9, True), threshold=2.0), id="all-rejected"),
    ],
)
def test_no_confidence_may_be_good_enough(rows):
    """Where even the highest is wrong too often, none is chosen."""
    assert choose_act_above(rows, 0.1) is None


def test_sentence_has_shares_and_interval():
    """It is what training prints."""
    assert describe(act_point(MIXED, 0.65)) == (
        "Acts on 60.0% of held-out messages, with 33.3% errors (6.1% to 79.2%): "
        "those with a confidence of 0.650 or more"
    )
