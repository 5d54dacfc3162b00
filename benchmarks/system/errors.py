"""Errors of contenders.

BenchmarkError
├── PreparationError    the environment or the model can't be built
└── ServerError         the server does not start, or does not respond
"""

from __future__ import annotations

from pathlib import Path

LOG_TAIL = 25


class BenchmarkError(Exception):
    """A contender that can't be measured.

    Attributes:
        reason: the reason, for the message.
        log: log file of the process that failed.
    """

    def __init__(self, reason: str, log: Path) -> None:
        self.reason, self.log = reason, log
        super().__init__(reason)

    @property
    def log_tail(self) -> str:
        """Return the last lines of the log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-LOG_TAIL:])


class PreparationError(BenchmarkError):
    """The contender's environment or model can't be built."""


class ServerError(BenchmarkError):
    """The server does not start, or does not respond."""
