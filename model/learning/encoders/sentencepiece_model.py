"""Read the pieces of a SentencePiece model (Kudo and Richardson 2018)."""

from __future__ import annotations

import struct
from collections.abc import Iterator


def pieces_of(model: bytes) -> Iterator[tuple[str, float]]:
    """Yield the pieces of a SentencePiece model with their log probabilities.

    The file is a protocol buffer whose first field, repeated, has a piece: its text as the first
    field, its score as the second.
    """
    for number, value in _fields(model):
        if number == 1:
            fields = dict(_fields(value))
            [score] = struct.unpack("<f", fields.get(2, bytes(4)))
            yield fields[1].decode(), score


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of a message's fields (protobuf.dev/programming-guides/encoding)."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        start = place
        match key & 7:
            case 0:
                _, place = _varint(message, place)
            case 1:
                place += 8
            case 2:
                length, start = _varint(message, place)
                place = start + length
            case _:
                place += 4
        yield key >> 3, message[start:place]


def _varint(message: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says that another byte follows
            return number, place
