"""Tokens: which are accepted, and the reason for which others are not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from func.errors import InvalidTokenError, NotLoadedError, UnauthorizedError
from func.oidc import token_verifier
from func.oidc.token_verifier import NOT_VALID, TokenVerifier
from func.settings import Settings
from tests.support.oidc.issuer import AUDIENCE, CURVE_KEY, KEY, OTHER_KEY
from tests.support.timeouts import TIMEOUT_S

UNKNOWN_KEY = "The token is signed with an unknown key"


@pytest.fixture
def verifier(issuer):
    """A verifier that knows the issuer's keys."""
    verifier = TokenVerifier.from_settings(Settings(**issuer.settings))
    verifier.verify(issuer.header(), waits=True)
    return verifier


def reason(verifier: TokenVerifier, authorization: str) -> str:
    """Return the reason for which a token is refused."""
    with pytest.raises(InvalidTokenError) as caught:
        verifier.verify(authorization, waits=False)
    return caught.value.message


def encoded(part: object) -> str:
    """Return a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="rsa"),
        pytest.param({"key": CURVE_KEY, "algorithm": "ES256", "key_id": "curve"}, id="curve"),
        pytest.param({"aud": AUDIENCE}, id="one-audience"),
        pytest.param({"aud": ["other", AUDIENCE]}, id="several-audiences"),
    ],
)
def test_token_of_the_issuer_is_accepted(verifier, issuer, options):
    """A Trigger's token is signed by the issuer for the function's audience."""
    verifier.verify(issuer.header(**options), waits=False)


def test_clocks_may_differ(verifier, issuer, monkeypatch):
    """A token counts for a little longer than it says."""
    monkeypatch.setattr(token_verifier, "LEEWAY_S", 1000)

    verifier.verify(issuer.header(exp=int(time.time()) - 500), waits=False)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"aud": ["other"]}, "The token is for another audience", id="audience"),
        pytest.param({"exp": 1}, "The token has expired", id="expired"),
        pytest.param({"iss": "https://a.example"}, "The token is of another issuer", id="issuer"),
        pytest.param({"key": OTHER_KEY}, NOT_VALID, id="foreign-signature"),
        pytest.param({"key_id": "new"}, UNKNOWN_KEY, id="unknown-key"),
        pytest.param({"key_id": None}, NOT_VALID, id="no-key-id"),
        pytest.param({"nbf": 4_000_000_000}, NOT_VALID, id="not-valid-yet"),
        pytest.param({"exp": None}, NOT_VALID, id="never-expires"),
        pytest.param({"aud": None}, NOT_VALID, id="no-audience"),
        pytest.param({"iss": None}, NOT_VALID, id="no-issuer"),
        pytest.param({"algorithm": "RS512"}, NOT_VALID, id="not-the-key's-algorithm"),
        pytest.param({"key_id": "curve"}, NOT_VALID, id="key-of-another-kind"),
        pytest.param({"key": "", "algorithm": "none"}, NOT_VALID, id="unsigned"),
        pytest.param({"key": "x" * 32, "algorithm": "HS256"}, NOT_VALID, id="shared-secret"),
    ],
)
def test_other_tokens_are_refused_with_a_reason(verifier, issuer, options, expected):
    """The reason helps who sent it, and quotes nothing of the token."""
    assert reason(verifier, issuer.header(**options)) == expected


def test_public_key_is_no_shared_secret(verifier, issuer):
    """A token signed by HMAC with the published key would deceive a verifier of any algorithm."""
    claims = {"iss": issuer.url, "aud": AUDIENCE, "exp": int(time.time()) + 600}
    signed = f"{encoded({'alg': 'HS256', 'kid': 'rsa'})}.{encoded(claims)}"
    secret = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    digest = hmac.digest(secret, signed.encode(), hashlib.sha256)
    forged = f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"

    assert reason(verifier, f"Bearer {forged}") == NOT_VALID


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("token", id="no-parts"),
        pytest.param("a.b.c", id="no-json"),
        pytest.param(f"{encoded([])}.{encoded({})}.", id="header-is-a-list"),
        pytest.param(f"{encoded({'alg': 'RS256', 'kid': 7})}.{encoded({})}.", id="id-is-a-number"),
        pytest.param(f"{encoded({'alg': ['RS256'], 'kid': 'rsa'})}.{encoded({})}.", id="alg-list"),
        pytest.param(
            f"{base64.urlsafe_b64encode(b'[' * 20_000).decode()}.{encoded({})}.", id="nested-deeply"
        ),
        pytest.param("t\u20acken", id="not-latin"),
    ],
)
def test_what_is_no_token_is_refused(verifier, issuer, token):
    """It has no keys fetched either."""
    asked = len(issuer.requests)

    assert reason(verifier, f"Bearer {token}") == NOT_VALID
    assert len(issuer.requests) == asked


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Basic dTpw"])
def test_request_without_a_token_is_refused(verifier, authorization):
    """The answer says to send one."""
    with pytest.raises(UnauthorizedError) as caught:
        verifier.verify(authorization, waits=False)

    assert caught.value.headers == (("WWW-Authenticate", "Bearer"),)


def test_nothing_waits_for_the_issuer_unless_it_may(issuer):
    """The event loop learns when the keys are there."""
    issuer.may_answer.clear()
    verifier = TokenVerifier.from_settings(Settings(**issuer.settings))
    with pytest.raises(NotLoadedError) as caught:
        verifier.verify(issuer.header(), waits=False)
    issuer.may_answer.set()
    caught.value.load().result(TIMEOUT_S)

    verifier.verify(issuer.header(), waits=False)
