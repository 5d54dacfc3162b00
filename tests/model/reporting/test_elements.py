from __future__ import annotations

from typing import Any

import pytest
from markupsafe import Markup

from model.reporting.html_report import MAX_HIDDEN_ROWS, MAX_ROWS, templates


@pytest.fixture
def elements() -> Any:
    """The macros of the report's elements."""
    return templates().get_template("elements.html.jinja").module


def test_texts_are_escaped(elements):
    """Markup in texts is escaped; Markup objects and plots are left unchanged."""
    shown = elements.table(("<i>",), [("<b>",), (Markup("<svg></svg>"),)])

    assert "&lt;i&gt;" in shown
    assert "<td>&lt;b&gt;</td>" in shown
    assert "<td><svg></svg></td>" in shown
    assert "<svg></svg><figcaption>&lt;b&gt;" in elements.figure("<svg></svg>", "<b>")


@pytest.mark.parametrize(
    ("count", "hidden", "name"),
    [
        pytest.param(MAX_ROWS, 0, "", id="few"),
        pytest.param(MAX_ROWS + 1, 1, ">1 more<", id="some"),
        pytest.param(
            MAX_HIDDEN_ROWS + MAX_ROWS + 5,
            MAX_HIDDEN_ROWS,
            f">{MAX_HIDDEN_ROWS} of {MAX_HIDDEN_ROWS + 5} more<",
            id="many",
        ),
    ],
)
def test_long_tables_are_folded(elements, count, hidden, name):
    """The first rows are visible, others are folded, and omitted ones are counted."""
    shown = elements.table(("row",), [(f"row {number}",) for number in range(count)])

    seen, _, folded = shown.partition("<details>")
    assert seen.count("<td>") == MAX_ROWS
    assert folded.count("<td>") == hidden
    assert name in folded


def test_last_columns_hold_numbers(elements):
    """Columns of numbers are aligned to the right."""
    shown = elements.table(("intent", "tests"), [("a", "5")], numbers=1)

    assert '<td>a</td><td class="number">5</td>' in shown
    assert '<th>intent</th><th class="number">tests</th>' in shown
