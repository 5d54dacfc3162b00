"""Measure how long probes wait under load: ``python -m benchmarks.probes``.

While clients send predictions without end, one more connection sends ``GET /health``. Besides the
latency, the table has the processor time that the server takes from the probe to its response: that
is the latency on a processor without other load.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.data.corpus import SHIPPED as DATA
from benchmarks.data.corpus import Corpus
from benchmarks.load.closed_loop import Load
from benchmarks.load.http_client import CHUNK, HOST, encode_json
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.reporting.statistics import percentile
from benchmarks.system.cpu_time import cpu_seconds
from benchmarks.system.function_server import SHIPPED, serving
from benchmarks.system.processes import Server

PROBE = f"GET /health HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
INTERVAL_S = 0.01
WARM_UP_S = 1.0
TEXTS = 4000  # all different, since encoders remember recent ones
BATCH = 30  # texts of a request that just counts as small
CONNECTIONS = (8, 32, 128)
Body = Callable[[Sequence[str]], Mapping[str, Any]]
LOADS: Mapping[str, tuple[int, Body]] = {
    "one text": (1, lambda texts: {"text": texts[0]}),
    f"{BATCH} texts": (BATCH, lambda texts: {"texts": texts}),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    table = Table("requests", "connections", "answered/s", title="Waiting of GET /health, in ms")
    for column in ("p50", "p99", "processor p50", "processor p99"):
        table.add_column(column, justify="right")
    measured: dict[str, dict[str, float]] = {}
    with serving({}, options.model) as server:
        for name, (size, body) in LOADS.items():
            requests = [encode_json("/predict", body(texts)) for texts in _groups(size)]
            for connections in CONNECTIONS:
                progress(f"{name}, {connections} connections")
                row = _measure(server, requests, connections, options.seconds)
                measured[f"{name}, {connections}"] = row
                table.add_row(name, str(connections), *(f"{value:.1f}" for value in row.values()))
    console.print(table)
    console.print(f"Wrote {results.write(options.name, measured)}")
    return 0


def _groups(size: int) -> list[list[str]]:
    known = [utterance.text for utterance in Corpus("shipped", DATA).read("test")]
    texts = [f"{known[number % len(known)]} {number}" for number in range(TEXTS)]
    return [texts[start : start + size] for start in range(0, TEXTS, size)]


def _measure(
    server: Server, requests: Sequence[bytes], connections: int, seconds: float
) -> dict[str, float]:
    waits_ms: list[float] = []
    processor_ms: list[float] = []
    with _loading(server.port, requests, connections, WARM_UP_S + seconds) as rate:
        time.sleep(WARM_UP_S)
        end = time.perf_counter() + seconds
        with closing(socket.create_connection((HOST, server.port))) as probe:
            while time.perf_counter() < end:
                start, processor_s = time.perf_counter(), cpu_seconds(server.pid)
                probe.sendall(PROBE)
                probe.recv(CHUNK)
                waits_ms.append(1000 * (time.perf_counter() - start))
                processor_ms.append(1000 * (cpu_seconds(server.pid) - processor_s))
                time.sleep(INTERVAL_S)
    return {
        "answered_per_s": rate(),
        "p50_ms": percentile(waits_ms, 50),
        "p99_ms": percentile(waits_ms, 99),
        "processor_p50_ms": percentile(processor_ms, 50),
        "processor_p99_ms": percentile(processor_ms, 99),
    }


@contextmanager
def _loading(
    port: int, requests: Sequence[bytes], connections: int, seconds: float
) -> Iterator[Callable[[], float]]:
    """Send requests from another process; yield a function that returns the responses a second."""
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def run() -> None:
        sender.send(Load(port, requests, connections).run(seconds).requests_per_s)

    process = context.Process(target=run)
    process.start()
    yield receiver.recv
    process.join()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.probes", description=(__doc__ or "").partition("\n\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load (default 5)")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="folder (default the shipped)")
    parser.add_argument("--name", default="probes", help="of the results (default probes)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
