"""Measure what each contract costs: ``python -m benchmarks.dialects``.

The server's processor time of a request over HTTP, with one text and the shipped model, at eight
connections. It does not depend on other load of the machine as much as latencies do.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table

from benchmarks.data.corpus import SHIPPED, Corpus
from benchmarks.load.closed_loop import Load
from benchmarks.load.http_client import encode_json
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system.cpu_time import cpu_seconds
from benchmarks.system.function_server import serving
from benchmarks.system.processes import Server

CONNECTIONS = 8
OPTIONS = ("charge_dispute", "refund_request", "order_tracking", "out_of_scope")
OURS = "ours"

Body = Callable[[str], Mapping[str, Any]]
# Each asks for a bit more than the intent: what its clients send.
CONTRACTS: Mapping[str, tuple[str, Body]] = {
    OURS: ("/predict", lambda text: {"text": text}),
    "System One": (
        "/v1/systemone",
        lambda text: {
            "model": "intent-classifier",
            "state": text,
            "questions": {"topic": {"type": "choice", "criteria": dict.fromkeys(OPTIONS)}},
        },
    ),
    "Decisions": (
        "/v1/decisions",
        lambda text: {
            "model": "intent-classifier",
            "input": text,
            "questions": [{"type": "choice", "choices": [{"value": each} for each in OPTIONS]}],
        },
    ),
    "text classification": ("/predict", lambda text: {"inputs": text, "top_k": 1}),
    "vLLM": ("/classify", lambda text: {"input": text}),
    "KServe, version 1": (
        "/v1/models/intent-classifier:predict",
        lambda text: {"instances": [text]},
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    texts = [utterance.text for utterance in Corpus("shipped", SHIPPED).read("test")]
    measured: dict[str, list[float]] = {name: [] for name in CONTRACTS}
    with serving({}) as server:
        for number in range(options.rounds + 1):
            progress(f"Round {number} of {options.rounds}")
            for name, (path, body) in CONTRACTS.items():
                requests = [encode_json(path, body(text)) for text in texts]
                cost = _cost_us(server, requests, options.seconds)
                if number:  # the first one imports and warms up
                    measured[name].append(cost)
    rows = {name: statistics.median(costs) for name, costs in measured.items()}
    factors = {
        name: statistics.median(
            cost / ours for cost, ours in zip(costs, measured[OURS], strict=True)
        )
        for name, costs in measured.items()
    }
    table = Table("contract", "microseconds of the processor", "times ours")
    for name, cost in rows.items():
        table.add_row(name, f"{cost:.0f}", f"{factors[name]:.2f}")
    console.print(table)
    console.print(f"Wrote {results.write('dialects', {'cpu_us': rows, 'factors': factors})}")
    return 0


def _cost_us(server: Server, requests: Sequence[bytes], seconds: float) -> float:
    """Return the server's processor time of one request, in microseconds."""
    began = cpu_seconds(server.pid)
    outcome = Load(server.port, requests, CONNECTIONS).run(seconds)
    if outcome.errors:
        raise SystemExit(f"Failed: {dict(outcome.errors)}")
    return (cpu_seconds(server.pid) - began) / len(outcome.latencies_ms) * 1e6


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.dialects", description=(__doc__ or "").partition("\n\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=7, help="number of rounds (default 7)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each load (default 0.5)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
