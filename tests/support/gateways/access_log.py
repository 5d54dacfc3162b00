"""The access log of a gateway that still writes to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class AccessLog:
    """The log of a gateway, a line of JSON for each request; reads no line twice.

    Attributes:
        path: the file that the gateway appends to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: list[dict[str, Any]] = []
        self._bytes_read = 0

    def entries(self) -> list[dict[str, Any]]:
        """Return the entries of all lines that are written to their end."""
        with self.path.open("rb") as file:
            file.seek(self._bytes_read)
            *complete, _ = file.read().split(b"\n")
        self._entries += map(json.loads, complete)
        self._bytes_read += sum(len(line) + 1 for line in complete)
        return self._entries
