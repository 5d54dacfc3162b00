"""Utterances: the checks of a text that is to be classified."""

from __future__ import annotations

import unicodedata
from itertools import groupby

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from func.errors import TooLargeError
from func.protocols.utterance import MAX_MARKS, has_too_many_marks, text_of
from func.settings import Settings


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" + "\u0301" * 30, id="as-many-as-allowed"),
        pytest.param("." * 40 + "\u0301", id="other-signs"),
        pytest.param(("a" + "\u0301" * 30) * 9, id="in-many-places"),
    ],
)
def test_short_runs_of_marks_are_accepted(text):
    """A text whose marks are spread over its letters is an utterance, unchanged."""
    assert text_of(text, Settings(), "'text'") == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" + "\u0301\u0316" * 16, id="of-several-classes"),
        pytest.param("." * 40 + "a" + "\u0301" * 31 + " b", id="in-the-middle"),
        pytest.param("\uff9e\u0301" * 16, id="half-width"),
        pytest.param("\u0f73" * 31, id="tibetan-vowels"),
    ],
)
def test_long_runs_of_marks_are_refused(text):
    """Unicode normalisation would take time that grows with the square of their number."""
    with pytest.raises(TooLargeError) as caught:
        text_of(text, Settings(), "'text'")

    assert caught.value.message == "'text' must have at most 30 combining marks in a row"


@given(st.text(st.characters(categories=["Mn", "Lm"]) | st.just("a"), max_size=200))
def test_normalised_texts_have_no_long_run_of_marks(text):
    """No character of an accepted text hides more than a few marks."""
    assume(not has_too_many_marks(text))

    normalised = unicodedata.normalize("NFKD", text)

    runs = groupby(normalised, lambda character: bool(unicodedata.combining(character)))
    assert all(len(list(run)) <= 4 * MAX_MARKS for is_mark, run in runs if is_mark)


@pytest.mark.parametrize("text", ["\ufdfa", "a\ufdfa"], ids=["one-character", "among-others"])
def test_text_that_normalisation_expands_is_too_large(text):
    """The limit applies after Unicode normalisation too: U+FDFA becomes 18 characters."""
    with pytest.raises(TooLargeError) as caught:
        text_of(text, Settings(max_text_length=10), "'text'")

    assert caught.value.message == "'text' must have at most 10 characters when normalised (NFKD)"
