"""How far a run has come: written down beside its output, so that the next one goes on there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from model.atomic_files import write_atomically
from model.tables.table import Layout, Position


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All rows before a position are on the disk, and none after it counts.

    Attributes:
        identity: of the run, by all that its output depends on.
        position: in the input.
        output_bytes: what is good of the output; anything behind it was not finished.
        rejected_bytes: the same of the rejected rows.
        labelled: rows that were classified.
        rejected: rows that could not be.
    """

    identity: str
    position: Position
    output_bytes: int = 0
    rejected_bytes: int = 0
    labelled: int = 0
    rejected: int = 0

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read a checkpoint; None where there is none that can be read."""
        try:
            fields = json.loads(path.read_text("utf-8"))
            return cls(**fields | {"position": Position(**fields["position"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, path: Path) -> None:
        """Write it whole or not at all."""
        write_atomically(path, json.dumps(asdict(self)).encode())


def identify(input_path: Path, layout: Layout, model: str) -> str:
    """Identify a run by its input's content, what is asked for, and the model.

    Raises:
        OSError: the input can't be read.
    """
    with input_path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(repr((input_path.suffix, asdict(layout), model)).encode())
    return digest.hexdigest()
