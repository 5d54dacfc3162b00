"""Rows of a large table in a file: read one by one, and verified when they are used.

A text uses few rows of a table of embeddings. They are verified in blocks, each block when one of
its rows is first used.
"""

from __future__ import annotations

import hashlib
import os
import weakref
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from model.errors import EncoderError

ROWS_A_BLOCK = 128
DIGEST_BYTES = 32


class Source(Protocol):
    """The content of a file, which is read where it is sliced."""

    def __getitem__(self, part: slice, /) -> bytes:
        """Return a part of the content."""


class OpenFile:
    """A file that is open as long as this object lives, and read where it is sliced.

    Mapped, all that was ever read would count as memory of the process.
    """

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.descriptor)

    def __getitem__(self, part: slice) -> bytes:
        return os.pread(self.descriptor, part.stop - part.start, part.start)


class VerifiedRows:
    """Rows of a table, each verified before it is first used."""

    def __init__(
        self, rows: NDArray[Any], digests: NDArray[np.uint8], source: Source, *, start: int
    ) -> None:
        """Take the rows and the digests of their blocks.

        Args:
            rows: a view, of which only shape and type count.
            digests: as ``block_digests`` returns them.
            source: the file.
            start: the place of the rows in it.

        Raises:
            ValueError: they do not fit together.
        """
        if digests.shape != (-(-len(rows) // ROWS_A_BLOCK), DIGEST_BYTES):
            raise ValueError("The digests do not fit the table")
        self.shape, self._dtype, self._row_bytes = rows.shape, rows.dtype, rows.strides[0]
        self._digests, self._source, self._start = digests, source, start
        self._is_verified = np.zeros(len(digests), np.bool_)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.shape[0])

    def __getitem__(self, numbers: NDArray[np.intp]) -> NDArray[Any]:
        """Return the rows of these numbers, as numpy's arrays do.

        Raises:
            EncoderError: a row is not what it was when the file was written.
        """
        blocks = numbers.ravel() // ROWS_A_BLOCK
        for block in set(blocks[~self._is_verified[blocks]].tolist()):
            first = block * ROWS_A_BLOCK
            content = self._bytes(first, min(first + ROWS_A_BLOCK, len(self)))
            if hashlib.sha256(content).digest() != self._digests[block].tobytes():
                raise EncoderError("is damaged")
            self._is_verified[block] = True
        content = b"".join(self._bytes(row, row + 1) for row in numbers.ravel().tolist())
        return np.frombuffer(content, self._dtype).reshape(*numbers.shape, *self.shape[1:])

    def _bytes(self, first: int, end: int) -> bytes:
        start, stop = (self._start + row * self._row_bytes for row in (first, end))
        content = self._source[start:stop]
        if len(content) != stop - start:
            raise EncoderError("is shorter than it was")
        return content


def block_digests(table: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the SHA-256 of each block of a table's rows, shape (blocks, 32)."""
    digests = [
        hashlib.sha256(table[start : start + ROWS_A_BLOCK].data).digest()
        for start in range(0, len(table), ROWS_A_BLOCK)
    ]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, DIGEST_BYTES)
