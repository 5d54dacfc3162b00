"""The fuzzing targets: each takes any bytes, and raises an error where something is wrong."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from func.app import App
from func.compression import decompress
from func.errors import BadRequestError, TooLargeError
from func.fallback.contracts import CONTRACTS, read_answer
from func.handler import IntentFunction
from func.outgoing.errors import NoAnswerError
from func.protocols.dialect_routes import DIALECTS
from func.server.listener import bind
from func.server.server import Server
from func.settings import Settings
from model.compilation.compiler import compile_pipeline
from model.errors import ArtifactError, CompiledFormError, StoreError
from model.inference.compiled_pipeline import CompiledPipeline
from model.inference.compiled_scorer import CompiledScorer
from model.inference.intent_model import IntentModel
from model.inference.model_card import ModelCard
from model.inference.prediction import OUT_OF_SCOPE
from model.inference.safetensors_file import METADATA, NO_SEAL, SEAL, header_of
from model.store.manifest import Manifest
from model.store.pointers import Pointer, key_of_pointer
from model.store.uri import StoreUri
from tests.support.invariants import ask, check, check_dialect

TEXTS = ("hello there", "good morning", "where is my parcel", "track my order")
LABELS = ("greeting", "greeting", "order_tracking", "order_tracking")
MODEL_SHA256 = "1" * 64  # not zeros, which stand in for the checksum
SILENCE_S = 4.0  # longer than a thread takes for any request, shorter than libFuzzer waits
STATUSES = frozenset((100, 200, 202, 204, 302, 304, 308, *range(400, 418), 422, 431, 501, 503, 505))
CODINGS = ("gzip", "deflate", "zstd")
MAX_CONTENT_BYTES = 65536
CONTENT_TYPES = (
    "application/json",
    "text/plain",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/json; charset=latin-1",
)


@cache
def compiled() -> CompiledPipeline:
    """Compile a pipeline so small that most of its file is structure."""
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    return compile_pipeline(pipeline)


@cache
def function() -> IntentFunction:
    """Build the function around it."""
    card = ModelCard(labels=tuple(sorted(set(LABELS))), model_sha256=MODEL_SHA256)
    model = IntentModel(CompiledScorer(compiled()), card)
    return IntentFunction(model, Settings(max_text_length=200, max_batch_size=8))


def http(data: bytes) -> None:
    """Send a body; its first byte chooses the content type."""
    content_type = CONTENT_TYPES[data[0] % len(CONTENT_TYPES)] if data else ""
    check(ask(function(), content_type, data[1:]), frozenset((*LABELS, OUT_OF_SCOPE)))


def dialect(data: bytes) -> None:
    """Send a body; its first byte chooses the dialect."""
    paths = (*(path for method, path in DIALECTS if method == "POST"), "/predict")
    path = paths[data[0] % len(paths)] if data else paths[0]
    check_dialect(ask(function(), "application/json", data[1:], path=path))


def fallback(data: bytes) -> None:
    """Read the answer of a fallback; the first byte chooses the contract."""
    kinds = tuple(CONTRACTS)
    kind = kinds[data[0] % len(kinds)] if data else kinds[0]
    intents = (*sorted(set(LABELS)), OUT_OF_SCOPE)
    try:
        answer = read_answer(data[1:], kind, intents)
    except NoAnswerError:
        return
    assert answer.intent in intents
    assert answer.probabilities.keys() <= set(intents)
    assert all(0 <= each <= 1 for each in answer.probabilities.values())


def coding(data: bytes) -> None:
    """Decompress a body; its first byte chooses the coding, and no content exceeds the limit."""
    name = CODINGS[data[0] % len(CODINGS)] if data else CODINGS[0]
    try:
        assert len(decompress(data[1:], name, MAX_CONTENT_BYTES)) <= MAX_CONTENT_BYTES
    except (BadRequestError, TooLargeError):
        return


def event(data: bytes) -> None:
    """Send an event in binary mode: lines of attributes, an empty line, and the body."""
    head, _, body = data.partition(b"\n\n")
    lines = (line.partition(b": ") for line in head.splitlines())
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, _, value in lines if name}
    content_type = headers.pop("content-type", "application/json")
    check(ask(function(), content_type, body, headers), frozenset((*LABELS, OUT_OF_SCOPE)))


def file(data: bytes) -> None:
    """Load a compiled form, sealed anew so that what lies behind the checksum is reached."""
    try:
        scorer = CompiledScorer(
            CompiledPipeline.from_bytes(sealed(data), model_sha256=MODEL_SHA256)
        )
        logits = scorer.logits(["hello there", ""])
    except CompiledFormError:
        return
    assert logits.shape == (2, len(scorer.labels))
    assert logits.dtype == np.float64


def store(data: bytes) -> None:
    """Read what a store says of its models; the first byte chooses the kind of it."""
    readers = (pointer, manifest, card, name)
    readers[data[0] % len(readers) if data else 0](data[1:])


def pointer(data: bytes) -> None:
    """Read the pointer of a published model: what is read can be written, and read again."""
    try:
        found = Pointer.from_json(data, "store")
    except StoreError:
        return
    assert Pointer.from_json(found.to_json(), "store") == found
    assert found.rolled_back() is None or found.previous


def manifest(data: bytes) -> None:
    """Read a manifest: what is read can be written, and read again."""
    try:
        found = Manifest.from_bytes(data, "store")
    except StoreError:
        return
    assert dict(Manifest.from_bytes(found.to_bytes(), "store").files) == dict(found.files)


def card(data: bytes) -> None:
    """Read a model card: what is read can be written, and read again."""
    try:
        found = ModelCard.from_json(data, "store")
    except ArtifactError:
        return
    assert ModelCard.from_json(found.to_json().encode(), "store").to_json() == found.to_json()


def name(data: bytes) -> None:
    """Name a model, or a store by its URI: no key leaves the store, no URI has a parent folder."""
    text = data.decode("utf-8", "replace")
    with suppress(ValueError):
        assert posixpath.normpath(f"/store/{key_of_pointer(text)}") == f"/store/{text}/current.json"
    try:
        uri = StoreUri.parse(text)
    except StoreError:
        return
    assert uri.is_folder or ".." not in uri.location.split("/")
    assert StoreUri.parse(str(uri)).digest == uri.digest


def sealed(content: bytes) -> bytes:
    """Write the right checksum into a file, if there is a place for it."""
    header, _ = header_of(content)
    try:
        seal = str(json.loads(header)[METADATA][SEAL])
    except (KeyError, RecursionError, TypeError, ValueError):
        return content
    unsealed = content.replace(seal.encode("utf-8", "replace"), NO_SEAL.encode(), 1)
    digest = hashlib.sha256(unsealed).hexdigest()
    return unsealed.replace(NO_SEAL.encode(), digest.encode(), 1)


def server(data: bytes) -> None:
    """Send bytes to a live server in two segments: it answers or closes, and serves the next.

    The first byte places the cut.
    """
    cut, sent = data[:1], data[1:]
    middle = len(sent) * int.from_bytes(cut, "big") // 256
    port = running_server_port()
    with socket.create_connection(("127.0.0.1", port), timeout=SILENCE_S) as client:
        try:
            client.sendall(sent[:middle])
            client.sendall(sent[middle:])
            client.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: client.recv(65536), b""))
        except ConnectionError:
            received = b""  # it closed before all was sent
    assert all(int(status) in STATUSES for status in re.findall(rb"HTTP/1\.[01] (\d*)", received))
    assert not received or received.startswith(b"HTTP/1.")
    with socket.create_connection(("127.0.0.1", port), timeout=SILENCE_S) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'{"status":"ok"}')


@cache
def running_server_port() -> int:
    """Start a server that runs until the process ends, and return its port."""
    settings = Settings(host="127.0.0.1", port=0, max_header_bytes=8192, max_body_bytes=65536)
    live = Server(App(function()), bind(settings.host, settings.port), settings)
    threading.Thread(target=live.run, daemon=True).start()
    return int(live.port)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "http": http,
    "dialect": dialect,
    "fallback": fallback,
    "coding": coding,
    "event": event,
    "file": file,
    "store": store,
    "server": server,
}


def built_seeds() -> Iterator[bytes]:
    """Give the sound files that the target ``file`` begins with."""
    yield compiled().to_bytes(model_sha256=MODEL_SHA256)
