from __future__ import annotations

import pytest
from scipy.stats import binomtest

from model.evaluation.comparison import Comparison, mcnemar
from model.inference.prediction import Prediction


def predictions(*intents: str, confidence: float = 0.5) -> list[Prediction]:
    return [Prediction(intent, confidence) for intent in intents]


def compare(true, before, after) -> Comparison:
    texts = [f"text {number}" for number in range(len(true))]
    return Comparison(texts, true, predictions(*before), predictions(*after, confidence=0.75))


def test_changed_utterances_are_listed_in_their_order():
    """A change has both intents and confidences, and a verdict by the label."""
    comparison = compare(["a", "a", "b", None, "c"], "abbad", "babbd")
    assert [(change.text, change.before, change.after) for change in comparison.changes] == [
        ("text 0", "a", "b"),
        ("text 1", "b", "a"),
        ("text 3", "a", "b"),
    ]
    assert [change.verdict for change in comparison.changes] == ["worse", "better", "unknown"]
    assert comparison.changes[0].confidences == (0.5, 0.75)
    assert comparison.changed_share == pytest.approx(0.6)


def test_a_change_between_wrong_intents_is_both_wrong():
    """Neither model has the label."""
    [change] = compare(["a"], "b", "c").changes
    assert change.verdict == "both wrong"


def test_flows_are_counted_most_first():
    """Pairs with the same number are in the order of their names."""
    comparison = compare([None] * 4, "aabc", "bbca")
    assert comparison.flows == [("a", "b", 2), ("b", "c", 1), ("c", "a", 1)]


def test_accuracy_counts_labelled_utterances_alone():
    """Utterances without a label count in no accuracy."""
    comparison = compare(["a", "a", None], "aba", "aab")
    assert comparison.accuracies
    (before, interval), (after, _) = comparison.accuracies
    assert (before, after) == (0.5, 1.0)
    assert interval.low < 0.5 < interval.high


def test_without_labels_there_is_no_accuracy():
    """Nobody knows which model is right."""
    comparison = compare([None], "a", "b")
    assert comparison.accuracies is None
    assert comparison.p_value is None


def test_the_p_value_counts_what_one_model_alone_has_right():
    """Six utterances become right and one wrong."""
    comparison = compare(["a"] * 9, "bbbbbbaab", "aaaaaabab")
    assert comparison.p_value == pytest.approx(2 * (1 + 7) * 0.5**7)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (3, 3), (1, 9), (40, 12), (900, 1000)])
def test_mcnemar_is_the_binomial_test(first, second):
    """The exact test agrees with SciPy's."""
    total = first + second
    expected = binomtest(first, total).pvalue if total else 1.0
    assert mcnemar(first, second) == pytest.approx(expected)


def test_the_shift_of_confidence_has_quantiles():
    """All utterances gain a quarter."""
    assert compare(["a", "b"], "ab", "ab").confidence_shift == pytest.approx((0.25,) * 3)
