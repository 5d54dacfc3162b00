"""Media types: name and charset of a Content-Type, and the bodies that it allows."""

from __future__ import annotations

import pytest

from func.errors import BadRequestError, UnsupportedMediaTypeError
from func.protocols.media_type import MediaType, parse_fields
from func.settings import Settings


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


def test_body_must_be_a_json_object():
    """Other media types and other values are refused."""
    settings = Settings()

    assert parse_fields("application/json", b'{"a": 1}', settings) == {"a": 1}
    with pytest.raises(UnsupportedMediaTypeError):
        parse_fields("text/plain", b'{"a": 1}', settings)
    with pytest.raises(BadRequestError):
        parse_fields("", b"[1]", settings)
