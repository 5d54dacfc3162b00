"""Make a thing again only when what it is made from has changed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path


def fingerprint(files: Iterable[Path]) -> str:
    """Identify the content of files, and the Python that works on them."""
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(f"\n{file.name}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_current(made: Path, key: str) -> bool:
    """Return whether the folder was built from the inputs of the key."""
    mark = mark_of(made)
    return mark.exists() and mark.read_text() == key


def mark_current(made: Path, key: str) -> None:
    """Note what a folder was made from."""
    mark_of(made).write_text(key)


def mark_of(made: Path) -> Path:
    """Return the path of the file that holds the folder's key."""
    return made / ".made-from"
