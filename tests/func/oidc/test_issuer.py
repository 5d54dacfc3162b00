"""The keys of an issuer: discovery, and which keys are taken."""

from __future__ import annotations

import pytest

from func.oidc.issuer import fetch_keys
from func.outgoing.errors import NoAnswerError
from tests.support.oidc.issuer import PUBLISHED, Issuer, issuer_server
from tests.support.ports import free_port
from tests.support.stores.servers import tls_context


def failure(issuer: Issuer, **options: float) -> str:
    """Return the reason for which there are no keys."""
    with pytest.raises(NoAnswerError) as caught:
        fetch_keys(issuer.url, **options)
    return caught.value.reason


def test_keys_are_found_by_discovery(issuer):
    """The configuration names the address of the keys."""
    assert fetch_keys(issuer.url).keys() == {"rsa", "curve"}
    assert issuer.requests == ["/.well-known/openid-configuration", "/keys"]


@pytest.mark.parametrize(
    "key",
    [
        pytest.param({"kty": "oct", "k": "c2VjcmV0", "kid": "x"}, id="shared-secret"),
        pytest.param({**PUBLISHED, "kid": "x", "use": "enc"}, id="for-encryption"),
        pytest.param({**PUBLISHED, "kid": 7}, id="id-is-a-number"),
        pytest.param({"kty": "RSA", "kid": "x"}, id="without-its-numbers"),
        pytest.param({"kty": "future", "kid": "x"}, id="unknown-kind"),
        pytest.param({**PUBLISHED, "kid": "x", "alg": "none"}, id="for-no-signature"),
        pytest.param({**PUBLISHED, "kid": "x", "alg": ["RS256"]}, id="for-a-list"),
        pytest.param({"kty": "oct", "kid": "x"}, id="without-its-secret"),
        pytest.param("key", id="no-object"),
    ],
)
def test_other_keys_are_left_out(issuer, key):
    """An issuer may publish more than keys for signatures that this function verifies."""
    issuer.keys = [key, PUBLISHED]

    assert fetch_keys(issuer.url).keys() == {"rsa"}


@pytest.mark.parametrize(
    ("configuration", "keys"),
    [
        pytest.param({"issuer": "https://other.example"}, [PUBLISHED], id="another-issuer"),
        pytest.param({"jwks_uri": None}, [PUBLISHED], id="no-address"),
        pytest.param({"jwks_uri": "http://keys.example/"}, [PUBLISHED], id="address-without-tls"),
        pytest.param({"jwks_uri": "file:///etc/passwd"}, [PUBLISHED], id="address-of-a-file"),
        pytest.param({}, [], id="no-keys"),
        pytest.param({}, None, id="no-list"),
    ],
)
def test_unusable_documents_are_refused(issuer, configuration, keys):
    """Keys of another issuer, or from an address that anybody can fake, are not trusted."""
    issuer.configuration, issuer.keys = configuration, keys

    assert failure(issuer) == "malformed"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="no-json"),
        pytest.param(b"[" * 100_000, id="nested-deeply"),
        pytest.param(b"[]", id="no-object"),
    ],
)
def test_what_is_no_document_is_refused(issuer, body):
    """Another server may answer at the address."""
    issuer.body = body

    assert failure(issuer) == "malformed"


def test_failures_of_the_issuer_have_a_reason(issuer):
    """The log says whether the issuer refuses, is too slow, or can't be reached."""
    issuer.status = 500
    refused = failure(issuer)
    issuer.may_answer.clear()
    late = failure(issuer, timeout_s=0.05)

    assert (refused, late) == ("refused", "timeout")
    assert failure(Issuer(free_port())) == "unreachable"


def test_certificate_of_the_issuer_is_verified(tmp_path, monkeypatch):
    """A cluster's own authority is trusted where SSL_CERT_FILE names its certificate."""
    context, authority = tls_context(tmp_path)
    with issuer_server(context) as issuer:
        assert failure(issuer) == "unreachable"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))

        assert fetch_keys(issuer.url).keys() == {"rsa", "curve"}
