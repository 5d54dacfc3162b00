"""Write files atomically."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

# NamedTemporaryFile creates a private file, but another user may serve the model.
READABLE = 0o644


def write_atomically(path: Path, content: bytes, mode: int = READABLE) -> None:
    """Replace a file's content and permissions, or leave the file unchanged if that fails."""
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def mode_of(path: Path) -> int:
    """Return the permissions of a file, which a new content keeps; by default, all may read it."""
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else READABLE
