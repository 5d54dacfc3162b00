"""Read the lines of a file of any size, with their positions."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import BinaryIO

from model.tables.table import Position

# Longer lines are rejected: a file without line breaks would fill the memory.
MAX_RECORD = 1024 * 1024
TOO_LONG = "is longer than 1 MiB"


class Lines:
    """Reads lines, and can take the last ones back.

    Attributes:
        offset: of the next line, in bytes.
        line: number of the next line, from 1.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._returned: deque[bytes] = deque()
        self.offset, self.line = 0, 1

    @property
    def position(self) -> Position:
        """The position of the next line."""
        return Position(self.offset, self.line)

    def seek(self, position: Position) -> None:
        """Continue from a position; a stream can't seek, and is only asked for its own position."""
        if position != self.position:
            self._returned.clear()
            self._file.seek(position.offset)
            self.offset, self.line = position.offset, position.line

    def read(self) -> bytes:
        """Return the next line with its line break; of a long one the beginning; empty at the end.

        The line break is missing at the end of the file and in the beginning of a long line.
        """
        line = self._next(MAX_RECORD + 1)
        self.line += bool(line)
        return line

    def take_back(self, lines: Sequence[bytes]) -> None:
        """Let the last lines be read again."""
        self._returned.extendleft(reversed(lines))
        self.offset -= sum(map(len, lines))
        self.line -= len(lines)

    def skip_rest(self, line: bytes) -> None:
        """Go to the end of a line whose beginning was read."""
        while line and not line.endswith(b"\n"):
            line = self._next(MAX_RECORD)

    def _next(self, size: int) -> bytes:
        returned = self._returned
        line = returned.popleft() if returned else self._file.readline(size)
        self.offset += len(line)
        return line


def decode(raw: bytes) -> str:
    """Decode UTF-8; invalid bytes become lone surrogates, which ``is_unicode`` finds."""
    return raw.decode("utf-8", "surrogateescape")


def legible(record: str) -> str:
    """Return a record without its line break, with escapes for bytes that are not UTF-8."""
    raw = record.rstrip("\r\n").encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "backslashreplace")
