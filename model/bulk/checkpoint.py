"""Checkpoint of a run, stored beside its output so that the next run can resume."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from model.atomic_files import write_atomically
from model.tables.table import Chunk, Layout, Position


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State of a run: the output of all rows before `position` is on disk.

    Attributes:
        identity: digest of everything that the output depends on.
        position: position in the input.
        output_bytes: length of the valid output; anything beyond it may be torn.
        rejected_bytes: the same for the file of rejected rows.
        labelled: number of classified rows.
        rejected: number of rejected rows.
    """

    identity: str
    position: Position
    output_bytes: int = 0
    rejected_bytes: int = 0
    labelled: int = 0
    rejected: int = 0

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the stored checkpoint, or None if there is no readable one."""
        try:
            fields = json.loads(path.read_text("utf-8"))
            return cls(**fields | {"position": Position(**fields["position"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    @property
    def rows(self) -> int:
        """Return the number of rows so far."""
        return self.labelled + self.rejected

    def after(self, chunk: Chunk) -> Self:
        """Return the position and the numbers of rows after a chunk."""
        return replace(
            self,
            position=chunk.end,
            labelled=self.labelled + len(chunk.texts),
            rejected=self.rejected + len(chunk.rejected),
        )

    def write(self, path: Path) -> None:
        """Store the checkpoint atomically."""
        write_atomically(path, json.dumps(asdict(self)).encode())


def identify(input_path: Path, layout: Layout, model: str) -> str:
    """Return a digest of the input's content, the layout and the model.

    Raises:
        OSError: the input can't be read.
    """
    with input_path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(repr((input_path.suffix, asdict(layout), model)).encode())
    return digest.hexdigest()
