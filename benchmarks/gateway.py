"""Measure what external authorization adds to a request: ``python -m benchmarks.gateway``.

Latency of a request through a real Envoy and a real Traefik, with and without asking the function
about it, over one connection and with the documented configuration. Needs the environment of the
tests.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.table import Table

from benchmarks.data.corpus import SHIPPED, Corpus
from benchmarks.load.closed_loop import Load
from benchmarks.load.http_client import HOST, encode_json
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system.function_server import serving
from tests.support.gateways.authorizing import AuthorizingEnvoy, AuthorizingTraefik
from tests.support.gateways.envoy import Envoy
from tests.support.gateways.traefik import Traefik
from tests.support.servers import wait_for

Measured = Mapping[str, Mapping[str, float]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    texts = [utterance.text for utterance in Corpus("shipped", SHIPPED).read("test")]
    requests = [encode_json("/predict", {"text": text}) for text in texts]
    latencies: dict[str, dict[str, list[float]]] = {}
    with _gateways() as ports:
        for number in range(options.rounds + 1):
            progress(f"Round {number} of {options.rounds}")
            for name, port in ports.items():
                outcome = Load(port, requests, 1).run(options.seconds)
                if outcome.errors:
                    raise SystemExit(f"{name} failed: {dict(outcome.errors)}")
                if number:  # the first one warms up
                    row = latencies.setdefault(name, {"p50_ms": [], "p99_ms": []})
                    row["p50_ms"].append(outcome.percentile_ms(50))
                    row["p99_ms"].append(outcome.percentile_ms(99))
    measured = {
        name: {key: statistics.median(values) for key, values in row.items()}
        for name, row in latencies.items()
    }
    console.print(_table(measured))
    console.print(f"Wrote {results.write('gateway', measured)}")
    return 0


@contextmanager
def _gateways() -> Iterator[dict[str, int]]:
    """Yield the ports of the gateways, by their names."""
    with ExitStack() as stack:

        def folder() -> Path:
            return Path(stack.enter_context(TemporaryDirectory()))

        # It is the service behind the gateways as well: another process would compete with it.
        function = stack.enter_context(serving({})).port
        url = f"http://{HOST}:{function}"
        gateways: dict[str, Callable[[], Envoy | Traefik]] = {
            "Envoy": lambda: Envoy(folder(), function),
            "Envoy, authorizing": lambda: AuthorizingEnvoy(folder(), function, {"": function}),
            "Traefik": lambda: Traefik(folder(), [url]),
            "Traefik, authorizing": lambda: AuthorizingTraefik(folder(), function, url),
        }
        ports = {}
        for name, start in gateways.items():
            gateway = stack.enter_context(start())
            if isinstance(gateway, Traefik):
                wait_for(partial(gateway.is_routing_to, [url]))
            ports[name] = gateway.port
        yield ports


def _table(measured: Measured) -> Table:
    table = Table("gateway", "p50 ms", "p99 ms", "adds to p50, ms")
    for name, row in measured.items():
        without = measured[name.partition(",")[0]]
        added = row["p50_ms"] - without["p50_ms"]
        table.add_row(name, f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}", f"{added:.2f}")
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gateway", description=(__doc__ or "").partition("\n\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (default 5)")
    parser.add_argument("--seconds", type=float, default=1, help="of each load (default 1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
