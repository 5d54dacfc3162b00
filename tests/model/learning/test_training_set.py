from __future__ import annotations

from pathlib import Path

import pytest

from model.datasets.readers import Example
from model.learning.training_set import MIN_OUT_OF_SCOPE, TrainingSet

EXAMPLES = [
    Example(text, intent, Path("data.csv"), 2)
    for text, intent in (("hi", "greet"), ("bye", "a_goodbye"), ("hey", "greet"))
]


def test_labels_are_sorted_and_targets_are_their_indices():
    """Each utterance's target is the place of its intent among the sorted ones."""
    training_set = TrainingSet.of(EXAMPLES)

    assert training_set.labels == ("a_goodbye", "greet")
    assert training_set.targets.tolist() == [1, 0, 1]
    assert training_set.texts == ("hi", "bye", "hey")
    assert len(training_set) == 3


@pytest.mark.parametrize(
    ("count", "kept"),
    [
        pytest.param(MIN_OUT_OF_SCOPE - 1, 0, id="too-few"),
        pytest.param(MIN_OUT_OF_SCOPE, MIN_OUT_OF_SCOPE, id="enough"),
    ],
)
def test_few_out_of_scope_texts_are_ignored(count, kept):
    """Too few out-of-scope texts do not become a part of the training set."""
    assert len(TrainingSet.of(EXAMPLES, ["x"] * count).out_of_scope) == kept
