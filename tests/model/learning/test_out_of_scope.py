from __future__ import annotations

import numpy as np
import pytest

from model.learning.out_of_scope import (
    OUT_OF_SCOPE_SHARE,
    OutOfScopeScores,
    fit_contrast_weights,
    fit_detector_weight,
    fit_in_scope,
)

COUNT = 4000


def scores(largest: float, detector: float, *, seed: int) -> OutOfScopeScores:
    random = np.random.default_rng(seed)
    return OutOfScopeScores(
        random.normal(loc=largest, size=COUNT), random.normal(loc=detector, size=COUNT)
    )


def test_combined_score_falls_with_the_detector():
    """The weighted score of the detector is subtracted from the largest logit."""
    combined = OutOfScopeScores(np.array([3.0, 1.0]), np.array([1.0, -1.0])).combined(2.0)

    assert combined.tolist() == [1.0, 3.0]


def test_only_the_strongest_contrast_detector_counts():
    """The largest weighted score is subtracted, and nothing where all are below zero."""
    contrast = np.array([[0.5, 1.0], [2.0, 1.0], [-1.0, -2.0]])
    scores = OutOfScopeScores(np.full(3, 5.0), np.zeros(3), contrast)

    assert scores.combined(1.0, (1.0, 2.0)).tolist() == [3.0, 3.0, 5.0]


@pytest.mark.parametrize("worth", [0.5, 1.0, 2.0])
def test_detector_weighs_by_its_separation(worth):
    """For normal scores of equal spread, the best weight is the ratio of the distances."""
    weight = fit_detector_weight(scores(2.0, 0.0, seed=0), scores(0.0, 2.0 * worth, seed=1))

    assert weight == pytest.approx(worth, rel=0.15)


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        pytest.param((2.0, 1.0), (0.0, 0.0), id="detector-is-wrong"),
        pytest.param((0.0, 0.0), (2.0, 1.0), id="logit-is-wrong"),
    ],
)
def test_detector_that_misleads_weighs_nothing(inside, outside):
    """If logit or detector mislead, the detector gets no weight."""
    assert fit_detector_weight(scores(*inside, seed=0), scores(*outside, seed=1)) == 0.0


def with_contrast(largest: float, contrast: tuple[float, ...], *, seed: int) -> OutOfScopeScores:
    """Return normal scores around these, of texts that the ordinary detector says nothing of."""
    random = np.random.default_rng(seed)
    detected = random.normal(loc=contrast, scale=0.3, size=(COUNT, len(contrast)))
    return OutOfScopeScores(random.normal(loc=largest, size=COUNT), np.zeros(COUNT), detected)


def test_detector_of_a_kind_outweighs_its_large_logits():
    """Contrast texts have the logits of utterances; the detector that finds them has a weight."""
    inside = with_contrast(4.0, (-1.0, 1.0), seed=0)
    ordinary = with_contrast(0.0, (-1.0, -1.0), seed=1)
    kinds = [with_contrast(4.0, contrast, seed=2) for contrast in ((1.0, -1.0), (-1.0, -1.0))]

    weights = fit_contrast_weights(inside, ordinary, kinds, detector_weight=1.0)

    assert weights[1] == pytest.approx(0, abs=0.01)
    found = kinds[0].combined(1.0, weights)
    assert np.median(found) < np.quantile(inside.combined(1.0, weights), 0.01)


def test_without_contrast_texts_there_are_no_weights():
    """Without a kind of contrast texts, nothing is fitted."""
    assert (
        fit_contrast_weights(scores(2, 0, seed=0), scores(0, 2, seed=1), [], detector_weight=1)
        == ()
    )


def drawn(share: float, count: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    """Return scores of in-scope and out-of-scope texts with log odds of 2 * score - 1."""
    random = np.random.default_rng(0)
    scores = random.normal(scale=2.0, size=count)
    is_in_scope = random.random(count) < 1 / (1 + np.exp(1 - 2 * scores))
    return scores[is_in_scope], scores[~is_in_scope][: int(share * count)]


def test_probability_of_being_in_scope_is_found():
    """Log odds are recovered, for the assumed share of out-of-scope texts in the traffic."""
    inside, outside = drawn(share=1.0)
    shift = np.log(len(outside) / len(inside) * (1 - OUT_OF_SCOPE_SHARE) / OUT_OF_SCOPE_SHARE)

    found = fit_in_scope(inside, outside)

    assert found.slope == pytest.approx(2.0, rel=0.05)
    assert found.intercept == pytest.approx(shift - 1, abs=0.1)


def test_number_of_examples_does_not_count_as_their_frequency():
    """A tenth of the out-of-scope examples leads to nearly the same probabilities."""
    all_of_them, few = (fit_in_scope(*drawn(share)) for share in (1.0, 0.04))

    assert few.slope == pytest.approx(all_of_them.slope, rel=0.1)
    assert few.intercept == pytest.approx(all_of_them.intercept, abs=0.3)


def test_few_separated_texts_lead_to_no_certainty():
    """A single example that no utterance resembles still leaves room for doubt."""
    found = fit_in_scope(np.array([5.0, 6.0, 7.0]), np.array([1.0]))

    assert 0.5 < found.probability(5.0) < 0.99
    assert found.probability(1.0) < 0.5


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        pytest.param([1.0, 2.0], [3.0, 4.0], id="wrong-order"),
        pytest.param([1.0, 1.0], [1.0], id="no-spread"),
    ],
)
def test_scores_that_separate_nothing_still_rank(inside, outside):
    """The slope is greater than 0, whatever the scores are."""
    found = fit_in_scope(np.array(inside), np.array(outside))

    assert found.is_usable
    assert found.probability(2.0) > found.probability(1.0)
