"""The binary tensor extension of the Open Inference Protocol: elements follow the JSON as bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

from func.errors import InvalidQueryError
from func.protocols.batch_limit import check_batch_size
from func.settings import Settings

LENGTH_HEADER = "Inference-Header-Content-Length"
EXTENSION = "binary_tensor_data"

_SIZE = re.compile("[0-9]{1,18}")
_LENGTH = struct.Struct("<I")


def split_message(body: bytes, json_length: str) -> tuple[bytes, bytes]:
    """Split a body into its JSON and its tensors, at the length of its header.

    Raises:
        InvalidQueryError: the header is no number, or larger than the body.
    """
    if not _SIZE.fullmatch(json_length) or int(json_length) > len(body):
        raise InvalidQueryError(
            f"{LENGTH_HEADER} must be a number of bytes that the body begins with"
        )
    return body[: int(json_length)], body[int(json_length) :]


def pack_bytes(elements: Iterable[str]) -> bytes:
    """Return elements of the datatype BYTES: each with its length in four bytes before it."""
    encoded = (element.encode() for element in elements)
    return b"".join(_LENGTH.pack(len(element)) + element for element in encoded)


def pack_floats(elements: list[float]) -> bytes:
    """Return elements of the datatype FP32, little endian."""
    return struct.pack(f"<{len(elements)}f", *elements)


def unpack_texts(tensor: bytes, settings: Settings, name: str) -> list[str]:
    """Return the texts of the datatype BYTES; errors call the input ``name``.

    Raises:
        InvalidQueryError: an element is truncated, or is not UTF-8.
        TooLargeError: there are more elements than a batch may have.
    """
    texts: list[str] = []
    place = 0
    while place < len(tensor):
        check_batch_size(len(texts) + 1, settings, f"'{name}'")
        start = place + _LENGTH.size
        if start > len(tensor):
            raise _cut_off(name)
        place = start + _LENGTH.unpack_from(tensor, place)[0]
        if place > len(tensor):
            raise _cut_off(name)
        texts.append(_decode(tensor[start:place], f"'{name}[{len(texts)}]'"))
    return texts


def _decode(element: bytes, name: str) -> str:
    try:
        return element.decode()
    except UnicodeDecodeError as error:
        raise InvalidQueryError(f"{name} is not valid UTF-8") from error


def _cut_off(name: str) -> InvalidQueryError:
    return InvalidQueryError(f"The binary data of '{name}' ends within an element")
