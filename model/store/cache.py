"""A cache of verified files, by digest, in a folder that several processes may share."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from model.atomic_files import write_atomically

logger = logging.getLogger(__name__)


class BlobCache:
    """Keeps files under their SHA-256; a file that was damaged since is not used."""

    def __init__(self, folder: Path | None) -> None:
        """Create a cache; without a folder, it keeps nothing."""
        self._folder = folder

    def get(self, digest: str) -> bytes | None:
        """Return the content with this digest, or None."""
        if self._folder is None:
            return None
        path = self._folder / digest
        try:
            content = path.read_bytes() if path.is_file() else b""  # a pipe would wait for a writer
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == digest else None

    def put(self, digest: str, content: bytes) -> None:
        """Keep a verified content; a cache that can't be written is logged, and changes nothing."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._folder / digest, content)
        except OSError as error:
            logger.warning(
                "MODEL_CACHE_DIR=%s can't be written (%s): this model is not kept there",
                self._folder,
                error.strerror,
            )
