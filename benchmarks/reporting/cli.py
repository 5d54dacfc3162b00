"""Shared parts of the commands: options, preparation, failures, results."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.contenders.contender import Contender
from benchmarks.contenders.models import prepare_model
from benchmarks.contenders.preparation import PreparedContender, prepare_contender
from benchmarks.data.corpus import Corpus, prepare_corpus
from benchmarks.reporting import results
from benchmarks.reporting.console import console, progress
from benchmarks.system.errors import BenchmarkError, PreparationError
from benchmarks.system.run_lock import acquire_run_lock

BUSY = 0.5


class Run:
    """One run of a command over some contenders.

    A contender that fails is reported with the end of its log and skipped from then on.

    Attributes:
        options: the command-line options.
        corpus: the utterances.
        prepared: the contenders that can be measured.
        failures: the reasons why the others can't be measured.
    """

    def __init__(self, contenders: Sequence[Contender], options: argparse.Namespace) -> None:
        acquire_run_lock()
        self.options = options
        self.failures: dict[str, str] = {}
        self.load_average = _report_load_average()
        self.corpus: Corpus = prepare_corpus()
        self.model = self._prepare_model()
        names = options.only or [each.name for each in contenders]
        if others := set(names) - {each.name for each in contenders}:
            raise SystemExit(f"not among the contenders of this comparison: {', '.join(others)}")
        chosen = [each for each in contenders if each.name in names]
        self.prepared: list[PreparedContender] = []
        for contender in chosen:
            with self.attempt(contender.name):
                self.prepared.append(self._prepare(contender))

    def _prepare(self, contender: Contender) -> PreparedContender:
        keep = self.options.keep_model
        return prepare_contender(contender, self.model, self.corpus, keep=keep)

    def _prepare_model(self) -> Path:
        try:
            return prepare_model(self.corpus, keep=self.options.keep_model)
        except PreparationError as error:  # without a model there is nothing to measure
            console.print(f"{error}\n{error.log_tail}")
            raise SystemExit(1) from error

    @contextmanager
    def attempt(self, name: str) -> Iterator[None]:
        """Record an error in the body as the contender's failure."""
        try:
            yield
        except (BenchmarkError, OSError) as error:
            self.failures[name] = str(error)
            console.print(f"{name} failed: {error}")
            if isinstance(error, BenchmarkError):
                console.print(error.log_tail)

    def rounds(self) -> Iterator[PreparedContender]:
        """Yield each contender once per round, so that slow phases of the machine affect all."""
        for number in range(1, self.options.rounds + 1):
            for prepared in self.prepared:
                if prepared.name not in self.failures:
                    progress(f"Round {number} of {self.options.rounds}: {prepared.name}")
                    yield prepared

    def finish(self, name: str, measured: Mapping[str, Any]) -> int:
        """Write the results, unless only some contenders were measured.

        Returns:
            The command's exit code.
        """
        if self.options.only:
            console.print("No results written: only some contenders were measured")
        else:
            chosen = [prepared.contender for prepared in self.prepared]
            head = {
                "corpus": self.corpus.name,
                "rounds": self.options.rounds,
                "load_average_before": self.load_average,
                "versions": results.pinned_versions(chosen),
                "failures": self.failures,
            }
            console.print(f"Wrote {results.write(name, head | dict(measured))}")
        return 1 if self.failures else 0


def parse_options(
    description: str,
    contenders: Sequence[Contender],
    add: Callable[[argparse.ArgumentParser], object] = lambda _: None,
    *,
    rounds: int,
) -> argparse.Namespace:
    """Parse the command line.

    Args:
        description: the command's description for --help.
        contenders: contenders that can be selected.
        add: adds the options of this command alone.
        rounds: default number of rounds.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.set_defaults(only=[])
    if contenders:
        names = ",".join(dict.fromkeys(contender.name for contender in contenders))
        parser.add_argument(
            "--only", type=_names, help=f"contenders to measure, of {names}; writes no results"
        )
    parser.add_argument(
        "--rounds", type=int, default=rounds, help=f"number of rounds (default {rounds})"
    )
    parser.add_argument(
        "--keep-model", action="store_true", help="reuse the model even if the code has changed"
    )
    add(parser)
    return parser.parse_args()


def add_encoders(parser: argparse.ArgumentParser) -> None:
    """Add the option that compares models with sentence encoders instead."""
    parser.add_argument(
        "--encoders",
        action="store_true",
        help="compare models with sentence encoders instead; needs `make sentence`",
    )


def _report_load_average() -> float:
    load_average = os.getloadavg()[0]
    if load_average > BUSY:
        progress(f"The machine is busy with other work: its load average is {load_average:.1f}")
    return load_average


def _names(text: str) -> list[str]:
    return text.split(",")
