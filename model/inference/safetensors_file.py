"""Named arrays with metadata in one file: the safetensors format, sealed by a checksum.

The format (https://github.com/huggingface/safetensors): the header's length (8 bytes,
little-endian), the header (JSON), the arrays' bytes without gaps. The seal is an entry of the
metadata: the SHA-256 of the whole file with zeros in place of the seal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from mmap import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

DTYPES: dict[str, np.dtype[Any]] = {
    "U8": np.dtype(np.uint8),
    "I8": np.dtype(np.int8),
    "I16": np.dtype(np.int16),
    "U16": np.dtype(np.uint16),
    "U32": np.dtype(np.uint32),
    "U64": np.dtype(np.uint64),
    "F32": np.dtype(np.float32),
    "F64": np.dtype(np.float64),
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
ALIGNMENT = 8
LENGTH_BYTES = 8
METADATA = "__metadata__"
SEAL = "sha256"
NO_SEAL = "0" * 64


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """Named arrays and their metadata."""

    arrays: Mapping[str, NDArray[Any]]
    metadata: Mapping[str, str]

    def to_bytes(self) -> bytes:
        """Return the file's content with its seal."""
        _, unsealed = file_of(self.arrays, {**self.metadata, SEAL: NO_SEAL})
        seal = hashlib.sha256(unsealed).hexdigest()
        return unsealed.replace(NO_SEAL.encode(), seal.encode(), 1)

    @classmethod
    def from_bytes(cls, content: bytes, *, is_verified: bool = False) -> ArrayFile:
        """Read a file's content; the arrays are read-only views of it, not copies.

        Args:
            content: of the file.
            is_verified: whether a digest has verified the content, whose seal is then not checked.

        Raises:
            ValueError: the content is of another format, damaged, or has no seal.
        """
        header, body_start = header_of(content)
        if body_start > len(content):
            raise ValueError("The header exceeds the file")
        try:
            entries = json.loads(header)
            metadata = dict(entries.pop(METADATA))
            if not is_verified:
                _check_seal(content, body_start, metadata[SEAL])
            arrays = {
                name: view_of(memoryview(content)[body_start:], entry)
                for name, entry in entries.items()
            }
        except (AttributeError, KeyError, RecursionError, TypeError) as error:
            raise ValueError("The header does not describe arrays") from error
        return cls(arrays, metadata)


def header_of(content: bytes | mmap) -> tuple[bytes, int]:
    """Return the header in a file's content, and where the arrays' bytes begin."""
    body_start = LENGTH_BYTES + int.from_bytes(content[:LENGTH_BYTES], "little")
    return content[LENGTH_BYTES:body_start], body_start


def file_of(arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> tuple[bytes, bytes]:
    """Return the header of a file with these arrays, and the whole content."""
    # The widest come first, so that each lies aligned without gaps.
    ordered = sorted(arrays.items(), key=lambda item: -item[1].itemsize)
    entries: dict[str, Any] = {METADATA: dict(metadata)}
    end = 0
    for name, array in ordered:
        start, end = end, end + array.nbytes
        entries[name] = {
            "dtype": NAMES[array.dtype],
            "shape": array.shape,
            "data_offsets": (start, end),
        }
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % ALIGNMENT)
    body = b"".join(np.ascontiguousarray(array).tobytes() for _, array in ordered)
    return header, len(header).to_bytes(LENGTH_BYTES, "little") + header + body


def _check_seal(content: bytes, body_start: int, seal: str) -> None:
    header = content[:body_start].replace(seal.encode(), NO_SEAL.encode(), 1)
    digest = hashlib.sha256(header)
    digest.update(memoryview(content)[body_start:])
    if digest.hexdigest() != seal:
        raise ValueError("The checksum is wrong")


def view_of(body: memoryview, entry: Mapping[str, Any]) -> NDArray[Any]:
    """Return an array of a file: a view of the bytes that its header's entry names.

    Raises:
        KeyError, TypeError, ValueError: the entry describes no array of the file.
    """
    (start, end), shape, dtype = entry["data_offsets"], entry["shape"], DTYPES[entry["dtype"]]
    if not 0 <= start <= end <= len(body):
        raise ValueError("An array lies outside of the file")
    array: NDArray[Any] = np.frombuffer(body[start:end], dtype).reshape(shape)
    return array
