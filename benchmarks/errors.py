"""Errors of contenders.

BenchmarkError
├── PreparationError    its environment or its model can't be made
└── ServerError         it does not start, or does not answer
"""

from __future__ import annotations

from pathlib import Path

LOG_TAIL = 25


class BenchmarkError(Exception):
    """A contender that can't be measured.

    Attributes:
        reason: what is wrong.
        log: the file with the output of what failed.
    """

    def __init__(self, reason: str, log: Path) -> None:
        self.reason, self.log = reason, log
        super().__init__(reason)

    @property
    def log_tail(self) -> str:
        """The end of the log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LOG_TAIL:])


class PreparationError(BenchmarkError):
    """Its environment or its model can't be made."""


class ServerError(BenchmarkError):
    """It does not start, or does not answer."""
