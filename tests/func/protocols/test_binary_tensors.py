"""The binary tensor extension: the end of the JSON, and the elements after it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from func.errors import InvalidQueryError, TooLargeError
from func.protocols.binary_tensors import pack_bytes, pack_floats, split_message, unpack_texts
from func.settings import Settings

ENCODABLE = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(ENCODABLE, max_size=20))
def test_texts_survive_packing(texts):
    """Unpacking returns the texts that were packed."""
    assert unpack_texts(pack_bytes(texts), Settings(max_batch_size=20), "text") == texts


def test_form_is_that_of_the_extension():
    """A text is preceded by its length in bytes as a 32-bit little-endian number."""
    assert pack_bytes(["hi", "ü"]) == b"\2\0\0\0hi\2\0\0\0\xc3\xbc"
    assert pack_floats([0.5, 1.0]) == struct.pack("<ff", 0.5, 1.0)


@pytest.mark.parametrize(
    ("tensor", "error", "message"),
    [
        pytest.param(
            b"\2\0\0",
            InvalidQueryError,
            "The binary data of 'text' ends within an element",
            id="within-a-length",
        ),
        pytest.param(
            b"\2\0\0\0a",
            InvalidQueryError,
            "The binary data of 'text' ends within an element",
            id="within-a-text",
        ),
        pytest.param(
            b"\1\0\0\0a\1\0\0\0\xff",
            InvalidQueryError,
            "'text[1]' is not valid UTF-8",
            id="bad-bytes",
        ),
        pytest.param(b"\0" * 12, TooLargeError, "'text' must hold at most 2 texts", id="many"),
    ],
)
def test_malformed_elements_are_rejected(tensor, error, message):
    """Malformed elements raise an error that states the defect."""
    with pytest.raises(error) as caught:
        unpack_texts(tensor, Settings(max_batch_size=2), "text")

    assert caught.value.message == message


@pytest.mark.parametrize(
    ("json_length", "parts"),
    [
        pytest.param("2", (b"{}", b"x"), id="between"),
        pytest.param("3", (b"{}x", b""), id="all"),
        pytest.param("0", (b"", b"{}x"), id="none"),
    ],
)
def test_message_is_split_at_the_length_of_the_header(json_length, parts):
    """The header counts the bytes of the JSON."""
    assert split_message(b"{}x", json_length) == parts


@pytest.mark.parametrize("json_length", ["4", "-1", "", "1.0", "²", "9" * 5000, " 2"])
def test_length_beyond_the_body_is_rejected(json_length):
    """A header that is not a number within the body's length is an error."""
    with pytest.raises(InvalidQueryError, match=r"^Inference-Header-Content-Length must be a num"):
        split_message(b"{}x", json_length)
