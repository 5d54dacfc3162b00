from __future__ import annotations

import numpy as np
import pytest

from model.datasets import distinct_texts
from model.datasets.distinct_texts import DistinctTexts, TextHashes, Twin

SMALL, HUGE = 1, 2**64 - 1


def hashes(texts, labels, first_place=1):
    places = np.arange(first_place, first_place + len(texts))
    return TextHashes(np.array(texts, np.uint64), np.array(labels, np.uint64), places)


@pytest.mark.parametrize("merge_at", [1, 100])
def test_twins_are_named_with_the_first_text(monkeypatch, merge_at):
    """A text that occurred before is a repetition, or a contradiction if its label differs."""
    monkeypatch.setattr(distinct_texts, "MERGE_AT", merge_at)
    texts = DistinctTexts()
    texts.add(hashes([5, SMALL, 5, HUGE], [1, 1, 1, 2]))
    texts.add(hashes([HUGE, 5, SMALL], [2, 7, 7], first_place=5))

    assert (texts.count, texts.conflicts, texts.is_exact) == (3, 2, True)
    assert texts.repetitions == [Twin(3, 1, 1, 1), Twin(5, 4, 2, 2)]
    assert texts.contradictions == [Twin(6, 1, 7, 1), Twin(7, 2, 7, 1)]


def test_first_twins_are_kept(monkeypatch):
    """Their number is counted, and ten of them are named."""
    monkeypatch.setattr(distinct_texts, "MERGE_AT", 8)
    texts = DistinctTexts()
    for place in range(1, 41):
        texts.add(hashes([7], [place], first_place=place))

    assert [twin.place for twin in texts.contradictions] == list(range(2, 12))
    assert texts.conflicts == 39


def test_many_texts_are_counted_in_bounded_memory(monkeypatch):
    """Beyond the size of the sketch, the numbers are estimates from a sample."""
    monkeypatch.setattr(distinct_texts, "SKETCH_SIZE", 10_000)
    monkeypatch.setattr(distinct_texts, "MERGE_AT", 4_000)
    texts, count = DistinctTexts(), 80_000
    numbers = np.random.default_rng(0).integers(0, 2**63, count, np.int64).astype(np.uint64) * 2
    for part in np.split(numbers, 8):
        texts.add(hashes(part, part % 7))
        texts.add(hashes(part, np.where(np.arange(len(part)) % 4, part % 7, 9)))

    assert not texts.is_exact
    assert texts.count == pytest.approx(count, rel=0.05)
    assert texts.conflicts == pytest.approx(count / 4, rel=0.05)
    assert texts.limit < 2**64 / 7
    assert len(texts._kept.texts) == 10_000


def test_no_texts_are_none():
    """Nothing was added."""
    texts = DistinctTexts()

    assert (texts.count, texts.conflicts, texts.is_exact) == (0, 0, True)
    assert texts.limit == HUGE
