"""Measure many models behind one process: ``python -m benchmarks.many_models``.

Publishes copies of the shipped model (after ``make train``) in a folder, and sends requests to a
process that holds some of them: to all models alike, and by Zipf's law. At the end, others arrive
beside requests for eight models in memory: for a broken one, and for one that has to be loaded.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from benchmarks.load.closed_loop import Load
from benchmarks.load.http_client import HOST, encode_json
from benchmarks.load.open_loop import OpenLoad
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system.function_server import serving
from benchmarks.system.memory import proportional_set_size_mib
from benchmarks.system.ports import free_ports
from benchmarks.system.run_lock import acquire_run_lock
from model.command import ARTIFACTS
from model.inference.model_card import CARD_NAME, ModelCard
from model.store.folder import FolderTransport
from model.store.model_files import ModelFiles, push
from model.store.pointers import first_pointer, write_pointer

CONNECTIONS = 8
BESIDE_PER_S = 100  # requests that arrive beside others
WARM_UP_S = 1.0
REQUESTS = 20_000
TEXTS = ("where is my parcel", "I forgot my password", "cancel my subscription please")
SEED = 7
LOADED = re.compile(r'intent_named_model_events_total{event="loaded",.*} (\S+)')


def main() -> int:
    """Run the command."""
    options = _options()
    acquire_run_lock()
    chance = random.Random(SEED)  # noqa: S311 - no secret
    with TemporaryDirectory() as folder:
        names = _publish(Path(folder), ModelFiles.read(options.model), options.models)
        with _serving(Path(folder), options) as server:
            loads = {
                "default model": ["/predict"],
                "one model": _paths(names[:1] * 2),
                "uniform": _paths(chance.choices(names, k=REQUESTS)),
                "Zipf": _paths(chance.choices(names, _zipf(len(names)), k=REQUESTS)),
            }
            rows = {name: _measure(server, paths, options) for name, paths in loads.items()}
            (Path(folder) / "broken").mkdir()
            (Path(folder) / "broken" / "current.json").write_text("{")
            first = [name for name in names[8:] for _ in range(BESIDE_PER_S)]
            for title, beside in (
                ("eight models", []),
                ("eight models beside a broken one", ["broken"]),
                ("eight models beside first requests", first),
            ):
                with _sending(server, _paths(beside), options.seconds):
                    rows[title] = _measure(server, _paths(names[:8]), options)
    console.print(_table(rows))
    measured = {"models": options.models, "memory_mb": options.memory_mb, "loads": rows}
    console.print(f"Wrote {results.write('many_models', measured)}")
    return 0


def _publish(folder: Path, files: ModelFiles, count: int) -> list[str]:
    """Publish models that differ in their card alone; return their names."""
    progress(f"Publishing {count} models of {files.size / 1e6:.1f} MB")
    transport = FolderTransport(folder)
    card = ModelCard.from_json(files.contents[CARD_NAME], CARD_NAME)
    for number in range(count):
        training = {**card.training, "tenant": number}
        content = replace(card, training=training).to_json().encode()
        tenant = replace(files, contents={**files.contents, CARD_NAME: content})
        push(tenant, transport)
        write_pointer(transport, f"tenant-{number}", first_pointer(tenant.digest))
    return [f"tenant-{number}" for number in range(count)]


@dataclass(frozen=True, slots=True)
class _Server:
    port: int
    metrics_port: int
    pid: int

    def loads(self) -> float:
        """Return the number of models that it has loaded since its start."""
        url = f"http://{HOST}:{self.metrics_port}/metrics"
        with urllib.request.urlopen(url) as response:
            text = response.read().decode()
        return sum(map(float, LOADED.findall(text)))


@contextmanager
def _serving(folder: Path, options: argparse.Namespace) -> Iterator[_Server]:
    [metrics_port] = free_ports(1)
    environ = {
        "METRICS_PORT": str(metrics_port),
        "MODELS_URI": str(folder),
        "MODELS_MEMORY_MB": str(options.memory_mb),
    }
    with serving(environ, options.model) as server:
        yield _Server(server.port, metrics_port, server.pid)


@contextmanager
def _sending(server: _Server, paths: Sequence[str], seconds: float) -> Iterator[None]:
    """Send requests by the clock meanwhile, from a thread."""
    if not paths:
        yield
        return
    load = OpenLoad(server.port, _encode(paths), BESIDE_PER_S)
    run = partial(load.run, BESIDE_PER_S, seconds + WARM_UP_S, lambda: None)
    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()
    load.close()


def _measure(server: _Server, paths: Sequence[str], options: argparse.Namespace) -> dict[str, Any]:
    requests = _encode(paths)
    Load(server.port, requests, CONNECTIONS).run(WARM_UP_S)
    before = server.loads()
    outcome = Load(server.port, requests, CONNECTIONS).run(options.seconds)
    return {
        "requests_per_s": outcome.requests_per_s,
        "p50_ms": outcome.percentile_ms(50),
        "p99_ms": outcome.percentile_ms(99),
        "loads_per_s": (server.loads() - before) / outcome.seconds,
        "memory_mib": proportional_set_size_mib(server.pid),
        "errors": dict(outcome.errors),
    }


def _encode(paths: Sequence[str]) -> list[bytes]:
    return [encode_json(path, {"text": TEXTS[at % len(TEXTS)]}) for at, path in enumerate(paths)]


def _paths(names: Sequence[str]) -> list[str]:
    return [f"/models/{name}/predict" for name in names]


def _zipf(count: int) -> list[float]:
    return [1 / rank for rank in range(1, count + 1)]


def _table(rows: dict[str, dict[str, Any]]) -> Table:
    table = Table("requests for", title="Many models", title_justify="left")
    for column in ("requests/s", "p50 ms", "p99 ms", "loads/s", "MiB", "errors"):
        table.add_column(column, justify="right")
    for name, row in rows.items():
        table.add_row(
            name,
            f"{row['requests_per_s']:,.0f}",
            f"{row['p50_ms']:.2f}",
            f"{row['p99_ms']:.1f}",
            f"{row['loads_per_s']:.0f}",
            f"{row['memory_mib']:.0f}",
            ", ".join(f"{count} {kind}" for kind, count in row["errors"].items()),
        )
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=ARTIFACTS, help="the model's folder")
    parser.add_argument("--models", type=int, default=1000, help="number of models (default 1000)")
    parser.add_argument("--memory-mb", type=int, default=256, help="MODELS_MEMORY_MB (default 256)")
    parser.add_argument("--seconds", type=float, default=10, help="of each load (default 10)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
