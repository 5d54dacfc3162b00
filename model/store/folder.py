"""A store in a folder: a volume, a disk shared by nodes, or a folder to be uploaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from model.atomic_files import write_atomically
from model.errors import StoreError, StoreMissingError

FOLDER_CHUNK_BYTES = 4 * 1024 * 1024  # most files of a model in one piece


class FolderTransport:
    """Reads and writes the files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, key: str, offset: int) -> Iterator[bytes]:
        """Yield a file's content from an offset on."""
        path = self._folder / key
        try:
            with open(path, "rb", opener=_opened) as file:
                file.seek(offset)
                while chunk := file.read(FOLDER_CHUNK_BYTES):
                    yield chunk
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StoreMissingError(path) from error
        except OSError as error:
            raise StoreError(path, f"can't be read: {error.strerror or 'it is no file'}") from error

    def put(self, key: str, content: bytes, *, replace: bool = False) -> bool:
        """Write a file; return whether it was written."""
        path = self._folder / key
        if path.exists() and not replace:
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
        except OSError as error:
            raise StoreError(
                path, f"can't be written: {error.strerror}", "Check the folder and its disk"
            ) from error
        return True


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe would wait for somebody who writes
