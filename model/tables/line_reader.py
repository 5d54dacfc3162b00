"""Lines of a file of any size, and where each one stands."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import BinaryIO

from model.tables.table import Position

# Longer ones are rejected: a file without line breaks would fill the memory.
MAX_RECORD = 1024 * 1024
TOO_LONG = "is longer than 1 MiB"


class Lines:
    """Reads lines, and can take the last ones back.

    Attributes:
        offset, line: of the next line.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._returned: deque[bytes] = deque()
        self.offset, self.line = 0, 1

    @property
    def position(self) -> Position:
        """Of the next line."""
        return Position(self.offset, self.line)

    def seek(self, position: Position) -> None:
        """Go on from somewhere else; a file that can't do so is at its own position anyway."""
        if position != self.position:
            self._returned.clear()
            self._file.seek(position.offset)
            self.offset, self.line = position.offset, position.line

    def read(self) -> bytes:
        """Give the next line with its line break, of a long one the beginning; empty at the end."""
        returned = self._returned
        line = returned.popleft() if returned else self._file.readline(MAX_RECORD + 1)
        self.offset += len(line)
        self.line += 1
        return line

    def take_back(self, lines: Sequence[bytes]) -> None:
        """Give the last lines again."""
        self._returned.extendleft(reversed(lines))
        self.offset -= sum(map(len, lines))
        self.line -= len(lines)

    def skip_rest(self, line: bytes) -> None:
        """Go to the end of a line whose beginning was read."""
        while line and not line.endswith(b"\n"):
            line = self._file.readline(MAX_RECORD)
            self.offset += len(line)


def decode(raw: bytes) -> str:
    """Read UTF-8; bytes that are none become halves of characters, which ``is_unicode`` finds."""
    return raw.decode("utf-8", "surrogateescape")


def legible(record: str) -> str:
    """Give a record without its line break, and in escapes what UTF-8 can't hold."""
    raw = record.rstrip("\r\n").encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "backslashreplace")
