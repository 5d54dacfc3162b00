"""JSON: values in, compact bytes out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from func.errors import BadRequestError, TooLargeError
from func.protocols.json_codec import parse_json, parse_object, render_json
from func.settings import Settings

MAX_CONTAINERS = 104_857  # a tenth of the default of MAX_BODY_BYTES

# Texts of what ends a string, or looks like the beginning or the end of a list.
awkward = st.text('"\\[]{}', max_size=6)
values = st.recursive(
    awkward | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(awkward, inner, max_size=3),
    max_leaves=6,
)


def depth(value: Any) -> int:
    """Return how many objects and lists enclose the innermost value."""
    items = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, items), default=0) if isinstance(value, list | dict) else 0


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


@settings(deadline=None, derandomize=True)
@given(value=values)
def test_depth_is_that_of_objects_and_lists(value):
    """Brackets in strings are none, whatever the string escapes."""
    text = json.dumps([[value]])
    nesting = depth(value) + 2

    assert parse_json(text, Settings(max_json_depth=nesting)) == [[value]]
    with pytest.raises(BadRequestError, match=rf"^The body may nest .* at most {nesting - 1} deep"):
        parse_json(text, Settings(max_json_depth=nesting - 1))


@pytest.mark.parametrize("container", ["[]", "{}"])
def test_objects_and_lists_are_limited(container):
    """To decode very many would take long, and they fit into a small body."""
    most = ",".join([container] * (MAX_CONTAINERS - 1))

    assert len(parse_json(f"[{most}]", Settings())) == MAX_CONTAINERS - 1
    with pytest.raises(
        TooLargeError, match=rf"^The body may hold at most {MAX_CONTAINERS} objects and lists$"
    ):
        parse_json(f"[{most},{container}]", Settings())


def test_larger_bodies_may_hold_more_objects_and_lists():
    """Whoever sets the one limit needs no other setting."""
    text = f"[{','.join(['[]'] * 40)}]"

    assert parse_json(text, Settings(max_body_bytes=410)) == [[]] * 40
    with pytest.raises(TooLargeError):
        parse_json(text, Settings(max_body_bytes=400))


def test_brackets_of_a_text_are_no_lists():
    """Programs and formulas may be classified."""
    text = "[{" * MAX_CONTAINERS

    assert parse_json(json.dumps([text, '"']), Settings()) == [text, '"']
