from __future__ import annotations

import pytest

from model.tables.header import HeaderRules

BY_NUMBER = HeaderRules(("2", "3"))
LABELLED = HeaderRules(has_labels=True)
NAMES = ["Text", "Intent"]
# Twenty rows of four labels.
ROWS = [[f"where is my parcel {number}", f"label{number % 4}"] for number in range(20)]


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


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(["Nachricht", "Kategorie"], id="text-first"),
        pytest.param(["\ufeff発話", " 意図 "], id="mark-and-spaces"),
    ],
)
def test_header_of_another_language_is_found(first):
    """Its label is the only one that occurs once."""
    names = [cell.strip("\ufeff ") for cell in first]

    assert not LABELLED.has_none(names, [first, *ROWS])


def test_header_is_found_with_the_label_in_front():
    """The column that repeats its values holds the labels."""
    rows = [row[::-1] for row in ROWS]

    assert not LABELLED.has_none(["Kategorie", "Nachricht"], rows)


@pytest.mark.parametrize(
    ("first", "rows"),
    [
        pytest.param(["track it", "label1"], ROWS, id="label-occurs-again"),
        pytest.param(["track it", "cancel"], ROWS[:9], id="few-rows"),
        pytest.param(["track it", "cancel"], [*ROWS, ["a", "b"], ["c", "d"]], id="rare-labels"),
        pytest.param(["where is the parcel that I sent", "cancel"], ROWS, id="long-text"),
        pytest.param(["Nachricht", ""], ROWS, id="no-label"),
        pytest.param(["Nachricht"], [row[:1] for row in ROWS], id="one-column"),
    ],
)
def test_table_of_utterances_has_no_header(first, rows):
    """A label that occurs once is no name where it may be rare, or where its text is long."""
    assert LABELLED.has_none(first, [first, *rows])


def test_rows_without_labels_have_no_unknown_header():
    """In a table that is labelled, both columns may hold anything."""
    assert HeaderRules().has_none(["Nachricht", "Kategorie"], ROWS)


@pytest.mark.parametrize("has_header", [True, False])
def test_known_answer_is_kept(has_header):
    """A part of a table is read as its beginning was."""
    rules = HeaderRules(("text",), has_header=has_header)

    assert rules.has_none(["text", "intent"], ROWS) is not has_header


@pytest.mark.parametrize(
    ("rules", "rows", "count"),
    [
        pytest.param(LABELLED, [["Mail of May", ""], [], NAMES], 2, id="title-and-blank-row"),
        pytest.param(HeaderRules(("text",)), [["Mail"], ["Message", "n"]], 1, id="texts-alone"),
        pytest.param(
            HeaderRules(("mail", "kind")), [["Mail"], ["Mail", "Kind"]], 0, id="wanted-one"
        ),
        pytest.param(HeaderRules(("mail", "kind")), [["May"], ["Mail", "Kind"]], 1, id="wanted"),
        pytest.param(LABELLED, [NAMES, ["hi", "greet"]], 0, id="header-first"),
        pytest.param(LABELLED, [["hello"], ["hi", "greet"]], 0, id="no-header-follows"),
        pytest.param(
            LABELLED, [["hi", ""], ["what is it", "question"]], 0, id="usual-name-as-intent"
        ),
        pytest.param(HeaderRules(("text",)), [["text"], ["send it", "text"]], 0, id="one-column"),
        pytest.param(BY_NUMBER, [["hello"], NAMES], 0, id="columns-by-number"),
        pytest.param(LABELLED, [["Export", "May"], NAMES], 0, id="two-cells-may-be-data"),
        pytest.param(LABELLED, [["hello"], None, NAMES], 0, id="part-of-a-row"),
        pytest.param(LABELLED, [["hello"], ["hi"]], 0, id="no-table"),
        pytest.param(LABELLED, [[""]] * 11 + [NAMES], 0, id="far-below"),
        pytest.param(HeaderRules(has_header=True), [["Mail"], NAMES], 0, id="known"),
    ],
)
def test_titles_are_above_the_header(rules, rows, count):
    """Rows that fill one cell and name no column are no data if a certain header follows them."""
    assert rules.rows_above(rows) == count
