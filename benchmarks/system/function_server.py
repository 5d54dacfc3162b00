"""The function's own server, on a free port, with the shipped model or another one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load.http_client import HOST, encode_json
from benchmarks.system import processes
from benchmarks.system.paths import LOGS, ROOT
from benchmarks.system.ports import free_ports
from benchmarks.system.processes import Launch, Server

SHIPPED = ROOT / "model" / "shipped"
COMMAND = (sys.executable, "-m", "func.server")


@contextmanager
def serving(environ: Mapping[str, str], model: Path = SHIPPED) -> Iterator[Server]:
    """Start the server with these settings, wait until it answers, and stop it in the end.

    Raises:
        ServerError: it does not start.
    """
    [port] = free_ports(1)
    settings = {"HOST": HOST, "PORT": str(port), "MODEL_URI": str(model), "LOG_LEVEL": "ERROR"}
    log = LOGS / "function.log"
    launch = Launch(
        command=COMMAND, folder=ROOT, environ={**settings, **environ}, port=port, log=log
    )
    with processes.serving(launch) as server:
        server.await_prediction(encode_json("/predict", {"text": "hello"}), lambda _: True)
        yield server
