from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.inference.text_analysis import MIN_RUNS, AnalyzerOptions, WordSplitter

ASCII = st.text(st.characters(max_codepoint=127))


def options_of(pattern: str) -> AnalyzerOptions:
    return AnalyzerOptions(
        analyzer="word",
        ngram_range=(1, 1),
        lowercase=False,
        strip_accents=None,
        token_pattern=pattern,
        stop_words=(),
        binary=False,
    )


@pytest.mark.parametrize("pattern", [*MIN_RUNS, r"[a-z]+"])
@given(text=ASCII | st.text())
def test_words_are_the_matches_of_the_pattern(pattern, text):
    """The fast path for common patterns finds the same words as the regular expression."""
    assert WordSplitter(options_of(pattern))(text) == re.findall(pattern, text)


@pytest.mark.parametrize("pattern", MIN_RUNS)
@given(text=ASCII | st.text())
def test_words_without_spaces_are_those_between_spaces(pattern, text):
    """They can be cached by what stands between two spaces."""
    options = options_of(pattern)
    split = WordSplitter(options)

    assert options.has_words_without_spaces
    assert split(text) == [word for part in text.split() for word in split(part)]


def test_words_of_other_patterns_may_contain_spaces():
    """They are looked for in the whole text."""
    assert not options_of(r"\w+ \w+").has_words_without_spaces
