from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from model.datasets.checks import MIN_OUT_OF_SCOPE
from model.datasets.readers import Example
from model.learning.augmentation import misspelt_copy
from model.learning.training_set import TrainingSet, words_of_name
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
    """Utterances, intents' names, their copies, out-of-scope and contrast texts have vectors."""
    outside, contrast = ("x",) * MIN_OUT_OF_SCOPE, ("y",) * MIN_OUT_OF_SCOPE
    taught = ["hi", "a goodbye"]

    training_set = TrainingSet.of(EXAMPLES, outside, TINY, contrast=[contrast])
    in_another_process = pickle.loads(pickle.dumps(training_set.embedding))

    assert len(in_another_process.transform([*taught, "x", "y"])) == 4
    assert len(in_another_process.transform([*map(misspelt_copy, taught)])) == 2


def test_a_part_has_utterances_alone():
    """The numbers choose utterances; other texts are left out."""
    outside = ("x",) * MIN_OUT_OF_SCOPE

    part = TrainingSet.of(EXAMPLES, outside, contrast=[outside]).part(np.array([2, 0]))

    assert (part.texts, part.outside) == (("hey", "hi"), ((),))


def test_labels_are_described_by_their_names_and_descriptions():
    """Intents that are left out in turn take their texts with them."""
    training_set = TrainingSet.of(EXAMPLES, descriptions={"greet": "Saying hello"})

    assert training_set.label_texts == [("a goodbye",), ("greet", "Saying hello")]
    assert training_set.part(np.array([0, 2])).label_texts == [("greet", "Saying hello")]


def test_vectors_of_descriptions_are_known():
    """Folds fit descriptions, so that their vectors are computed with all others."""
    described = TrainingSet.of(EXAMPLES, (), TINY, {"greet": "Saying hello"})

    assert described.embedding is not None
    assert described.embedding.transform(["Saying hello"]).shape == (1, TINY.dimensions)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("order_cancel", "order cancel"),
        ("OrderCancel", "order cancel"),
        ("faq/ask-price", "faq ask price"),
        ("greeting", "greeting"),
        ("???", ""),
    ],
)
def test_names_are_read_as_words(label, words):
    """Underscores, other signs and capitals separate the words of a name."""
    assert words_of_name(label) == words
