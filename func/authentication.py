"""Optional bearer tokens (RFC 6750), which a mounted file lists."""

from __future__ import annotations

import hmac
import logging
import os
import stat
import time
from pathlib import Path
from typing import Self

from func.settings import SettingsError

logger = logging.getLogger(__name__)

SCHEME = "bearer "
# Kubernetes replaces a mounted secret while the pod runs; a read for each request would be slow.
RELOAD_INTERVAL_S = 2.0
MAX_FILE_BYTES = 64 * 1024


class BearerTokens:
    """The accepted tokens: one a line, several while one replaces another."""

    def __init__(self, path: Path, tokens: tuple[bytes, ...]) -> None:
        self._path, self._tokens = path, tokens
        self._read_at = time.monotonic()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load a file of tokens.

        Raises:
            SettingsError: the file can't be read, or holds no token.
        """
        return cls(path, load_tokens("API_TOKEN_FILE", path))

    def allow(self, authorization: str) -> bool:
        """Return whether a header holds an accepted token; the time reveals nothing about them."""
        self._reload_if_due()
        offered = authorization.encode("latin-1", "replace")
        is_bearer = authorization[: len(SCHEME)].lower() == SCHEME
        token = offered[len(SCHEME) :].strip() if is_bearer else b""
        return sum(hmac.compare_digest(token, known) for known in self._tokens) > 0

    def _reload_if_due(self) -> None:
        now = time.monotonic()
        if now - self._read_at < RELOAD_INTERVAL_S:
            return
        self._read_at = now
        try:
            tokens = read_tokens(self._path)
        except OSError as error:
            reason = error.strerror or error
            logger.error("%s can't be read (%s): the former tokens stay", self._path, reason)  # noqa: TRY400
            return
        if tokens != self._tokens:
            logger.info("%s has changed: it holds %d tokens now", self._path, len(tokens))
            self._tokens = tokens


def load_tokens(key: str, path: Path) -> tuple[bytes, ...]:
    """Return the tokens of the file that a variable names.

    Raises:
        SettingsError: the file can't be read, or holds no token.
    """
    try:
        tokens = read_tokens(path)
    except OSError:
        tokens = ()
    if not tokens:
        raise SettingsError(key, str(path), "a file that can be read, with a token in each line")
    return tokens


def read_tokens(path: Path) -> tuple[bytes, ...]:
    """Return the tokens of a file, one a line.

    Raises:
        OSError: the file can't be read, is no regular file, or is too large.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # to open a FIFO must not block
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is not a regular file")
        content = os.read(descriptor, MAX_FILE_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > MAX_FILE_BYTES:
        raise OSError(f"it has more than {MAX_FILE_BYTES} bytes")
    return tuple(line.strip() for line in content.splitlines() if line.strip())
