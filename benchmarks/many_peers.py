"""Measure how many models MLServer holds: ``python -m benchmarks.many_peers``.

One process serves copies of the shipped model's pipeline (after ``make train``), each under a name
of its own, as this function does in ``benchmarks.many_models``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.contenders.catalogue import MLSERVER
from benchmarks.contenders.environments import Environment, prepare_environment
from benchmarks.contenders.models import MODEL_NAME, model_of_peers
from benchmarks.load.closed_loop import Load
from benchmarks.load.http_client import encode_json
from benchmarks.many_models import CONNECTIONS, TEXTS
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system.errors import BenchmarkError
from benchmarks.system.memory import proportional_set_size_mib
from benchmarks.system.paths import LOGS, WORK
from benchmarks.system.ports import free_ports
from benchmarks.system.processes import Launch, serving
from benchmarks.system.run_lock import acquire_run_lock
from model.command import ARTIFACTS


def main() -> int:
    """Run the command."""
    options = _options()
    acquire_run_lock()
    try:
        environment = prepare_environment(MLSERVER.name, MLSERVER.requirements)
        model = model_of_peers(options.model / MODEL_NAME)
        rows = [_measure(environment, model, count, options.seconds) for count in options.models]
    except BenchmarkError as error:
        console.print(f"{error}\n{error.log_tail}")
        return 1
    first, last = rows[0], rows[-1]
    each_mib = (last["memory_mib"] - first["memory_mib"]) / (last["models"] - first["models"])
    fitting = int(options.memory_mb / each_mib)
    console.print(_table(rows))
    console.print(f"{each_mib:.1f} MiB a model: {fitting} in {options.memory_mb} MiB")
    measured = {"rows": rows, "mib_a_model": each_mib, "models_in_memory": fitting}
    console.print(f"Wrote {results.write('many_peers', measured)}")
    return 0


def _measure(environment: Environment, model: Path, count: int, seconds: float) -> dict[str, Any]:
    progress(f"MLServer with {count} models")
    names = [f"tenant-{number}" for number in range(count)]
    requests = [_request(name, TEXTS[at % len(TEXTS)]) for at, name in enumerate(names)]
    with serving(_launch(environment, _lay_out(model, names))) as server:
        for request in requests:
            server.await_prediction(request, lambda answer: b"outputs" in answer.body)
        outcome = Load(server.port, requests, CONNECTIONS).run(seconds)
        memory_mib = proportional_set_size_mib(server.pid)
    return {
        "models": count,
        "memory_mib": memory_mib,
        "requests_per_s": outcome.requests_per_s,
        "p99_ms": outcome.percentile_ms(99),
        "errors": dict(outcome.errors),
    }


def _request(name: str, text: str) -> bytes:
    return encode_json(f"/v2/models/{name}/infer", MLSERVER.single.body([text]))


def _lay_out(model: Path, names: list[str]) -> Path:
    """Write MLServer's folder of models; return it."""
    folder = WORK / "run" / "many-mlserver"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text('{"parallel_workers": 0}')
    for name in names:
        settings = {
            "name": name,
            "implementation": "mlserver_sklearn.SKLearnModel",
            "parameters": {"uri": str(model)},
        }
        (folder / name).mkdir()
        (folder / name / "model-settings.json").write_text(json.dumps(settings))
    return folder


def _launch(environment: Environment, folder: Path) -> Launch:
    ports = free_ports(3)
    keys = ("MLSERVER_HTTP_PORT", "MLSERVER_GRPC_PORT", "MLSERVER_METRICS_PORT")
    return Launch(
        command=[str(environment.programs / "mlserver"), "start", "."],
        folder=folder,
        environ=dict(zip(keys, map(str, ports), strict=True)),
        port=ports[0],
        log=LOGS / "many-mlserver.log",
    )


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("models", title="MLServer", title_justify="left")
    for column in ("MiB", "requests/s", "p99 ms"):
        table.add_column(column, justify="right")
    for row in rows:
        cells = (f"{row['memory_mib']:.0f}", f"{row['requests_per_s']:.0f}", f"{row['p99_ms']:.1f}")
        table.add_row(str(row["models"]), *cells)
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=ARTIFACTS, help="the model's folder")
    parser.add_argument(
        "--models", type=int, nargs="+", default=[1, 10, 40], help="numbers of models"
    )
    parser.add_argument("--memory-mb", type=int, default=256, help="as MODELS_MEMORY_MB")
    parser.add_argument("--seconds", type=float, default=5, help="of each load (default 5)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
