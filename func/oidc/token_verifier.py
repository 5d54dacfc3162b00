"""Verification of an issuer's tokens (JSON Web Tokens, RFC 7519, as RFC 8725 advises)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Self

import jwt
from jwt.exceptions import (
    ExpiredSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    PyJWTError,
)

from func.authentication import bearer_token
from func.errors import InvalidTokenError, UnauthorizedError
from func.oidc.issuer import ALGORITHMS, fetch_keys
from func.oidc.issuer_keys import IssuerKeys
from func.settings import Settings

LEEWAY_S = 10  # by which the clocks of issuer and function may differ
REQUIRED = ["exp", "iss", "aud"]
NOT_VALID = "The token is not valid"
REASONS: Mapping[type[PyJWTError], str] = {
    ExpiredSignatureError: "The token has expired",
    InvalidAudienceError: "The token is for another audience",
    InvalidIssuerError: "The token is of another issuer",
}


class TokenVerifier:
    """Verifies the bearer tokens of one issuer; safe to call from many threads."""

    def __init__(self, issuer: str, audience: str, keys: IssuerKeys) -> None:
        self._issuer, self._audience, self._keys = issuer, audience, keys

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the verifier of OIDC_ISSUER and OIDC_AUDIENCE; the issuer's keys are fetched."""
        issuer, audience = settings.oidc_issuer or "", settings.oidc_audience or ""
        return cls(issuer, audience, IssuerKeys(partial(fetch_keys, issuer)))

    def verify(self, authorization: str, *, waits: bool) -> None:
        """Check the token of a header; with ``waits``, wait for the issuer's keys.

        Raises:
            UnauthorizedError: there is no token.
            InvalidTokenError: the token is not signed by the issuer, not for the audience, or not
                valid now.
            KeysUnavailableError: the issuer does not answer.
            NotLoadedError: the issuer's keys are being fetched; only without ``waits``.
        """
        token = bearer_token(authorization)
        if not token:
            raise UnauthorizedError
        key_id = _key_id(token)
        key = self._keys.wait_for(key_id) if waits else self._keys.find(key_id)
        if key is None:
            raise InvalidTokenError("The token is signed with an unknown key")
        try:
            jwt.decode(
                token,
                key,
                # Of a JWK, this library accepts no algorithm but the key's own.
                algorithms=[key.algorithm_name],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": REQUIRED},
            )
        except PyJWTError as error:
            raise InvalidTokenError(REASONS.get(type(error), NOT_VALID)) from error


def _key_id(token: bytes) -> str:
    """Return the id of the key that a token names, which is not verified yet.

    Tokens that no key of an issuer can have signed are refused here, so that none has keys fetched.
    """
    try:
        header = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError, RecursionError) as error:
        raise InvalidTokenError(NOT_VALID) from error
    key_id = header.get("kid")
    if header.get("alg") not in ALGORITHMS or not isinstance(key_id, str):
        raise InvalidTokenError(NOT_VALID)
    return key_id
