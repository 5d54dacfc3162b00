"""Measure the cost of logs, metrics and traces: ``python -m benchmarks.telemetry``.

Runs the same server with each of them on and off. Measures the time to the first prediction, the
requests per second over eight connections, and the CPU time of both. Settings are compared within
each round, so that load on the machine affects all alike; differences are medians over the rounds.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from operator import sub, truediv
from statistics import median

from rich.table import Table

from benchmarks.contenders.catalogue import OURS
from benchmarks.contenders.contender import Contender
from benchmarks.contenders.preparation import PreparedContender
from benchmarks.load.closed_loop import Load
from benchmarks.load.http_client import OK, exchange
from benchmarks.load.patterns import EIGHT
from benchmarks.reporting.cli import Run, parse_options
from benchmarks.reporting.console import console
from benchmarks.system.cpu_affinity import CLIENT_CORE, pinned_to
from benchmarks.system.cpu_time import cpu_seconds
from benchmarks.system.paths import LOGS, ROOT
from benchmarks.system.ports import free_ports
from benchmarks.system.processes import Launch, serving

WARM_UP_S = 1.0
ANSWER_TIMEOUT_S = 10.0
BASE = "nothing"
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n"
PROBE = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"


@dataclass(slots=True)
class Trial:
    """Measurements of one setting, one value per round."""

    start_s: list[float] = field(default_factory=list)
    start_cpu_s: list[float] = field(default_factory=list)
    requests_per_s: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    errors: int = 0

    def beside(self, base: Trial) -> dict[str, float]:
        """Return the differences from another setting, round by round."""
        return {
            "start_s": median(self.start_s),
            "start_ms_more": 1000 * _median(sub, self.start_s, base.start_s),
            "start_cpu_ms_more": 1000 * _median(sub, self.start_cpu_s, base.start_cpu_s),
            "requests_per_s": median(self.requests_per_s),
            "requests_per_s_ratio": _median(truediv, self.requests_per_s, base.requests_per_s),
            "cpu_us_per_request": median(self.cpu_us),
            "cpu_us_ratio": _median(truediv, self.cpu_us, base.cpu_us),
            "errors": self.errors,
        }


def _median(
    compare: Callable[[float, float], float], own: Sequence[float], base: Sequence[float]
) -> float:
    return median(map(compare, own, base))


def main() -> int:
    """Run the command; the exit code is 1 if a setting failed or a request got an error."""
    [collector_port] = free_ports(1)
    settings = _settings(collector_port)
    run = Run(settings, parse_options(__doc__ or "", settings, _add_options, rounds=11))
    texts = [utterance.text for utterance in run.corpus.read("test")]
    trials: dict[str, Trial] = defaultdict(Trial)
    with pinned_to(CLIENT_CORE), _collecting(collector_port):
        for prepared in run.prepared:
            with run.attempt(prepared.name), serving(prepared.launch()) as server:
                prepared.await_prediction(server, texts[0])  # warms the page cache
        for prepared in run.rounds():
            with run.attempt(prepared.name):
                _measure(prepared, texts, run.options.seconds, trials[prepared.name])
    compared = {name: trial.beside(trials[BASE]) for name, trial in trials.items()}
    console.print(_table(compared))
    errors = sum(trial.errors for trial in trials.values())
    return run.finish("telemetry", {"settings": compared}) or int(bool(errors))


def _settings(collector_port: int) -> Sequence[Contender]:
    no_logs = {"LOG_LEVEL": "WARNING"}
    metrics = {"METRICS_PORT": "{port_2}"}
    traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector_port}"}
    variables: Mapping[str, Mapping[str, str]] = {
        BASE: no_logs,
        "metrics": no_logs | metrics,
        "logs": {},
        "logs and metrics": metrics,
        "logs, metrics and traces": metrics | traces,
    }
    return [
        replace(OURS, name=name, environ={**OURS.environ, **environ})
        for name, environ in variables.items()
    ]


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="duration of each load (default 3)"
    )


@contextmanager
def _collecting(port: int) -> Iterator[None]:
    command = (sys.executable, "-m", "benchmarks.system.span_collector", str(port))
    launch = Launch(command=command, folder=ROOT, environ={}, port=port, log=LOGS / "collector.log")
    with serving(launch) as server:
        server.await_prediction(PROBE, lambda _: True)
        yield


def _measure(
    prepared: PreparedContender, texts: Sequence[str], seconds: float, trial: Trial
) -> None:
    requests = EIGHT.requests(prepared.contender, texts)
    launch = prepared.launch()
    with serving(launch) as server:
        start_s = prepared.await_prediction(server, texts[0])
        start_cpu_s = cpu_seconds(server.pid)
        if port := launch.environ.get("METRICS_PORT"):
            # The first scrape imports the exposition module; do that before most of the load.
            answer = exchange(int(port), SCRAPE, timeout_s=ANSWER_TIMEOUT_S)
            trial.errors += answer.status != OK
        Load(server.port, requests, EIGHT.connections).run(WARM_UP_S)
        cpu_s = cpu_seconds(server.pid)
        outcome = Load(server.port, requests, EIGHT.connections).run(seconds)
        cpu_s = cpu_seconds(server.pid) - cpu_s
    trial.start_s.append(start_s)
    trial.start_cpu_s.append(start_cpu_s)
    trial.requests_per_s.append(outcome.requests_per_s)
    trial.cpu_us.append(1e6 * cpu_s / len(outcome.latencies_ms))
    trial.errors += outcome.errors.total()


def _table(compared: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table("on", title="Cost of telemetry", title_justify="left")
    columns = (
        "first prediction, s",
        "ms more",
        "CPU ms more",
        "requests/s",
        "ratio",
        "CPU µs each",
        "ratio",
        "errors",
    )
    for column in columns:
        table.add_column(column, justify="right")
    for name, each in compared.items():
        table.add_row(
            name,
            f"{each['start_s']:.3f}",
            f"{each['start_ms_more']:+.1f}",
            f"{each['start_cpu_ms_more']:+.1f}",
            f"{each['requests_per_s']:,.0f}",
            f"{each['requests_per_s_ratio']:.3f}",
            f"{each['cpu_us_per_request']:.1f}",
            f"{each['cpu_us_ratio']:.3f}",
            f"{each['errors']:.0f}",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
