"""Measure how long training takes as the data grows: ``python -m benchmarks.training``.

Runs the training command on CLINC150, if it is next to the project, and on generated utterances of
growing numbers. Memory is the largest proportional set size of all its processes together.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

from rich.table import Table

from benchmarks.data.corpus import CLINC150, Corpus, Utterance, prepare_corpus, write_utterances
from benchmarks.data.synthetic_pipeline import Language, Size
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system.cpu_time import tree_cpu_seconds
from benchmarks.system.errors import PreparationError
from benchmarks.system.memory import proportional_set_size_mib
from benchmarks.system.paths import LOGS, ROOT
from benchmarks.system.run_lock import acquire_run_lock
from model.inference.model_card import CARD_NAME
from model.learning.embeddings import Features

# Utterances and intents of the generated data.
SIZES = (
    (5_000, 150),
    (15_000, 150),
    (50_000, 150),
    (150_000, 150),
    (15_000, 1_000),
    (150_000, 1_000),
)
MAX_TEST = 2_000
# Generated words beside the common ones and those of the intents: about as many in natural data.
UTTERANCES_PER_WORD = 10
SERVABLE = "The model can be served"
SAMPLE_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Cost:
    """Costs of a training.

    Attributes:
        name: of the data.
        features: the kind of features.
        utterances, intents: the size of the training data.
        until_served_s: seconds until the model can be served.
        in_all_s: seconds until test and report are complete, too.
        cpu_s: processor time of all processes, which other work on the machine changes less.
        memory_mib: the largest memory of all processes together.
        accuracy: on the test part of the data, 0 to 1.
    """

    name: str
    features: Features
    utterances: int
    intents: int
    until_served_s: float
    in_all_s: float
    cpu_s: float
    memory_mib: float
    accuracy: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 1 if a training failed."""
    options = _parse_options(arguments)
    acquire_run_lock()
    costs: list[Cost] = []
    failures: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for corpus, kinds in _corpora(options, Path(folder)):
            _add(corpus, kinds, costs, failures)
            _write(costs, failures)  # whoever stops at the largest sets keeps the others
    console.print(table(costs))
    console.print(f"Wrote {_write(costs, failures)}")
    return 1 if failures else 0


def _corpora(
    options: argparse.Namespace, folder: Path
) -> Iterator[tuple[Corpus, Sequence[Features]]]:
    """Yield each data set, with the kinds of features to train with."""
    if CLINC150.is_dir():
        yield prepare_corpus(), options.features
    for count, intents in SIZES:
        if count <= options.largest and intents <= options.most_intents:
            yield generate(count, intents, folder / f"{count}-{intents}"), ["tfidf"]


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    counts, intents = zip(*SIZES, strict=True)
    parser.add_argument(
        "--features",
        nargs="+",
        choices=get_args(Features),
        default=["tfidf", "static"],
        help="features to train with on CLINC150 (default tfidf static)",
    )
    for option, most in ("--largest", max(counts)), ("--most-intents", max(intents)):
        parser.add_argument(
            option,
            type=int,
            default=most,
            help=f"skip generated data with more than this (default {most})",
        )
    return parser.parse_args(arguments)


def generate(count: int, intents: int, folder: Path) -> Corpus:
    """Write generated utterances: ``count`` for training, and others to test on."""
    progress(f"Generating {count:,} utterances of {intents:,} intents")
    language = Language(Size(intents, 8 * count // UTTERANCES_PER_WORD))
    folder.mkdir()
    for part, size in {"train": count, "test": min(MAX_TEST, count // 5)}.items():
        texts, numbers = language.utterances(size)
        pairs = zip(texts, numbers, strict=True)
        rows = [Utterance(text, f"intent_{number}") for text, number in pairs]
        write_utterances(folder / f"{part}.csv", rows)
    return Corpus("generated", folder)


def _add(
    corpus: Corpus, kinds: Sequence[Features], costs: list[Cost], failures: dict[str, str]
) -> None:
    for features in kinds:
        name = f"{corpus.name} in {corpus.folder.name}, {features}"
        progress(f"Training on {name}")
        try:
            costs.append(measure(corpus, features))
        except PreparationError as error:
            failures[name] = str(error)
            console.print(f"{name} failed: {error}\n{error.log_tail}")
            continue
        console.print(table(costs[-1:]))


def _write(costs: Sequence[Cost], failures: Mapping[str, str]) -> Path:
    return results.write(
        "training", {"failures": failures, "costs": [asdict(cost) for cost in costs]}
    )


def measure(corpus: Corpus, features: Features) -> Cost:
    """Train, and return the costs.

    Raises:
        PreparationError: the training failed.
    """
    utterances = corpus.read("train")
    with tempfile.TemporaryDirectory() as folder:
        command: list[str | Path] = [sys.executable, "-m", "model.train"]
        command += ["--data", corpus.folder, "--features", features, "--output", folder]
        until_served_s, in_all_s, samples = _run(command)
        card = json.loads((Path(folder) / CARD_NAME).read_text())
    return Cost(
        corpus.name,
        features,
        len(utterances),
        len({each.intent for each in utterances}),
        until_served_s,
        in_all_s,
        samples.cpu_s,
        samples.memory_mib,
        card["training"]["metrics"]["accuracy"],
    )


def _run(command: Sequence[str | Path]) -> tuple[float, float, _Samples]:
    """Run a training; return the seconds until it can be served and in all, and its costs."""
    started, until_served_s = time.monotonic(), float("nan")
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "training.log"
    with (
        log.open("w") as output,
        subprocess.Popen(  # noqa: S603 - the benchmark's own command
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        samples = _Samples(process.pid)
        for line in process.stdout or ():
            output.write(line)
            if line.startswith(SERVABLE):
                until_served_s = time.monotonic() - started
    samples.stop()
    if process.returncode:
        raise PreparationError(f"training exited with code {process.returncode}", log)
    return until_served_s, time.monotonic() - started, samples


class _Samples:
    """Processor time and largest memory of a process tree, sampled in a thread."""

    def __init__(self, pid: int) -> None:
        self.cpu_s = self.memory_mib = 0.0
        self._pid, self._ended = pid, threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop to sample."""
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_EVERY_S):
            self.cpu_s = max(self.cpu_s, tree_cpu_seconds(self._pid))
            self.memory_mib = max(self.memory_mib, proportional_set_size_mib(self._pid))


def table(costs: Sequence[Cost]) -> Table:
    """Return a table of the costs."""
    shown = Table("data", "features", title="Training", title_justify="left")
    for header in (
        "utterances",
        "intents",
        "until served, s",
        "in all, s",
        "CPU, s",
        "MiB",
        "accuracy",
    ):
        shown.add_column(header, justify="right")
    for each in costs:
        shown.add_row(
            each.name,
            each.features,
            f"{each.utterances:,}",
            f"{each.intents:,}",
            f"{each.until_served_s:.0f}",
            f"{each.in_all_s:.0f}",
            f"{each.cpu_s:.0f}",
            f"{each.memory_mib:,.0f}",
            f"{each.accuracy:.1%}",
        )
    return shown


if __name__ == "__main__":
    sys.exit(main())
