"""Stop a server under load, and count who got no answer."""

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
    """One stop under load.

    Attributes:
        answered: requests with a good answer, before and after the signal.
        failures: requests that were sent and got none, by what happened.
        seconds: from the signal to the end of the process.
        exit_code: of the process; negative where a signal ended it.
    """

    answered: int
    failures: Counter[str]
    seconds: float
    exit_code: int


def drain(server: Server, requests: Sequence[bytes], connections: int) -> Drain:
    """Put a server under load, send SIGTERM meanwhile, and wait for its end.

    Connections that the server closes are not opened again: a request that is sent while the
    connection is open is one that the client takes for accepted.
    """
    load = Load(server.port, requests, connections, reconnects=False)
    stop = threading.Timer(STOP_AFTER_S, server.terminate)
    stop.start()
    outcome = load.run(LOAD_S)
    stop.join()
    exit_code = server.wait()
    seconds = time.perf_counter() - server.terminated_at
    return Drain(len(outcome.latencies_ms), outcome.errors, seconds, exit_code)
