"""Rebuild a folder only when its inputs have changed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path


def fingerprint(files: Iterable[Path]) -> str:
    """Return a digest of the content of files and of the Python version."""
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
    """Record the key of the inputs from which a folder was built."""
    mark_of(made).write_text(key)


def mark_of(made: Path) -> Path:
    """Return the path of the file that holds the folder's key."""
    return made / ".made-from"
