"""Media types: name and charset of a Content-Type."""

from __future__ import annotations

import pytest

from func.protocols.media_type import MediaType


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("application/json", MediaType("application/json"), id="plain"),
        pytest.param(
            'Application/JSON; Charset="UTF-8"', MediaType("application/json", "UTF-8"), id="cased"
        ),
        pytest.param("text/plain;x=1; charset=ascii", MediaType("text/plain", "ascii"), id="more"),
        pytest.param("a/b; xcharset=ascii", MediaType("a/b"), id="another-parameter"),
        pytest.param("", MediaType("application/json"), id="absent-means-json"),
    ],
)
def test_media_type_is_read(header, expected):
    """A media type is read without regard to case, with its charset."""
    assert MediaType.parse(header) == expected
