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
