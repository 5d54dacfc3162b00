"""A cache of verified files, by digest, in a folder that several processes may share."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
from contextlib import suppress
from pathlib import Path

from model.atomic_files import write_atomically

logger = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_WRITING = threading.Lock()  # of all caches, which may have one folder


class BlobCache:
    """Keeps files under their SHA-256; a file that was damaged since is not used.

    The files that were not used for longest leave when all of them would exceed a size: Kubernetes
    evicts a pod whose volume exceeds its limit.
    """

    def __init__(self, folder: Path | None, max_mb: int = 1024 * 1024) -> None:
        """Create a cache of at most ``max_mb``; without a folder, it keeps nothing."""
        self._folder, self._max_bytes = folder, max_mb * MEGABYTE

    def get(self, digest: str) -> bytes | None:
        """Return the content with this digest, or None."""
        if self._folder is None:
            return None
        path = self._folder / digest
        try:
            content = path.read_bytes() if path.is_file() else b""  # a pipe would wait for a writer
        except OSError:
            return None
        with suppress(OSError):  # on a read-only volume, nothing leaves either
            os.utime(path)
        return content if hashlib.sha256(content).hexdigest() == digest else None

    def put(self, digest: str, content: bytes) -> None:
        """Keep a verified content; a cache that can't be written is logged, and changes nothing."""
        if self._folder is None or len(content) > self._max_bytes:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _WRITING:
                _make_room(self._folder, self._max_bytes - len(content))
                write_atomically(self._folder / digest, content)
        except OSError as error:
            logger.warning(
                "MODEL_CACHE_DIR=%s can't be written (%s): this model is not kept there",
                self._folder,
                error.strerror,
            )


def _make_room(folder: Path, max_bytes: int) -> None:
    """Delete the files that were not used for longest, until all others have this size."""
    files: dict[Path, os.stat_result] = {}
    for path in folder.iterdir():
        if _DIGEST.fullmatch(path.name):
            with suppress(FileNotFoundError):  # another process has deleted it
                files[path] = path.stat()
    excess = sum(each.st_size for each in files.values()) - max_bytes
    for path in sorted(files, key=lambda each: files[each].st_mtime_ns):
        if excess <= 0:
            break
        path.unlink(missing_ok=True)
        excess -= files[path].st_size
