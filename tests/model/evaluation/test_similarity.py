from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.preprocessing import normalize

from model.evaluation import similarity
from model.evaluation.similarity import (
    MIN_SIMILARITY,
    MIN_UNIFORMITY,
    Pairs,
    similar_pairs,
    uniform_pairs,
)
from model.learning.pipeline import build_features
from tests.support.small_data import SMALL_DATA

TEXTS = [
    "where is my parcel",
    "reset my password please",
    "where is my parcel?",
    "how late is it in Rome",
    "Reset my password, please!",
]


def of_pairs(found: Iterator[Pairs]) -> dict[tuple[int, int], float]:
    return {
        (earlier, later): similarity
        for pairs in found
        for earlier, later, similarity in zip(
            pairs.earlier.tolist(), pairs.later.tolist(), pairs.similarities.tolist(), strict=True
        )
    }


def test_near_duplicates_are_found():
    """Signs and capitals do not matter; each pair is found once."""
    found = of_pairs(similar_pairs(TEXTS))

    assert set(found) == {(0, 2), (1, 4)}
    assert all(MIN_SIMILARITY <= each <= 1.0 for each in found.values())


@pytest.mark.parametrize(
    ("find", "weigh_words", "least"),
    [
        pytest.param(similar_pairs, True, MIN_SIMILARITY, id="meaning"),
        pytest.param(uniform_pairs, False, MIN_UNIFORMITY, id="build"),
    ],
)
def test_no_similar_pair_is_missed(find, weigh_words, least, monkeypatch):
    """Prefix filtering finds the pairs that an exhaustive comparison finds, with less work."""
    monkeypatch.setattr(similarity, "BLOCK", 7)
    monkeypatch.setattr(similarity, "PIECE", 5)
    words = ("please", "now", "again", "today")
    texts = [f"{text} {word}" for group in SMALL_DATA.values() for text in group for word in words]
    union = build_features().set_params(
        char__min_df=1, word__ngram_range=(1, 1), word__use_idf=weigh_words
    )
    features = normalize(union.fit_transform(texts))
    all_pairs = (features @ features.T).toarray()
    expected = np.argwhere(np.triu(all_pairs >= least, k=1))

    found = of_pairs(find(texts))

    assert len(expected) > 10
    assert sorted(found) == sorted(map(tuple, expected.tolist()))
    assert found == pytest.approx({pair: all_pairs[pair] for pair in found}, abs=1e-5)


def test_uniform_utterances_may_differ_in_meaning():
    """A rare word distinguishes utterances by meaning, but not by pattern."""
    texts = [f"please book a table for {name} tonight" for name in ("Ann", "Bob", "Zoe", "Eve")]

    assert of_pairs(similar_pairs(texts)) == {}
    assert len(of_pairs(uniform_pairs(texts))) == 6


def test_numbers_do_not_change_the_pattern():
    """A sentence with different amounts has one pattern."""
    texts = ["send 3 dollars to account 1000", "send 250 dollars to account 98"]

    assert of_pairs(similar_pairs(texts)) == {}
    assert of_pairs(uniform_pairs(texts)) == {(0, 1): pytest.approx(1.0)}


def test_the_progress_is_reported(monkeypatch):
    """After each block, with the number of utterances so far."""
    monkeypatch.setattr(similarity, "BLOCK", 2)
    compared: list[int] = []
    of_pairs(similar_pairs(TEXTS, compared.append))

    assert compared == [2, 4, 5]


def test_texts_without_words_are_similar_to_nothing():
    """Texts without words form no pair."""
    assert of_pairs(similar_pairs(["!", "!!"])) == {}
