"""Compare servers for the project's app: ``python -m benchmarks.servers``.

Runs the same app, environment and model on func.server, gunicorn and
Granian. Measures start, throughput, memory, requests lost in a stop under load, and the effect of
slow clients on others.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median

from rich.table import Table

from benchmarks.contenders.catalogue import SERVERS
from benchmarks.contenders.preparation import PreparedContender
from benchmarks.load.closed_loop import Load, Outcome
from benchmarks.load.draining import Drain, drain
from benchmarks.load.patterns import EIGHT, MANY
from benchmarks.load.slow_clients import half_sent
from benchmarks.reporting.cli import Run, parse_options
from benchmarks.reporting.console import console
from benchmarks.reporting.summary import Rate
from benchmarks.system.cpu_affinity import CLIENT_CORE, pinned_to
from benchmarks.system.memory import proportional_set_size_mib
from benchmarks.system.processes import serving

WARM_UP_S = 1.0
SLOW_CLIENTS = 50


@dataclass(slots=True)
class Trial:
    """Measurements of one server, one value per round."""

    start_s: list[float] = field(default_factory=list)
    usual: list[Outcome] = field(default_factory=list)
    beside_slow: list[Outcome] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)
    drains: list[Drain] = field(default_factory=list)

    def fields(self) -> dict[str, object]:
        """Return the fields for JSON."""
        return {
            "start_s": median(self.start_s),
            "usual": asdict(Rate.of(self.usual)),
            "beside_slow_clients": asdict(Rate.of(self.beside_slow)),
            "memory_mib": median(self.memory_mib),
            "stop_s": median(each.seconds for each in self.drains),
            "lost_at_stop": [each.failures.total() for each in self.drains],
            "exit_codes": [each.exit_code for each in self.drains],
        }


def main() -> int:
    """Run the command; the exit code is 1 if a server failed."""
    run = Run(SERVERS, parse_options(__doc__ or "", SERVERS, _add_options, rounds=3))
    texts = [utterance.text for utterance in run.corpus.read("test")]
    trials: dict[str, Trial] = defaultdict(Trial)
    with pinned_to(CLIENT_CORE):
        for prepared in run.prepared:
            with run.attempt(prepared.name), serving(prepared.launch()) as server:
                prepared.await_prediction(server, texts[0])  # warms the page cache
        for prepared in run.rounds():
            with run.attempt(prepared.name):
                _measure(prepared, texts, run.options.seconds, trials[prepared.name])
    complete = {name: trial for name, trial in trials.items() if trial.drains}
    console.print(_table(complete))
    fields = {name: trial.fields() for name, trial in complete.items()}
    return run.finish("servers", {"slow_clients": SLOW_CLIENTS, "servers": fields})


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="duration of each load (default 3)"
    )


def _measure(
    prepared: PreparedContender, texts: Sequence[str], seconds: float, trial: Trial
) -> None:
    requests = EIGHT.requests(prepared.contender, texts)
    with serving(prepared.launch()) as server:
        trial.start_s.append(prepared.await_prediction(server, texts[0]))
        Load(server.port, requests, EIGHT.connections).run(WARM_UP_S)
        trial.usual.append(Load(server.port, requests, EIGHT.connections).run(seconds))
        trial.memory_mib.append(proportional_set_size_mib(server.pid))
        with half_sent(server.port, requests[0], SLOW_CLIENTS):
            trial.beside_slow.append(Load(server.port, requests, EIGHT.connections).run(seconds))
    with serving(prepared.launch()) as server:
        prepared.await_prediction(server, texts[0])
        trial.drains.append(drain(server, requests, MANY.connections))


def _table(trials: Mapping[str, Trial]) -> Table:
    table = Table("", title="The app on each server", title_justify="left")
    for name in trials:
        table.add_column(name, justify="right")
    for label, cells in _rows(list(trials.values())).items():
        table.add_row(label, *cells)
    return table


def _rows(trials: Sequence[Trial]) -> Mapping[str, Sequence[str]]:
    usual = [Rate.of(trial.usual) for trial in trials]
    slow = [Rate.of(trial.beside_slow) for trial in trials]
    lost = [[drain.failures.total() for drain in trial.drains] for trial in trials]
    return {
        "first prediction, s": [f"{median(trial.start_s):.3f}" for trial in trials],
        "requests/s, 8 connections": [f"{rate.requests_per_s:,.0f}" for rate in usual],
        "p50, ms": [_ms(rate.p50_ms) for rate in usual],
        "p99, ms": [_ms(rate.p99_ms) for rate in usual],
        "errors": [str(rate.errors) for rate in usual],
        "memory, MiB": [f"{median(trial.memory_mib):.0f}" for trial in trials],
        f"requests/s beside {SLOW_CLIENTS} slow clients": [
            f"{rate.requests_per_s:,.0f}" for rate in slow
        ],
        "p50 beside them, ms": [_ms(rate.p50_ms) for rate in slow],
        "p99 beside them, ms": [_ms(rate.p99_ms) for rate in slow],
        "lost at each stop, of 32": [", ".join(map(str, each)) for each in lost],
        "stop, s": [f"{median(each.seconds for each in trial.drains):.2f}" for trial in trials],
        "exit codes": [", ".join(str(each.exit_code) for each in t.drains) for t in trials],
    }


def _ms(value: float) -> str:
    return "no answer" if math.isnan(value) else f"{value:.2f}"


if __name__ == "__main__":
    sys.exit(main())
