from __future__ import annotations

import pytest

from model.tables.header import HeaderRules

BY_NUMBER = HeaderRules(("2", "3"))


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(["0", "hi", "greet"], id="label-occurs-again"),
        pytest.param(["7", "hi", "yes"], id="number-in-a-column-of-numbers"),
        pytest.param(["", "hi", "greet"], id="other-cell-blank"),
    ],
)
def test_row_like_the_others_is_data(first):
    """With columns by number, no name is needed: no header has such cells."""
    rows = [first, ["1", "hello", "greet"], ["2", "so long", "bye"]]

    assert BY_NUMBER.has_none(first, rows)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(["id", "Nachricht", "Kategorie"], id="new-names"),
        pytest.param(["1", "text", "greet"], id="usual-name"),
        pytest.param(["", "", ""], id="blank"),
    ],
)
def test_other_row_is_the_header(first):
    """It holds a usual name, or no cell of the rows below it."""
    rows = [first, ["1", "hello", "greet"], ["2", "so long", "bye"]]

    assert not BY_NUMBER.has_none(first, rows)


def test_repeated_header_is_a_header():
    """Files that were joined repeat theirs; narrower rows do not count."""
    first = ["id", "Nachricht", "Kategorie"]

    assert not BY_NUMBER.has_none(first, [first, ["1", "hi", "greet"], first, ["id", "hi"]])


def test_row_alone_is_the_header():
    """Nothing says that it is data."""
    assert not BY_NUMBER.has_none(["0", "hi", "greet"], [["0", "hi", "greet"]])


@pytest.mark.parametrize("has_header", [True, False])
def test_known_answer_is_kept(has_header):
    """A part of a table is read as its beginning was."""
    rules = HeaderRules(("text",), has_header=has_header)

    assert rules.has_none(["text", "intent"], []) is not has_header
