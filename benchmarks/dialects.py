"""Measure what each contract costs: ``python -m benchmarks.dialects``.

Processor time of a request in process, from its WSGI environment to its response, with the shipped
model: one text each, twenty at a time, as the event loop answers what arrives together.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.paths import ROOT
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from func.app import App
from func.handler import IntentFunction
from func.models.default_model import load_default_model
from func.settings import Settings

SHIPPED = ROOT / "model" / "shipped"
TOGETHER = 20
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
    app = App(IntentFunction(load_default_model(Settings(model_uri=str(SHIPPED))), Settings()))
    texts = _texts(TOGETHER * 100)
    bodies = {
        name: [json.dumps(body(text)).encode() for text in texts]
        for name, (_, body) in CONTRACTS.items()
    }
    measured: dict[str, list[float]] = {name: [] for name in CONTRACTS}
    for number in range(options.rounds + 1):
        progress(f"Round {number} of {options.rounds}")
        for name, (path, _) in CONTRACTS.items():
            cost = _cost_us(app, path, bodies[name])
            if number:  # the first one imports and warms up
                measured[name].append(cost)
    rows = {name: statistics.median(costs) for name, costs in measured.items()}
    factors = {
        name: statistics.median(
            cost / ours for cost, ours in zip(costs, measured[OURS], strict=True)
        )
        for name, costs in measured.items()
    }
    table = Table("contract", "microseconds", "times ours")
    for name, cost in rows.items():
        table.add_row(name, f"{cost:.0f}", f"{factors[name]:.2f}")
    console.print(table)
    console.print(f"Wrote {results.write('dialects', {'cpu_us': rows, 'factors': factors})}")
    return 0


def _texts(count: int) -> list[str]:
    path: Path = ROOT / "model" / "data" / "test.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row["text"] for row in csv.DictReader(file)]
    return [*itertools.islice(itertools.cycle(rows), count)]


def _cost_us(app: App, path: str, bodies: Sequence[bytes]) -> float:
    """Return the processor time of one request, in microseconds."""
    environs = [
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        for body in bodies
    ]
    began = time.process_time()
    for start in range(0, len(environs), TOGETHER):
        app.respond([app.parse(environ) for environ in environs[start : start + TOGETHER]])
    return (time.process_time() - began) / len(bodies) * 1e6


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.dialects", description=(__doc__ or "").partition("\n\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=7, help="number of rounds (default 7)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
