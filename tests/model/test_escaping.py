from __future__ import annotations

import json

import pytest

from model.escaping import guarded, printable, single_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b]52;c;aGk=\x07", "\\u001b]52;c;aGk=\\u0007", id="clipboard"),
        pytest.param("\x9b31m\x7f", "\\u009b31m\\u007f", id="c1-and-delete"),
        pytest.param("a\u202eb\u2066", "a\\u202eb\\u2066", id="direction"),
        pytest.param("a\rb\u2028", "a\\u000db\\u2028", id="line-separators"),
        pytest.param("\udcff", "\\udcff", id="half-a-character"),
        pytest.param("a\tb\nc", "a\tb\nc", id="layout-stays"),
        pytest.param("Größe 👩‍🚀 سلام", "Größe 👩‍🚀 سلام", id="languages-stay"),
    ],
)
def test_control_characters_are_escaped(text, shown):
    """Characters that can control a terminal are escaped; all others stay."""
    assert printable(text) == shown


def test_escaped_json_keeps_its_meaning():
    """A line of JSON decodes to the same value after escaping."""
    value = "\x85\u202e\x7f"
    line = printable(json.dumps(value, ensure_ascii=False))

    assert line.isascii()
    assert json.loads(line) == value


def test_single_line_has_no_line_break():
    """A text with line breaks can't imitate further lines of output."""
    assert single_line("a\nb\r") == "a\\nb\\u000d"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "'"])
def test_possible_formulas_are_guarded(start):
    """An apostrophe keeps spreadsheet programs from running a cell."""
    assert guarded(f"{start}cmd") == f"'{start}cmd"


def test_other_cells_are_not_guarded():
    """A cell that is no formula is unchanged."""
    assert guarded("a=b") == "a=b"
