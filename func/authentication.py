"""An optional lock: requests have to carry a token (RFC 6750) that stands in a mounted file."""

from __future__ import annotations

import hmac
import logging
import time
from pathlib import Path
from typing import Self

from func.settings import SettingsError

logger = logging.getLogger(__name__)

SCHEME = "bearer "
# Kubernetes replaces a mounted secret while the pod runs; looking at each request would be dear.
LOOK_EACH_S = 2.0


class BearerTokens:
    """The tokens that open the door: one a line, several while one replaces another."""

    def __init__(self, path: Path, tokens: tuple[bytes, ...]) -> None:
        self._path, self._tokens = path, tokens
        self._looked_at = time.monotonic()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file of tokens.

        Raises:
            SettingsError: it can't be read, or holds no token: better no start than an open door.
        """
        tokens = _read(path)
        if not tokens:
            allowed = "a file that can be read, with a token in each line"
            raise SettingsError("API_TOKEN_FILE", str(path), allowed)
        return cls(path, tokens)

    def allow(self, authorization: str) -> bool:
        """Tell whether a header holds one of the tokens, in a time that tells nothing of them."""
        self._look_again()
        offered = authorization.encode("latin-1", "replace")
        is_bearer = authorization[: len(SCHEME)].lower() == SCHEME
        token = offered[len(SCHEME) :].strip() if is_bearer else b""
        return sum(hmac.compare_digest(token, known) for known in self._tokens) > 0

    def _look_again(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < LOOK_EACH_S:
            return
        self._looked_at = now
        tokens = _read(self._path)
        if not tokens:
            logger.warning("%s holds no token any more: the former ones stay", self._path)
        elif tokens != self._tokens:
            logger.info("The tokens in %s have changed", self._path)
            self._tokens = tokens


def _read(path: Path) -> tuple[bytes, ...]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return ()
    return tuple(line.strip() for line in lines if line.strip())
