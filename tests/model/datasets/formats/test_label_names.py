import pytest

from model.datasets.formats.label_names import cell_label, names_of_feature


def test_numbered_names_are_in_the_order_of_their_numbers():
    """Ten follows nine, in whatever order the file has them."""
    numbered = {str(number): f"name_{number}" for number in (10, 2, 1, 0, 9, 3, 4, 5, 6, 7, 8)}

    [names] = names_of_feature({"class_label": {"names": numbered}})

    assert names == [f"name_{number}" for number in range(11)]


@pytest.mark.parametrize(
    "cell",
    [
        "[{[]: 1}]",
        f"[{'-' * 100_000}1]",
        f"[{'[' * 500}]",
        f"[0x{'f' * 10_000}]",
        "[greet",
        "[greet]",
    ],
    ids=["unhashable", "deep-sign", "deep-list", "huge-number", "open", "name"],
)
def test_cell_that_is_no_literal_is_the_label(cell):
    """Whatever Python's parser says against it."""
    assert cell_label(cell, {}) == cell


@pytest.mark.parametrize("cell", ["1", "1.0", " 1.0 ", "['1']", "[1.0]"])
def test_number_of_a_name_may_have_a_point(cell):
    """So pandas writes whole numbers where a label is missing."""
    assert cell_label(cell, {"0": "greet", "1": "leave"}) == "leave"


def test_number_without_a_name_stays_as_it_is():
    """It may be a version."""
    assert cell_label("2.0", {"0": "greet"}) == "2.0"
