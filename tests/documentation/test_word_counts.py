from __future__ import annotations

import pytest

from tests.documentation.word_counts import per_thousand, prose, report

SOURCE = '''
"""Module."""

def function():
    """Function."""
    return "literal"  # comment
'''


def test_docstrings_and_comments_are_prose_and_other_strings_are_not():
    """Code and its messages are left out."""
    assert list(prose(SOURCE)) == ["Module.", "Function.", "# comment"]


@pytest.mark.parametrize(
    ("texts", "rate"),
    [
        pytest.param(["What is", "somewhat what"], 500, id="whole words in any case"),
        pytest.param([], 0, id="no text"),
    ],
)
def test_words_are_counted_per_thousand(texts, rate):
    """The rate is over all words of all texts."""
    assert per_thousand(texts, ["what"]) == rate


def test_report_has_a_line_for_each_package(tmp_path):
    """A package with half of its words unclear is reported with a rate of 500."""
    module = tmp_path / "func" / "module.py"
    module.parent.mkdir()
    module.write_text('"""Given text."""\n')

    assert "\n  func     what 0.0 (wanted: under 3), give/gives/given 500.0" in report(tmp_path)
