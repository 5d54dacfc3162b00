from __future__ import annotations

import numpy as np
import pytest

from model.inference.ngram_trie import NgramTrie, NgramTrieLookup

SEQUENCES = [("my", "lost", "order"), ("order",), ("lost", "order"), ("my",), ("a", "lost", "cat")]
UNITS, PHRASES = NgramTrie.of(SEQUENCES)


def found(texts, least, most, *, offset=0):
    numbers = {unit: number for number, unit in enumerate(UNITS)}
    units = [numbers.get(word, PHRASES.unknown) for word in texts.split()]
    finder = NgramTrieLookup(PHRASES, offset=offset)
    return [each.tolist() for each in finder.columns_of(np.array(units, np.int64), least, most)]


def test_sequences_survive():
    """What was put in is given back, in the order of the columns."""
    assert PHRASES.sequences(UNITS) == SEQUENCES


def test_each_place_is_looked_up_in_each_size():
    """What is no n-gram of the vocabulary has no column, the beginning of one included."""
    assert found("my lost order", 1, 3) == [[3, -1, 1], [-1, 2], [0]]


def test_columns_may_begin_anywhere():
    """The first column is that of the vocabulary among others."""
    assert found("lost order", 2, 2, offset=10) == [[12]]


def test_sizes_are_bounded():
    """Only n-grams between the sizes are given, and none longer than the text."""
    assert found("my lost order", 3, 5) == [[0]]
    assert found("my lost", 3, 3) == []
    assert found("", 1, 2) == []


def test_no_ngram_reaches_across_what_is_not_known():
    """Neither a beginning nor an end matches an unknown unit."""
    assert found("my new order", 1, 2) == [[3, -1, 1], [-1, -1]]


def test_single_units_need_no_keys():
    """A vocabulary of words alone has no longer n-grams to look up."""
    units, phrases = NgramTrie.of([("b",), ("a",)])

    assert phrases.sequences(units) == [("b",), ("a",)]
    columns = NgramTrieLookup(phrases, offset=0).columns_of(np.array([0, 1, 2]), 1, 2)
    assert [each.tolist() for each in columns] == [[1, 0, -1], [-1, -1]]


@pytest.mark.parametrize(
    ("keys", "columns", "units"),
    [
        pytest.param([5], [1, 2, 0, 3], 3, id="other-units"),
        pytest.param([1], [1, 2, 0, 2], 2, id="column-twice"),
        pytest.param([1], [1, 2, 3, 0], 2, id="column-of-the-unknown"),
        pytest.param([1], [1, 2, 0, 0], 2, id="column-missing"),
        pytest.param([1, 1], [1, 2, 0, 3, 0], 2, id="key-twice"),
        pytest.param([9], [1, 2, 0, 3], 2, id="begins-with-itself"),
        pytest.param([2], [1, 2, 0, 3], 2, id="ends-with-unknown"),
        pytest.param([6], [1, 2, 0, 3], 2, id="begins-with-unknown"),
    ],
)
def test_parts_that_do_not_fit_are_noticed(keys, columns, units):
    """Whatever a file holds, nothing is looked up where it does not belong."""
    phrases = NgramTrie(np.array(keys, np.uint8), np.array(columns, np.uint8))

    with pytest.raises(ValueError, match="do not fit"):
        phrases.check(units, 3)
