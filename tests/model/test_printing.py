from __future__ import annotations

import pytest

from model.printing import LONGEST_EXAMPLE, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a  short one", "a short one", id="short"),
        pytest.param("word " * 30, "word " * 11 + "word…", id="many-words"),
        pytest.param("w" * 100, "…", id="one-long-word"),
    ],
)
def test_long_examples_are_cut(text, shown):
    """What stands in a table takes one line of it, or two."""
    assert shortened(text) == shown
    assert len(shortened(text)) <= LONGEST_EXAMPLE
