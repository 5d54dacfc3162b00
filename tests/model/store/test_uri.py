from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import StoreError
from model.store.uri import StoreUri

DIGEST = "0f" * 32


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        pytest.param("/srv/model", StoreUri("file", "/srv/model"), id="path"),
        pytest.param("models/a b", StoreUri("file", "models/a b"), id="relative-path"),
        pytest.param("file:///srv/model", StoreUri("file", "/srv/model"), id="file"),
        pytest.param("s3://b/p/", StoreUri("s3", "b/p"), id="trailing-slash"),
        pytest.param("S3://b/p", StoreUri("s3", "b/p"), id="upper-case"),
        pytest.param(f"gs://b#sha256={DIGEST}", StoreUri("gs", "b", DIGEST), id="fragment"),
        pytest.param(f"az://b/p@sha256:{DIGEST}", StoreUri("az", "b/p", DIGEST), id="at"),
        pytest.param(f"/srv#sha256={DIGEST}", StoreUri("file", "/srv", DIGEST), id="path-digest"),
        pytest.param(
            f"oci://r.example:5000/a/b:1.0@sha256:{DIGEST}",
            StoreUri("oci", "r.example:5000/a/b:1.0", DIGEST),
            id="registry",
        ),
    ],
)
def test_scheme_place_and_digest_are_parsed(text, uri):
    """A URI is a scheme, a place and perhaps a digest; a text without a scheme is a path."""
    assert StoreUri.parse(text) == uri


@pytest.mark.parametrize(
    "text", ["/srv/model", f"s3://b/p#sha256={DIGEST}", f"oci://r/a:1@sha256:{DIGEST}"]
)
def test_a_uri_is_written_as_it_is_parsed(text):
    """The text of a URI is parsed as the same URI."""
    assert str(StoreUri.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("ftp://host/x", "ftp:// is no store: use a path or file://", id="scheme"),
        pytest.param("http://host/x", "http:// is no store", id="no-tls"),
        pytest.param("s3://b#sha256=12", "has no digest of 64", id="short-digest"),
        pytest.param(f"s3://b#sha256={DIGEST.upper()}", "has no digest of 64", id="upper-case"),
        pytest.param("https://user:secret@host/x", "neither user nor password", id="password"),
        pytest.param("s3://b/../c", "holds characters that no store has", id="parent"),
        pytest.param("s3:///", "holds characters that no store has", id="no-place"),
        pytest.param("https://host/x?y=1", "holds characters that no store has", id="query"),
        pytest.param("https://host/a\nb", "holds characters that no store has", id="line-break"),
        pytest.param("s3://", "holds characters that no store has", id="empty"),
    ],
)
def test_other_texts_are_refused(text, reason):
    """A text that is no URI of a store is refused with the reason."""
    with pytest.raises(StoreError, match=reason):
        StoreUri.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://user:secret@host/x",
        "https://user:secret@host/x#sha256=12",
        "https://host/x?signature=secret",
        "https://host/x?signature=secret#sha256=12",
    ],
)
def test_a_secret_is_not_quoted(text):
    """The error about a password or a signature does not repeat it, nor does any other error."""
    with pytest.raises(StoreError) as caught:
        StoreUri.parse(text)
    assert "secret" not in str(caught.value)


def test_a_missing_digest_is_an_error_with_a_remedy():
    """Whoever names a remote model without a digest learns how to get it."""
    with pytest.raises(StoreError, match=r"python -m model\.push prints the URI with it"):
        StoreUri.parse("s3://b/p").required_digest()


def test_a_folder_has_a_path():
    """The place of a folder is a path."""
    assert StoreUri.parse("/srv/model").path == Path("/srv/model")
