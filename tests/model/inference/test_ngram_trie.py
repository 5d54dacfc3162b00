from __future__ import annotations

import numpy as np
import pytest

from model.inference.ngram_trie import NgramTrie, NgramTrieLookup

SEQUENCES = [("my", "lost", "order"), ("order",), ("lost", "order"), ("my",), ("a", "lost", "cat")]
UNITS, TRIE = NgramTrie.of(SEQUENCES)


def found(texts, min_size, max_size, *, offset=0):
    numbers = {unit: number for number, unit in enumerate(UNITS)}
    units = [numbers.get(word, TRIE.unknown) for word in texts.split()]
    lookup = NgramTrieLookup(TRIE, offset=offset)
    return [
        each.tolist() for each in lookup.columns_of(np.array(units, np.int64), min_size, max_size)
    ]


def test_sequences_are_recovered():
    """The trie returns the sequences that it was built from, in the order of columns."""
    assert TRIE.sequences(UNITS) == SEQUENCES


def test_n_grams_at_each_position_are_looked_up_in_each_size():
    """Unknown n-grams have no column, nor has a mere prefix of a known one."""
    assert found("my lost order", 1, 3) == [[3, -1, 1], [-1, 2], [0]]


def test_columns_may_begin_anywhere():
    """The offset is added to every column."""
    assert found("lost order", 2, 2, offset=10) == [[12]]


def test_sizes_are_bounded():
    """Only n-grams within the sizes are returned, and none longer than the text."""
    assert found("my lost order", 3, 5) == [[0]]
    assert found("my lost", 3, 3) == []
    assert found("", 1, 2) == []


def test_no_ngram_contains_an_unknown_unit():
    """Neither a prefix nor a last unit matches an unknown unit."""
    assert found("my new order", 1, 2) == [[3, -1, 1], [-1, -1]]


def test_single_units_need_no_keys():
    """A vocabulary of single words has no keys."""
    units, trie = NgramTrie.of([("b",), ("a",)])

    assert trie.sequences(units) == [("b",), ("a",)]
    columns = NgramTrieLookup(trie, offset=0).columns_of(np.array([0, 1, 2]), 1, 2)
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
def test_arrays_that_contradict_each_other_are_refused(keys, columns, units):
    """Arrays of an arbitrary file never lead to a wrong column."""
    trie = NgramTrie(np.array(keys, np.uint8), np.array(columns, np.uint8))

    with pytest.raises(ValueError, match="do not fit"):
        trie.check(units, 3)
