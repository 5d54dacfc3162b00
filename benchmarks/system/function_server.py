"""The function's own server, on a free port, with the shipped model or another one."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.load.http_client import HOST
from benchmarks.paths import ROOT
from benchmarks.system.cpu_affinity import SERVER_CORE, pinned_to
from benchmarks.system.ports import free_ports

SHIPPED = ROOT / "model" / "shipped"
START_S = 30.0


class FunctionServer(NamedTuple):
    """A running server."""

    port: int
    pid: int


@contextmanager
def serving(environ: Mapping[str, str], model: Path = SHIPPED) -> Iterator[FunctionServer]:
    """Start the server with these settings, wait until it answers, and stop it in the end."""
    [port] = free_ports(1)
    address = {"HOST": HOST, "PORT": str(port), "MODEL_URI": str(model), "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "func.server"]
    with pinned_to(SERVER_CORE):
        process = subprocess.Popen(  # noqa: S603 - its own command
            command, cwd=ROOT, env=os.environ | address | dict(environ)
        )
    try:
        deadline = time.monotonic() + START_S
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("The server does not start")
            time.sleep(0.02)
        yield FunctionServer(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
