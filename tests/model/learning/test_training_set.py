from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.datasets.readers import Example
from model.learning.training_set import MIN_OUT_OF_SCOPE, TrainingSet
from tests.support.tiny_embedding import TINY

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


def test_contrast_texts_complement_out_of_scope_texts():
    """Kinds with too few texts are ignored, and all kinds without ordinary out-of-scope texts."""
    enough = ("x",) * MIN_OUT_OF_SCOPE
    kinds = [enough, ("y",)]

    training_set = TrainingSet.of(EXAMPLES, enough, TINY, contrast=kinds)

    assert training_set.contrast == (enough,)
    assert training_set.outside == (enough, enough)
    assert TrainingSet.of(EXAMPLES, contrast=kinds).contrast == ()


def test_vectors_of_all_texts_are_computed():
    """Utterances, intents' names, out-of-scope texts and contrast texts have vectors."""
    outside, contrast = ("x",) * MIN_OUT_OF_SCOPE, ("y",) * MIN_OUT_OF_SCOPE

    training_set = TrainingSet.of(EXAMPLES, outside, TINY, contrast=[contrast])

    assert training_set.embedding
    assert len(training_set.embedding.transform(["hi", "a goodbye", "x", "y"])) == 4


def test_a_part_has_utterances_alone():
    """The numbers choose utterances; other texts are left out."""
    outside = ("x",) * MIN_OUT_OF_SCOPE

    part = TrainingSet.of(EXAMPLES, outside, contrast=[outside]).part(np.array([2, 0]))

    assert (part.texts, part.outside) == (("hey", "hi"), ((),))
