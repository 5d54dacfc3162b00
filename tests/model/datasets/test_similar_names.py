from __future__ import annotations

import pytest

from model.datasets.similar_names import describe, similar_names


@pytest.mark.parametrize(
    ("name", "other"),
    [
        pytest.param("order_cancel", "Order_Cancel", id="case"),
        pytest.param("order_cancel", "order cancel", id="space"),
        pytest.param("order_cancel", "order - cancel", id="dash"),
        pytest.param("order_cancel", "OrderCancel", id="no-separator"),
        pytest.param("order_2", "order2", id="before-a-digit"),
        pytest.param("2_orders", "2orders", id="after-a-digit"),
        pytest.param("straße_suchen", "STRASSE suchen", id="not-ascii"),
    ],
)
def test_case_and_separators_make_no_other_intent(name, other):
    """Names that differ in nothing else look like one intent."""
    assert list(similar_names({name: 1, "greet": 2, other: 3})) == [{name: 1, other: 3}]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        pytest.param("order_cancel", "order_cancelled", id="letters"),
        pytest.param("1", "-1", id="minus"),
        pytest.param("1_1", "11", id="digits"),
        pytest.param("c++", "c#", id="signs"),
    ],
)
def test_other_differences_make_another_intent(name, other):
    """Letters, digits and other signs distinguish names, as does a sign before a number."""
    assert list(similar_names({name: 1, other: 3})) == []


def test_a_group_is_described_by_names_and_numbers():
    """Each name has its number of utterances, in the order of the data."""
    group = {"order_cancel": 1200, "Order_Cancel": 3, "order cancel": 3}

    assert describe(group) == (
        "order_cancel (1,200), Order_Cancel (3) and order cancel (3) look like one intent"
    )
