"""Optional bearer tokens (RFC 6750): those that a mounted file lists, and those of an issuer."""

from __future__ import annotations

import hmac
import logging
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from func.errors import UnauthorizedError
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
        token = bearer_token(authorization)
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


class Verifier(Protocol):
    """Verifies tokens of an issuer."""

    def verify(self, authorization: str, *, waits: bool) -> None:
        """Check the token of a header; see ``func.oidc.token_verifier``."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """The ways in which a request may authenticate itself; one suffices.

    Attributes:
        tokens: the listed tokens; None for none.
        verifier: verifies the tokens of an issuer; None for no issuer.
    """

    tokens: BearerTokens | None
    verifier: Verifier | None = None

    def check(self, authorization: str, *, waits: bool) -> None:
        """Check the token of a header; raise as ``IntentFunction.authorize`` does."""
        if self.tokens and self.tokens.allow(authorization):
            return
        if self.verifier is None:
            raise UnauthorizedError
        self.verifier.verify(authorization, waits=waits)


def bearer_token(authorization: str) -> bytes:
    """Return the token of a header; none for another scheme."""
    is_bearer = authorization[: len(SCHEME)].lower() == SCHEME
    return authorization[len(SCHEME) :].encode("latin-1", "replace").strip() if is_bearer else b""


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
