"""Stop a server under load, and count the requests without a response."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.load.closed_loop import Load
from benchmarks.system.processes import Server

LOAD_S = 3.0
STOP_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class Drain:
    """Results of one stop under load.

    Attributes:
        answered: number of successful responses, before and after the signal.
        failures: number of requests without a response, by kind of failure.
        seconds: time from the signal to the exit of the process.
        exit_code: exit code of the process; negative if a signal ended it.
    """

    answered: int
    failures: Counter[str]
    seconds: float
    exit_code: int


def drain(server: Server, requests: Sequence[bytes], connections: int) -> Drain:
    """Put a server under load, send SIGTERM, and wait until it exits.

    Connections that the server closes are not reopened: a client considers each request that it
    sent over an open connection as accepted.
    """
    load = Load(server.port, requests, connections, reconnects=False)
    stop = threading.Timer(STOP_AFTER_S, server.terminate)
    stop.start()
    outcome = load.run(LOAD_S)
    stop.join()
    exit_code = server.wait()
    seconds = time.perf_counter() - server.terminated_at
    return Drain(len(outcome.latencies_ms), outcome.errors, seconds, exit_code)
