from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.datasets.readers import Example
from model.learning import cross_validation
from model.learning.cross_validation import HeldOut, cross_validate
from model.learning.folds import fold_splits
from model.learning.quantization import rounded
from model.learning.training_set import TrainingSet
from tests.support.small_data import SMALL_DATA
from tests.support.tiny_embedding import TINY, TINY_SENTENCES

INTENTS = tuple(SMALL_DATA)
WEATHER = [f"{word} is the {thing}" for word in ("how", "what") for thing in "abcdefghijklmnop"]


def training_set_of(repeats: int = 1, out_of_scope: tuple[str, ...] = ()) -> TrainingSet:
    pairs = [
        (f"{text}{' please' * number}", intent)
        for number in range(repeats)
        for intent, texts in SMALL_DATA.items()
        for text in texts
    ]
    texts, intents = zip(*pairs, strict=True)
    return TrainingSet(texts, intents, out_of_scope)


def held_out_of(training_set: TrainingSet, *, seed: int = 0) -> HeldOut:
    return cross_validate(training_set, seed=seed, progress=lambda _: None)


def test_utterances_are_scored_by_models_that_have_not_seen_them():
    """An utterance unlike all others of its intent gets no large logit."""
    training_set = training_set_of()
    odd = replace(
        training_set,
        texts=("zebra quartz", *training_set.texts[1:]),
        intents=("password_reset", *training_set.intents[1:]),
    )

    logits = held_out_of(odd).logits

    assert logits.shape == (24, 3)
    assert np.abs(logits[0]).max() < np.abs(logits[1:]).max(axis=1).min()


def test_most_held_out_utterances_are_recognised():
    """Held-out utterances are scored by a model that is trained on the others."""
    training_set = training_set_of(repeats=3)

    accuracy = (held_out_of(training_set).logits.argmax(axis=1) == training_set.targets).mean()

    assert accuracy > 0.9


def test_several_processes_give_the_same_results(monkeypatch):
    """Folds and candidates that are fitted in several processes lead to the same scores."""
    training_set = training_set_of(repeats=10, out_of_scope=tuple(WEATHER))
    expected = held_out_of(training_set)
    monkeypatch.setattr("model.learning.parallel.cpu_count", lambda: 2)
    monkeypatch.setattr("model.learning.training_set.MIN_LARGE", 1)

    found = held_out_of(training_set)

    assert (found.logits == expected.logits).all()
    assert found.detector_weight == expected.detector_weight
    assert found.ensemble == expected.ensemble


def test_same_seed_gives_the_same_folds():
    """Folds, copies and solvers depend on the seed alone."""
    first, second, other = (held_out_of(training_set_of(), seed=seed).logits for seed in (0, 0, 1))

    assert (first == second).all()
    assert not (first == other).all()


def test_hyperparameters_of_many_utterances_are_chosen_on_the_first_folds(monkeypatch):
    """Once enough utterances are held out, the remaining folds only score."""
    monkeypatch.setattr("model.learning.folds.MIN_HELD_OUT", 10)
    steps: list[str] = []

    cross_validate(training_set_of(repeats=2), seed=0, progress=steps.append)

    assert steps == [
        "Choosing the settings, fold 1 of 2",
        "Choosing the settings, fold 2 of 2",
        "Cross-validating, fold 3 of 5",
        "Cross-validating, fold 4 of 5",
        "Cross-validating, fold 5 of 5",
    ]


def test_weights_are_rounded_where_it_costs_nothing():
    """The scores are those of rounded weights, and the loss is recorded."""
    held_out = held_out_of(training_set_of())

    assert held_out.is_rounded
    assert held_out.rounding_loss <= 0.001


def test_weights_are_kept_where_rounding_costs_accuracy(monkeypatch):
    """Rounding that costs accuracy is recorded, but not applied."""
    exact = held_out_of(training_set_of(repeats=3))
    monkeypatch.setattr(
        "model.learning.cross_validation.rounded",
        lambda linear, count: rounded(linear.times(-1.0), count),
    )

    held_out = held_out_of(training_set_of(repeats=3))

    assert not held_out.is_rounded
    assert held_out.rounding_loss > 0.5
    assert (held_out.logits.argmax(axis=1) == exact.logits.argmax(axis=1)).mean() > 0.95


