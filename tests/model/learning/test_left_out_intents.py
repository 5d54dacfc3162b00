from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.datasets.readers import Example
from model.learning.cross_validation import HeldOut, cross_validate
from model.learning.left_out_intents import left_out_scores
from model.learning.training_set import TrainingSet
from tests.support.small_data import SMALL_DATA
from tests.support.tiny_embedding import TINY

PAIRS = [(text, intent) for intent, texts in SMALL_DATA.items() for text in texts]


def training_set_of(pairs: list[tuple[str, str]]) -> TrainingSet:
    texts, intents = zip(*pairs, strict=True)
    return TrainingSet(texts, intents)


def held_out_of(training_set: TrainingSet) -> HeldOut:
    return cross_validate(training_set, seed=0, progress=lambda _: None)


def scores_of(training_set: TrainingSet, held_out: HeldOut) -> np.ndarray:
    return np.concatenate([*left_out_scores(training_set, held_out, seed=0)])


@pytest.fixture(scope="module")
def small() -> tuple[TrainingSet, HeldOut]:
    training_set = training_set_of(PAIRS)
    return training_set, held_out_of(training_set)


def test_utterances_score_lower_where_their_intent_is_unknown(small):
    """Each utterance is scored once, by a model that was trained without its intent."""
    training_set, held_out = small

    scores = scores_of(training_set, held_out)

    assert scores.shape == (24,)
    assert np.median(scores) < np.quantile(held_out.scope_scores, 0.25)


def test_scores_depend_on_the_seed_alone(small):
    """Equal data and seeds lead to equal scores."""
    first, second = (scores_of(*small) for _ in range(2))

    assert (first == second).all()


def test_similar_intents_are_left_out_together(monkeypatch):
    """A model that lacks an intent also lacks those that share its words."""
    pairs = [
        (f"{verb} the {thing} {ending}", f"{verb}_{thing}")
        for verb in ("open", "close")
        for thing in ("door", "window", "garage", "gate", "shutter")
        for ending in ("now", "please", "today")
    ]
    training_set = training_set_of(pairs)
    left_out = []

    def record(others: TrainingSet, *_: object, seed: int) -> np.ndarray:
        left_out.append(set(training_set.labels) - set(others.labels))
        return np.array([float(seed)])

    monkeypatch.setattr("model.learning.left_out_intents._largest_logits", record)
    held_out = held_out_of(training_set)
    scores_of(training_set, held_out)

    assert len(left_out) == 3  # as many as each intent has utterances, and therefore folds
    assert set().union(*left_out) == set(training_set.labels)
    assert all(len({name.split("_")[1] for name in names}) < len(names) for names in left_out)


def test_of_two_intents_none_can_be_left_out():
    """A text without words stands for texts out of scope if only two intents are known."""
    training_set = training_set_of(PAIRS[8:])
    held_out = held_out_of(training_set)

    [score] = scores_of(training_set, held_out)

    assert score < held_out.scope_scores.min()


def test_a_text_without_words_has_a_vector():
    """With vectors, the text that stands for texts out of scope is one of the known ones."""
    examples = [Example(text, intent, Path("small.csv"), 2) for text, intent in PAIRS[8:]]
    training_set = TrainingSet.of(examples, embedding=TINY)

    assert len(scores_of(training_set, held_out_of(training_set))) == 1


def test_intents_without_words_do_not_stay_alone():
    """Where the other intents have no words, a text without words is scored instead."""
    marks = [("?" * number, "question") for number in range(1, 4)]
    dots = [("!" * number, "exclamation") for number in range(1, 4)]
    training_set = training_set_of([*PAIRS[:8], *marks, *dots])
    held_out = held_out_of(training_set)

    scores = scores_of(training_set, held_out)

    assert len(scores) == 1 + len(marks) + len(dots)
