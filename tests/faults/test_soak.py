"""Mixed load for a long time: no error, and no growing memory."""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import struct
import time
from pathlib import Path

import pytest

from model.training.fitted_model import MODEL_NAME
from tests.faults.conftest import SOAK_S
from tests.support.clients import Clients, get, post
from tests.support.servers import RunningServer
from tests.support.timeouts import TIMEOUT_S

MIB = 1024 * 1024
PAGE_BYTES = 4096
MAX_GROWTH_MIB = 4.0
WARM_UP_SHARE = 0.25

EVENT = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/soak", "ce_type": "chat.message"}
STRUCTURED = {"specversion": "1.0", "id": "1", "source": "/soak", "type": "chat.message"}


def vanish(connection: http.client.HTTPConnection) -> str:
    """Send half of a request, and reset the connection."""
    with socket.create_connection((connection.host, connection.port), timeout=TIMEOUT_S) as client:
        client.sendall(b"POST /predict HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return "vanished"


def leave(connection: http.client.HTTPConnection) -> str:
    """Send a request, and go away without reading its answer."""
    with socket.create_connection((connection.host, connection.port), timeout=TIMEOUT_S) as client:
        client.sendall(b'POST / HTTP/1.1\r\nContent-Length: 15\r\n\r\n{"text": "bye"}')
    return "left"


def resident_mib(pid: int) -> float:
    """Give the resident memory of a process (proc(5), statm)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / MIB


@pytest.mark.slow
def test_mixed_load_leaves_memory_as_it_was(small_folder):
    """Clients of all kinds get their answers, however they leave, and nothing piles up."""
    server = RunningServer.start({"MODEL_PATH": str(small_folder / MODEL_NAME)})
    texts = [f"where is my order {number} {number * 7919}" for number in range(200)]
    batch = json.dumps({"texts": texts}).encode()
    structured = json.dumps({**STRUCTURED, "data": {"text": "hello"}}).encode()
    sends = (
        post(b'{"text": "where is my order", "top_k": 3}'),
        post(b'{"text": "hello", "explain": true}'),
        post(batch),
        post(b'{"text": "good morning"}', "/", **EVENT),
        post(structured, "/", Content_Type="application/cloudevents+json"),
        post(b"{"),
        post(json.dumps({"text": "x" * 6000}).encode()),
        get("/health"),
        get("/model"),
        get("/nowhere"),
        vanish,
        leave,
    )
    samples = []
    with Clients(server.port, sends) as clients:
        end = time.monotonic() + SOAK_S
        while time.monotonic() < end:
            time.sleep(SOAK_S / 200)
            samples.append(resident_mib(server.process.pid))
    exit_code, log = server.stop()
    settled = samples[int(len(samples) * WARM_UP_SHARE) :]
    half = len(settled) // 2
    growth_mib = statistics.median(settled[half:]) - statistics.median(settled[:half])
    print(f"{SOAK_S:.0f} s: {dict(clients.counts)}, memory {growth_mib:+.2f} MiB")  # noqa: T201

    assert set(clients.counts) == {200, 400, 404, 413, "vanished", "left"}
    assert growth_mib < MAX_GROWTH_MIB
    assert exit_code == 0
    assert '"level": "ERROR"' not in log
