"""The load generator's own limit, to distinguish it from a server's."""

from __future__ import annotations

import sys

from benchmarks.load.closed_loop import Load
from benchmarks.load.http_client import Response
from benchmarks.load.patterns import EIGHT
from benchmarks.reporting.console import progress
from benchmarks.system.paths import LOGS, ROOT
from benchmarks.system.ports import free_ports
from benchmarks.system.processes import Launch, serving

REQUEST = b"POST / HTTP/1.1\r\n\r\n"


def highest_requests_per_s(seconds: float) -> float:
    """Return the throughput against a server that does no work.

    Raises:
        ServerError: that server does not start.
    """
    [port] = free_ports(1)
    command = (sys.executable, "-m", "benchmarks.load.trivial_server", str(port))
    launch = Launch(command=command, folder=ROOT, environ={}, port=port, log=LOGS / "trivial.log")
    with serving(launch) as server:
        server.await_prediction(REQUEST, _is_any)
        highest = Load(port, [REQUEST], EIGHT.connections).run(seconds).requests_per_s
    progress(f"Limit of the load generator: {highest:,.0f} requests per second")
    return highest


def _is_any(_: Response) -> bool:
    return True