@pytest.mark.parametrize(
    ("embedding", "count"),
    [
        pytest.param(None, 2, id="n-grams"),
        pytest.param(TINY, 3, id="vectors"),
        pytest.param(TINY_SENTENCES, 4, id="multilingual"),
    ],
)
def test_each_base_model_has_a_weight(embedding, count):
    """Vectors, and densities of multilingual ones, are base models of their own."""
    examples = [
        Example(text, intent, Path("data.csv"), 1)
        for intent, texts in SMALL_DATA.items()
        for text in texts
    ]

    held_out = held_out_of(TrainingSet.of(examples, embedding=embedding))

    assert len(held_out.ensemble.weights) == count
    assert min(held_out.ensemble.weights) >= 0


def test_vectors_weigh_less_where_typos_change_them(monkeypatch):
    """Weights are chosen on misspelt copies of held-out texts too."""
    examples = [
        Example(text, intent, Path("data.csv"), 1)
        for intent, texts in SMALL_DATA.items()
        for text in texts
    ]
    training_set = TrainingSet.of(examples, embedding=TINY)

    *_, unaware = held_out_of(training_set).ensemble.weights
    monkeypatch.setattr(cross_validation, "misspelt_copy", lambda _text: "unlike all others")
    monkeypatch.setattr(cross_validation, "MISSPELT_EVERY", 1)
    *_, aware = held_out_of(training_set).ensemble.weights

    assert aware < unaware


def test_without_out_of_scope_texts_the_largest_logit_decides():
    """Without a detector, the threshold bounds the largest logit."""
    held_out = held_out_of(training_set_of())

    assert held_out.detector_weight == 0.0
    assert not held_out.has_detectors
    assert (held_out.scope_scores == held_out.logits.max(axis=1)).all()


@pytest.fixture(scope="module")
def with_out_of_scope() -> HeldOut:
    return held_out_of(training_set_of(repeats=2, out_of_scope=tuple(WEATHER)))


def test_out_of_scope_texts_are_detected(with_out_of_scope):
    """Held-out texts out of scope score lower than nearly all utterances."""
    outside = with_out_of_scope.out_of_scope.combined(with_out_of_scope.detector_weight)

    assert with_out_of_scope.detector_weight > 0
    assert len(outside) == len(WEATHER)
    assert np.median(outside) < np.quantile(with_out_of_scope.scope_scores, 0.1)


def test_contrast_texts_are_detected_where_the_model_has_not_seen_them(with_out_of_scope):
    """Their detector has a weight, and does not change the scores of utterances unlike them."""
    negated = tuple(
        f"{no} {text}"
        for no in ("don't", "do not", "never")
        for text in SMALL_DATA["order_tracking"]
    )
    training_set = replace(
        training_set_of(repeats=2, out_of_scope=tuple(WEATHER)), contrast=(negated,)
    )

    held_out = held_out_of(training_set)

    assert held_out.detector_weight == with_out_of_scope.detector_weight
    assert held_out.contrast_weights[0] > 0
    assert held_out.has_detectors
    is_greeting = training_set.targets == training_set.labels.index("greeting")
    others = with_out_of_scope.scope_scores[is_greeting]
    assert held_out.scope_scores[is_greeting] == pytest.approx(others)


def test_an_utterance_alone_in_its_intent_is_never_held_out():
    """It is fitted in all folds: a fold without it would count an unknown intent as an error."""
    training_set = training_set_of()
    lonely = replace(
        training_set,
        texts=("sing a song", *training_set.texts),
        intents=("song", *training_set.intents),
    )

    splits = fold_splits(lonely, seed=0)
    held_out = held_out_of(lonely)

    assert all(0 in split.fitted for split in splits)
    assert held_out.scored.tolist() == list(range(1, 25))
    assert held_out.logits.shape == (24, 4)
