from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from model.errors import StoreError, StoreMissingError, StoreUnavailableError
from model.store.model_files import fetch, push
from model.store.object_store import ObjectTransport
from model.store.uri import StoreUri
from tests.support.stores.servers import QuietHandler, serving

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def bucket(object_store) -> ObjectTransport:
    """A folder in a bucket of a real server."""
    return ObjectTransport(object_store)


@contextmanager
def faulty_bucket(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[QuietHandler], None]
) -> Iterator[ObjectTransport]:
    """Yield a bucket whose server answers each request in one way."""

    class Handler(QuietHandler):
        def respond(self) -> None:
            answer(self)

    with serving(Handler) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
        yield ObjectTransport("s3://models")


def test_an_object_is_written_once_and_read_from_an_offset(bucket):
    """Objects by digest stay as they are."""
    assert bucket.put("blobs/once", CONTENT)
    assert not bucket.put("blobs/once", b"other")
    assert b"".join(bucket.open("blobs/once", 0)) == CONTENT
    assert b"".join(bucket.open("blobs/once", 200_000)) == CONTENT[200_000:]


def test_an_object_is_replaced_on_demand(bucket):
    """Pointers change."""
    bucket.put("acme/current.json", b"old", replace=True)
    bucket.put("acme/current.json", b"new", replace=True)
    assert b"".join(bucket.open("acme/current.json", 0)) == b"new"


def test_a_model_is_pushed_and_fetched(bucket, object_store, small_files):
    """A model is named by the digest of its manifest."""
    push(small_files, bucket)
    uri = StoreUri.parse(object_store).with_digest(small_files.digest)
    assert fetch(uri).contents == small_files.contents


def test_a_missing_object_is_named(bucket, object_store):
    """The error names the URI."""
    with pytest.raises(StoreMissingError, match=f"{object_store}/key does not exist"):
        list(bucket.open("key", 0))


def test_a_missing_container_is_named(azure, monkeypatch):
    """Whoever pushes has to create it."""
    for name, value in azure.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreError, match=r"az://none/x does not exist\. Create the bucket or"):
        ObjectTransport("az://none/x").put("key", b"")


@pytest.mark.parametrize(
    ("store", "variable", "scheme"),
    [
        ("aws", "AWS_SECRET_ACCESS_KEY", "s3"),
        ("azure", "AZURE_STORAGE_ACCOUNT_KEY", "az"),
    ],
)
def test_wrong_credentials_are_named(request, monkeypatch, store, variable, scheme):
    """The server answers 403; the error says what to check, and quotes no request."""
    for name, value in request.getfixturevalue(store).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(variable, "d3Jvbmc=")
    with pytest.raises(StoreError) as caught:
        list(ObjectTransport(f"{scheme}://models").open("key", 0))
    assert str(caught.value) == (
        f"{scheme}://models/key may not be used with these credentials. "
        "Check the credentials and what they may do."
    )


def test_a_server_that_is_gone_is_named(monkeypatch):
    """Nobody listens on the port."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    with pytest.raises(StoreUnavailableError, match="could not be reached or broke off"):
        list(ObjectTransport("s3://models").open("key", 0))


def test_an_error_of_the_server_is_worth_another_try(monkeypatch):
    """The library itself does not retry: the caller resumes."""
    requests = []

    def fail(handler: QuietHandler) -> None:
        requests.append(handler.path)
        handler.answer(503)

    with (
        faulty_bucket(monkeypatch, fail) as bucket,
        pytest.raises(StoreUnavailableError, match="could not be reached or broke off"),
    ):
        list(bucket.open("key", 0))
    assert len(requests) == 1


def test_a_truncated_object_is_worth_another_try(monkeypatch):
    """A body that breaks off is no whole object."""

    def truncate(handler: QuietHandler) -> None:
        headers = {"Last_Modified": "Sat, 28 Nov 2026 12:00:00 GMT", "ETag": '"x"'}
        handler.answer(200, CONTENT[:1000], Content_Length=str(len(CONTENT)), **headers)
        handler.close_connection = True

    with (
        faulty_bucket(monkeypatch, truncate) as bucket,
        pytest.raises(StoreUnavailableError, match="could not be reached or broke off"),
    ):
        list(bucket.open("key", 0))


def test_an_object_is_yielded_as_it_arrives(monkeypatch):
    """So the time of a download is checked however slowly its bytes come."""
    released = threading.Event()

    def stall(handler: QuietHandler) -> None:
        headers = {"Last_Modified": "Sat, 28 Nov 2026 12:00:00 GMT", "ETag": '"x"'}
        handler.answer(200, b"begin", Content_Length="10", **headers)
        released.wait()
        handler.close_connection = True

    with faulty_bucket(monkeypatch, stall) as bucket:
        pieces = bucket.open("key", 0)
        assert next(pieces) == b"begin"
        released.set()


def test_another_error_is_named_by_its_kind(monkeypatch):
    """The library's texts quote requests, so they are not shown."""

    def refuse(handler: QuietHandler) -> None:
        handler.answer(412)

    with (
        faulty_bucket(monkeypatch, refuse) as bucket,
        pytest.raises(StoreError, match=r"s3://models/key can't be used \(PreconditionError\)"),
    ):
        list(bucket.open("key", 0))


def test_missing_settings_are_named(monkeypatch):
    """A container of Azure needs an account, which only the environment names."""
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    with pytest.raises(StoreError, match="az://models/x can't be used with these settings"):
        ObjectTransport("az://models/x")
