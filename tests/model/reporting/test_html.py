from __future__ import annotations

import pytest

from model.reporting.html import (
    MAX_HIDDEN_ROWS,
    MAX_ROWS,
    Html,
    Section,
    figure,
    page,
    paragraph,
    table,
)


def test_texts_are_escaped():
    """Markup in texts is escaped; HTML is left unchanged."""
    shown = table(("<i>",), [("<b>",), (Html("<svg></svg>"),)])

    assert "&lt;i&gt;" in shown
    assert "<td>&lt;b&gt;</td>" in shown
    assert "<td><svg></svg></td>" in shown
    assert "&lt;b&gt;" in paragraph("<b>")
    assert "&lt;b&gt;" in figure("", "<b>")
    assert "&lt;b&gt;" in page("<b>", "", [Section("<b>", "")])


@pytest.mark.parametrize(
    ("count", "hidden", "name"),
    [
        pytest.param(MAX_ROWS, 0, "", id="few"),
        pytest.param(MAX_ROWS + 1, 1, "1 more", id="some"),
        pytest.param(
            MAX_HIDDEN_ROWS + MAX_ROWS + 5,
            MAX_HIDDEN_ROWS,
            f"{MAX_HIDDEN_ROWS} of {MAX_HIDDEN_ROWS + 5} more",
            id="many",
        ),
    ],
)
def test_long_tables_are_folded(count, hidden, name):
    """The first rows are visible, others are folded, and omitted ones are counted."""
    shown = table(("row",), [(f"row {number}",) for number in range(count)])

    seen, _, folded = shown.partition("<details>")
    assert seen.count("<td>") == MAX_ROWS
    assert folded.count("<td>") == hidden
    assert name in folded


def test_last_columns_hold_numbers():
    """Columns of numbers are aligned to the right."""
    shown = table(("intent", "tests"), [("a", "5")], numbers=1)

    assert "<td>a</td><td class='number'>5</td>" in shown
    assert "<th>intent</th><th class='number'>tests</th>" in shown
