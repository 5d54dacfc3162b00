"""JSON: values in, compact bytes out."""

from __future__ import annotations

import json

import pytest

from func.errors import BadRequestError
from func.protocols.json_codec import parse_object, render_json
from func.settings import Settings


def test_object_is_required():
    """A JSON value that is no object has no fields."""
    with pytest.raises(BadRequestError, match=r"^The body must be a JSON object$"):
        parse_object('"text"', Settings())


def test_rendered_json_is_compact_utf8():
    """Answers carry no needless bytes and no escapes."""
    assert render_json({"a": ["ü", 1]}) == '{"a":["ü",1]}'.encode()


def test_half_a_character_is_rendered_as_its_escape():
    """UTF-8 can't encode it, and JSON can express it: whoever sent it gets it back."""
    value = {"a\ud800": ["\udfff", "\U0001f642"]}

    assert render_json(value) == '{"a\\ud800":["\\udfff","\U0001f642"]}'.encode()
    assert json.loads(render_json(value)) == value


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_lacks_are_not_rendered(number):
    """No response is other than JSON."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        render_json([number])
