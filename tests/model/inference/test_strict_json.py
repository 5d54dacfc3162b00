"""Strict JSON, and texts that UTF-8 can encode."""

from __future__ import annotations

import pytest

from model.inference.strict_json import DECODER, is_unicode


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "1 2", ""])
def test_other_texts_than_json_are_refused(text):
    """RFC 8259 has no constants beside true, false and null."""
    with pytest.raises(ValueError, match=r".+"):
        DECODER.decode(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1e999", id="exponent"),
        pytest.param("[-1e309]", id="negative"),
        pytest.param('{"a": 1' + "0" * 309 + ".0}", id="digits"),
    ],
)
def test_numbers_beyond_the_range_of_floats_are_refused(text):
    """They would become infinite, which JSON can't express."""
    with pytest.raises(ValueError, match=r"^The number exceeds the range of a float$"):
        DECODER.decode(text)


def test_other_fractions_are_floats():
    """The largest is one of them, and the smallest become 0."""
    assert DECODER.decode("[0.5, -1.7e308, 1e-999]") == [0.5, -1.7e308, 0.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("hello", True, id="ascii"),
        pytest.param("grüße 🙂", True, id="unicode"),
        pytest.param("a\ud800", False, id="lone-surrogate"),
    ],
)
def test_lone_surrogates_are_not_unicode(text, expected):
    """JSON can express half a character; UTF-8 can't."""
    assert is_unicode(text) is expected
