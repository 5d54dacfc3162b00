from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.inference.text_analysis import MIN_RUNS, AnalyzerOptions, WordSplitter

ASCII = st.text(st.characters(max_codepoint=127))


@pytest.mark.parametrize("pattern", [*MIN_RUNS, r"[a-z]+"])
@given(text=ASCII | st.text())
def test_words_are_the_matches_of_the_pattern(pattern, text):
    """The fast path for common patterns finds the same words as the regular expression."""
    options = AnalyzerOptions(
        analyzer="word",
        ngram_range=(1, 1),
        lowercase=False,
        strip_accents=None,
        token_pattern=pattern,
        stop_words=(),
        binary=False,
    )

    assert WordSplitter(options)(text) == re.findall(pattern, text)
