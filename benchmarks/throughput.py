"""Measure requests per second, latency and memory: ``python -m benchmarks.throughput``.

Each round starts each contender, warms it up with single real texts, and runs each pattern of load.
Results are medians over the rounds.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

from benchmarks.contenders.catalogue import BATCHING, CONTENDERS, ENCODERS, HELLO
from benchmarks.contenders.preparation import PreparedContender
from benchmarks.data.corpus import Utterance
from benchmarks.load.closed_loop import Load
from benchmarks.load.generator_limit import highest_requests_per_s
from benchmarks.load.patterns import PATTERNS
from benchmarks.reporting.cli import Run, add_encoders, parse_options
from benchmarks.reporting.console import console
from benchmarks.reporting.summary import Summary, memory_table, rate_table
from benchmarks.system.cpu_affinity import CLIENT_CORE, pinned_to
from benchmarks.system.memory import proportional_set_size_mib
from benchmarks.system.processes import Server, serving

ASKED_ONE_BY_ONE = 200
WARM_UP_S = 1.0


def main() -> int:
    """Run the command; the exit code is 1 if a contender failed."""
    every = (*CONTENDERS, *BATCHING, *ENCODERS)
    options = parse_options(__doc__ or "", every, _add_options, rounds=3)
    contenders = ENCODERS if options.encoders else (*CONTENDERS, *BATCHING)
    run = Run(contenders, options)
    with pinned_to(CLIENT_CORE):
        highest = highest_requests_per_s(run.options.seconds)
        summaries = _measure_all(run)
    _print(summaries, ours=contenders[0].name)
    fields = {name: summary.fields() for name, summary in summaries.items()}
    name = "throughput_encoders" if options.encoders else "throughput"
    return run.finish(name, {"load_generator_requests_per_s": highest, "standings": fields})


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="duration of each load (default 3)"
    )
    add_encoders(parser)


def _measure_all(run: Run) -> Mapping[str, Summary]:
    utterances = run.corpus.read("test")
    summaries: dict[str, Summary] = defaultdict(Summary)
    for prepared in run.rounds():
        with run.attempt(prepared.name):
            _measure(prepared, utterances, run.options.seconds, summaries[prepared.name])
    return {name: summary for name, summary in summaries.items() if summary.memory_mib}


def _measure(
    prepared: PreparedContender, utterances: Sequence[Utterance], seconds: float, summary: Summary
) -> None:
    contender = prepared.contender
    texts = [utterance.text for utterance in utterances]
    with serving(prepared.launch()) as server:
        prepared.await_prediction(server, texts[0])
        right = _share_right(prepared, server, utterances[:ASKED_ONE_BY_ONE])
        summary.right = right if contender.has_model else None
        for number, pattern in enumerate(PATTERNS):
            if not pattern.suits(contender):
                continue
            # Each pattern begins with texts that were not sent before: some servers remember them.
            start = ASKED_ONE_BY_ONE + number * len(texts) // len(PATTERNS)
            requests = pattern.requests(contender, texts[start:] + texts[:start])
            prepared.check(server, pattern, texts)
            Load(server.port, requests[::-1], pattern.connections).run(WARM_UP_S)
            outcome = Load(server.port, requests, pattern.connections).run(seconds)
            summary.outcomes[pattern.name].append(outcome)
        summary.memory_mib.append(proportional_set_size_mib(server.pid))


def _share_right(
    prepared: PreparedContender, server: Server, utterances: Sequence[Utterance]
) -> float:
    answers = [prepared.ask(server, utterance.text) for utterance in utterances]
    pairs = zip(answers, utterances, strict=True)
    return sum(answer == utterance.intent for answer, utterance in pairs) / len(utterances)


def _print(summaries: Mapping[str, Summary], *, ours: str) -> None:
    bases = {"to ours": ours, "to hello": HELLO.name}
    console.print(memory_table(summaries))
    for pattern in PATTERNS:
        rates = {
            name: summary.rates[pattern.name]
            for name, summary in summaries.items()
            if pattern.name in summary.rates
        }
        if rates:
            console.print(rate_table(pattern.name, rates, bases))


if __name__ == "__main__":
    sys.exit(main())
