"""The log of decisions beside the training file: JSON lines that are only ever appended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO

from model.datasets.checked import KEEP, SUFFIX, UNDO


class DecisionLog:
    """Appends decisions, and remembers the findings that were checked and kept.

    Attributes:
        path: the file. Its suffix is no format of data, so that training never reads it.
        count: the number of decisions, those that were undone among them.
    """

    def __init__(self, training_file: Path) -> None:
        """Read the log of a training file, which need not exist; broken lines are skipped."""
        self.path = training_file.with_name(f"{training_file.name}{SUFFIX}")
        self._kept: dict[int, tuple[str, list[str]]] = {}
        self.count = 0
        content = self.path.read_bytes() if self.path.exists() else b""
        for line in content.splitlines():
            with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
                self._apply(json.loads(line))

    @property
    def kept(self) -> frozenset[str]:
        """The findings that were checked and kept, by their ids."""
        return frozenset(finding for finding, _ in self._kept.values())

    @property
    def dismissed(self) -> frozenset[str]:
        """The new texts that were checked and are not needed."""
        return frozenset(text for _, texts in self._kept.values() for text in texts)

    def append(self, action: str, fields: Mapping[str, Any]) -> int:
        """Append a decision, and return its number.

        Raises:
            OSError: the log can't be written.
        """
        number = self.count + 1
        time = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"number": number, "time": time, "action": action, **fields}
        line = json.dumps(record, ensure_ascii=False) + "\n"
        with self.path.open("ab+") as file:
            file.write(_line_break(file) + line.encode())
        self._apply(record)
        return number

    def _apply(self, record: Mapping[str, Any]) -> None:
        number, action = int(record["number"]), record["action"]
        if action == KEEP:
            texts = [each["text"] for each in record["utterances"] if not each["intent"]]
            self._kept[number] = record["finding"], texts
        elif action == UNDO:
            self._kept.pop(int(record["of"]), None)
        self.count = max(self.count, number)


def _line_break(file: BinaryIO) -> bytes:
    """Return what ends the last line of a log: it is torn if the disk was full."""
    if not file.tell():
        return b""
    file.seek(-1, SEEK_END)
    return b"" if file.read() == b"\n" else b"\n"
