from __future__ import annotations

import numpy as np
import pytest

from model.compilation.verification import ODD_TEXTS, probes, verify_equal
from model.errors import EqualityError
from tests.support.tables import TableScorer

LABELS = ("a", "b")


def scorer(logits, labels=LABELS, text="text"):
    return TableScorer(labels, {text: logits})


def test_probes_are_the_utterances_noise_and_odd_texts():
    """Answers are compared on each utterance, on noisy copies, and on odd texts."""
    texts = probes(["reset my password", ""])

    assert texts[:2] == ["reset my password", ""]
    assert "resetmypassword" in texts
    assert "RESET MY PASSWORD" in texts
    assert texts[-len(ODD_TEXTS) :] == list(ODD_TEXTS)
    assert probes(["reset my password", ""]) == texts


def test_equal_scorers_pass():
    """Differences within the tolerance, and another winner of a tie, are no differences."""
    verify_equal(scorer([1.0, 2.0]), scorer([1.000009, 2.0]), ["text"])
    verify_equal(scorer([1000.005, 2.0]), scorer([1000.0, 2.0]), ["text"])
    verify_equal(scorer([1.0, 1.0 + 1e-12]), scorer([1.0, 1.0]), ["text"])


def test_longer_texts_may_differ_by_as_much_more_as_they_are_longer():
    """Pipelines add the n-grams of a text in single precision, one by one."""
    text = "text " * 80
    theirs = scorer([1.0, 1.5], text=text)

    verify_equal(scorer([1.00002, 1.5], text=text), theirs, [text])
    with pytest.raises(EqualityError, match="other scores"):
        verify_equal(scorer([1.00004, 1.5], text=text), theirs, [text])


@pytest.mark.parametrize(
    ("ours", "labels", "reason"),
    [
        pytest.param([1.0, 2.0], ("a", "c"), "other labels", id="labels"),
        pytest.param([1.1, 2.0], LABELS, "other scores", id="scores"),
        pytest.param([np.nan, 2.0], LABELS, "other scores", id="no-number"),
        pytest.param([2.000005, 2.0], LABELS, "another label", id="label"),
    ],
)
def test_difference_is_an_error(ours, labels, reason):
    """Other labels or scores are an error."""
    theirs = [1.0, 2.0] if reason != "another label" else [2.0, 2.000003]

    with pytest.raises(EqualityError, match=reason):
        verify_equal(scorer(ours, labels), scorer(theirs), ["text"])
