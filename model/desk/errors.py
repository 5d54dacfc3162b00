"""Errors of the desk.

DeskError(ModelError)
├── DecisionError         a decision that can't be carried out: why
├── ChangedOutsideError   a file that another program has changed since the desk read it
├── BusyError             a training that runs already
└── PortError             a port that is taken
"""

from __future__ import annotations

from pathlib import Path

from model.errors import ModelError


class DeskError(ModelError):
    """Base of the errors that the desk answers a request with.

    Attributes:
        status: the HTTP status of the answer.
    """

    status = 400


class DecisionError(DeskError):
    """A decision can't be carried out."""


class ChangedOutsideError(DeskError):
    """Another program has changed a file; the desk does not overwrite it."""

    status = 409

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.name} was changed outside the desk; nothing was written")


class BusyError(DeskError):
    """A training runs already."""

    status = 409

    def __init__(self) -> None:
        super().__init__("A training runs already")


class PortError(DeskError):
    """A port can't be used."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} can't be used; --port chooses another one, 0 any free one")
