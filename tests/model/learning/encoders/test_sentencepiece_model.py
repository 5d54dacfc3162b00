from __future__ import annotations

import struct

import pytest

from model.learning.encoders.sentencepiece_model import pieces_of


def field(number: int, kind: int, content: bytes) -> bytes:
    """Return a field of a protocol buffer."""
    return bytes([number << 3 | kind]) + content


def text(number: int, content: bytes) -> bytes:
    """Return a field with a length and a content."""
    length = len(content)
    size = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
    return field(number, 2, size + content)


def score(value: float) -> bytes:
    """Return the field of a score."""
    return field(2, 5, struct.pack("<f", value))


def test_pieces_come_in_order_with_their_scores():
    """The first field, repeated, holds the pieces; a piece without a score has 0."""
    model = text(1, text(1, "▁a".encode()) + score(-1.5)) + text(1, text(1, b"b" * 200))

    assert list(pieces_of(model)) == [("▁a", -1.5), ("b" * 200, 0.0)]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(field(3, 0, b"\x96\x01"), id="varint"),
        pytest.param(field(3, 1, bytes(8)), id="eight-bytes"),
        pytest.param(text(3, b"a description"), id="text"),
        pytest.param(field(3, 5, bytes(4)), id="four-bytes"),
    ],
)
def test_other_fields_are_skipped(other):
    """Fields of any kind stand around a piece and within it."""
    model = other + text(1, other + text(1, b"a") + other + score(2.0) + other) + other

    assert list(pieces_of(model)) == [("a", 2.0)]
