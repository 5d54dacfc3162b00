"""Measure overload: ``python -m benchmarks.overload``.

Determines the rate that the server sustains, then sends half of that rate up to six times as much
by the clock. Reports latencies, the time to recover after the overload, peak memory, and the
behaviour next to 500 clients that each send one byte per second.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from rich.table import Table

from benchmarks.contenders.catalogue import OURS
from benchmarks.contenders.preparation import PreparedContender
from benchmarks.load.closed_loop import Load
from benchmarks.load.http_client import OK, exchange
from benchmarks.load.open_loop import OpenLoad
from benchmarks.load.patterns import EIGHT
from benchmarks.load.slow_clients import byte_by_byte
from benchmarks.reporting.cli import Run, parse_options
from benchmarks.reporting.console import console, progress
from benchmarks.system.cpu_affinity import CLIENT_CORE, pinned_to
from benchmarks.system.memory import proportional_set_size_mib
from benchmarks.system.processes import Server, serving

MULTIPLES = (0.5, 1.0, 2.0, 4.0, 6.0)
CONNECTIONS = 2048
SLOW_CLIENTS = 500
WARM_UP_S = 1.0
RECOVERY_TIMEOUT_S = 10.0


def main() -> int:
    """Run the command; the exit code is 1 if a load met errors other than refusals."""
    run = Run((OURS,), parse_options(__doc__ or "", (), _add_options, rounds=1))
    [prepared] = run.prepared
    texts = [utterance.text for utterance in run.corpus.read("test")]
    with pinned_to(CLIENT_CORE):
        measured = _measure(prepared, texts, run.options.seconds)
    console.print(_table(measured["loads"]))
    for line in _lines(measured):
        console.print(line)
    errors = [load["errors"] for load in measured["loads"].values() if any(load["errors"].values())]
    return run.finish("overload", measured) or int(bool(errors))


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="duration of each load (default 5)"
    )


def _measure(prepared: PreparedContender, texts: Sequence[str], seconds: float) -> dict[str, Any]:
    requests = EIGHT.requests(prepared.contender, texts)
    with serving(prepared.launch()) as server:
        prepared.await_prediction(server, texts[0])
        Load(server.port, requests, EIGHT.connections).run(WARM_UP_S)
        sustained = Load(server.port, requests, EIGHT.connections).run(seconds)
        memory_mib = [proportional_set_size_mib(server.pid)]
        loads, recoveries = {}, {}
        for multiple in MULTIPLES:
            progress(f"{multiple:g} times the sustained rate")
            rate = multiple * sustained.requests_per_s
            with closing(OpenLoad(server.port, requests, CONNECTIONS)) as load:
                arrivals = load.run(
                    rate, seconds, lambda: memory_mib.append(proportional_set_size_mib(server.pid))
                )
            recoveries[f"{multiple:g}"] = _recovery_s(server, requests[0])
            loads[f"{multiple:g}"] = arrivals.fields()
        progress(f"Next to {SLOW_CLIENTS} slow clients")
        with byte_by_byte(server.port, requests[0], SLOW_CLIENTS):
            beside = Load(server.port, requests, EIGHT.connections).run(seconds)
    return {
        "sustained_per_s": sustained.requests_per_s,
        "connections": CONNECTIONS,
        "loads": loads,
        "recovery_s": recoveries,
        "memory_mib": {"before": memory_mib[0], "highest": max(memory_mib)},
        "slow_clients": SLOW_CLIENTS,
        "beside_slow_clients_per_s": beside.requests_per_s,
        "beside_slow_clients_p99_ms": beside.percentile_ms(99),
        "beside_slow_clients_errors": dict(beside.errors),
    }


def _recovery_s(server: Server, request: bytes) -> float:
    """Return the seconds from the end of the overload to the first successful response."""
    start = time.perf_counter()
    while exchange(server.port, request, timeout_s=RECOVERY_TIMEOUT_S).status != OK:
        pass
    return time.perf_counter() - start


def _table(loads: Mapping[str, Mapping[str, Any]]) -> Table:
    columns = (
        *("offered/s", "sent/s", "answered/s", "refused/s"),
        *("p50, ms", "p99, ms", "refusal p99, ms"),
    )
    table = Table("times sustained", title="Requests at a fixed rate", title_justify="left")
    for column in (*columns, "other"):
        table.add_column(column, justify="right")
    names = ("offered_per_s", "sent_per_s", "answered_per_s", "refused_per_s")
    latencies = ("answered_p50_ms", "answered_p99_ms", "refused_p99_ms")
    for multiple, load in loads.items():
        rates = [f"{load[name]:,.0f}" for name in names]
        waits = ["" if load[name] is None else f"{load[name]:.1f}" for name in latencies]
        table.add_row(multiple, *rates, *waits, str(sum(load["errors"].values())))
    return table


def _lines(measured: Mapping[str, Any]) -> list[str]:
    memory = measured["memory_mib"]
    beside = measured["beside_slow_clients_per_s"]
    return [
        f"Sustained: {measured['sustained_per_s']:,.0f} requests a second",
        f"Answers again {max(measured['recovery_s'].values()):.3f} s after an overload at most",
        f"Memory: {memory['before']:.0f} MiB before, {memory['highest']:.0f} MiB at most",
        f"Beside {SLOW_CLIENTS} slow clients: {beside:,.0f} requests a second",
    ]


if __name__ == "__main__":
    sys.exit(main())
