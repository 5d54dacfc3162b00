from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.confidence_intervals import Interval, wilson
from model.evaluation.learning_curve import LearningCurve, _next_gain, _part, learning_curve
from model.learning.cross_validation import cross_validate
from model.learning.folds import fold_splits
from model.learning.training_set import TrainingSet
from tests.support.small_data import SMALL_DATA

WORDS = ("please", "now", "again", "today", "quickly")


def silently(_: str) -> None:
    """Report no progress."""


@pytest.fixture(scope="module")
def corpus() -> TrainingSet:
    pairs = [
        (f"{text} {word}", intent)
        for intent, texts in SMALL_DATA.items()
        for text in texts
        for word in WORDS
    ]
    texts, intents = zip(*pairs, strict=True)
    return TrainingSet(texts, intents)


def test_accuracy_grows_with_the_data(corpus):
    """Each point has twice the utterances of the former one; the last equals cross-validation."""
    held_out = cross_validate(corpus, seed=0, progress=silently)
    steps: list[str] = []

    curve = learning_curve(corpus, held_out, seed=0, progress=steps.append)

    accuracy = float((held_out.logits.argmax(axis=1) == corpus.targets).mean())
    assert [each.utterances for each in curve.points] == [12, 24, 48, 96]
    assert curve.points[-1].accuracy == accuracy
    assert curve.points[-1].interval == wilson(accuracy, len(corpus))
    assert curve.points[0].accuracy < curve.points[-1].accuracy
    assert steps == [f"Training on one in {number} utterances" for number in (8, 4, 2)]


def test_same_seed_gives_the_same_curve(corpus):
    """Parts, folds and solvers depend on the seed alone."""
    held_out = cross_validate(corpus, seed=3, progress=silently)

    first, second = (learning_curve(corpus, held_out, seed=3, progress=silently) for _ in range(2))

    assert first == second


def test_parts_hold_each_intent_and_are_nested(corpus):
    """A part has at least one utterance of each intent; a larger part contains the smaller one."""
    [split, *_] = fold_splits(corpus, seed=0)

    parts = [_part(corpus, split, share, seed=0) for share in (0.001, 0.25, 0.5)]

    assert [sorted(set(corpus.targets[part])) for part in parts] == [[0, 1, 2]] * 3
    assert [len(part) for part in parts] == [3, 24, 48]
    assert set(parts[0]) < set(parts[1]) < set(parts[2]) < set(split.fitted)


def test_parts_of_one_size_are_one_point():
    """With two utterances per intent, an eighth, a quarter and half are one point."""
    pairs = [
        (f"{text} {intent}", intent) for intent, texts in SMALL_DATA.items() for text in texts[:4]
    ]
    texts, intents = zip(*pairs, strict=True)
    small = TrainingSet(texts, intents)
    held_out = cross_validate(small, seed=0, progress=silently)

    curve = learning_curve(small, held_out, seed=0, progress=silently)

    assert [each.utterances for each in curve.points] == [3, 6, 9]


def test_part_without_words_is_left_out():
    """A part whose utterances hold no words leads to no point."""
    texts = [text for number in range(6) for text in ("?" * (number + 1), "!" * (number + 1))]
    signs = TrainingSet((*texts, "hello there", "good bye"), (*("a", "b") * 6, "a", "b"))
    held_out = cross_validate(
        TrainingSet((*texts, "hello there", "good bye"), signs.intents), seed=0, progress=silently
    )

    curve = learning_curve(signs, held_out, seed=0, progress=silently)

    assert curve.points[-1].utterances == round(
        np.mean([len(split.fitted) for split in fold_splits(signs, seed=0)])
    )
    assert len(curve.points) < 4


def booleans(right: int, wrong: int) -> np.ndarray:
    return np.arange(right + wrong) < right


def test_next_gain_is_extrapolated_from_the_last_one():
    """After a fall of errors from 20 to 10 %, the next doubling is expected to reach 5 %."""
    gain, interval = _next_gain(booleans(8000, 2000), booleans(9000, 1000))

    assert gain == pytest.approx(0.05, abs=0.001)
    assert interval.low == pytest.approx(gain - 0.003, abs=0.001)
    assert interval.high == pytest.approx(gain + 0.003, abs=0.001)


@pytest.mark.parametrize(
    ("with_half", "with_all", "verdict"),
    [
        pytest.param(booleans(800, 200), booleans(900, 100), "More data would help", id="steep"),
        pytest.param(booleans(9500, 500), booleans(9505, 495), "would hardly help", id="flat"),
        pytest.param(booleans(10, 2), booleans(11, 1), "More data might help", id="few-tests"),
        pytest.param(
            booleans(12, 0), booleans(12, 0), "More data may help or not", id="few-all-right"
        ),
        pytest.param(
            booleans(11, 1), booleans(9, 3), "More data may help or not", id="few-and-a-loss"
        ),
    ],
)
def test_verdict_weighs_gain_and_uncertainty(with_half, with_all, verdict):
    """The verdict is certain only if the interval of the gain is narrow enough."""
    assert verdict in LearningCurve((), *_next_gain(with_half, with_all)).verdict


def test_a_loss_is_no_reason_for_more_data():
    """Where accuracy fell with the last utterances, the verdict leaves open whether more help."""
    curve = LearningCurve((), -0.125, Interval(-0.3, 0.05))

    assert curve.verdict == (
        "More data may help or not: the estimate for twice as much is -12.5 points of accuracy "
        "(-30.0 to 5.0). There are too few utterances to be sure."
    )


def test_verdict_states_the_numbers():
    """The verdict states the gain and its interval in points of accuracy."""
    curve = LearningCurve((), 0.0163, Interval(0.0102, 0.0221))

    assert curve.verdict == (
        "More data would help: twice as much gains about 1.6 points of accuracy (1.0 to 2.2)."
    )
