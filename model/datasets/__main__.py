"""The command for data: ``python -m model.datasets inspect|convert|split``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from model.command import build_parser, inner_share, run_command
from model.console import print_messages, print_problems
from model.datasets.checks import CONTRADICTIONS, FEW_UTTERANCES, REPETITIONS
from model.datasets.dataset import split
from model.datasets.entry import Example
from model.datasets.inspection import inspect, size_of
from model.datasets.options import add_reading_arguments, read_options
from model.datasets.parts import read_parts
from model.datasets.similar_names import describe, similar_names
from model.datasets.survey import Survey
from model.datasets.writers import WRITERS, write_examples, writer_of
from model.errors import DataError
from model.inference.prediction import OUT_OF_SCOPE

MAX_SHOWN_INTENTS = 50
THIN = "thin"
EXAMPLES = """\
examples:
  python -m model.datasets inspect rasa-bot/               what is in it, and what is wrong
  python -m model.datasets convert agent.zip data.csv      any known format into CSV
  python -m model.datasets convert faq.xlsx nlu.yml --sheet Questions
  python -m model.datasets split data.csv data/ --test-size 0.1

Exit codes: 0 done, 1 the data has problems or the output can't be written, 2 wrong usage,
129, 130 or 143 interrupted.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    options = _parser().parse_args(arguments)
    output = getattr(options, "output", None)
    return run_command(partial(options.run, options), output=output)


def _inspect(options: argparse.Namespace, console: Console, errors: Console) -> int:
    path = options.path
    with _progress(errors, size_of(path)) as report:
        formats, survey = inspect(path, read_options(options), report)
    console.print(f"{path}: {', '.join(formats) or 'nothing that can be read'}")
    twins = survey.twins()
    counts = Counter(survey.notes.counts)
    counts[REPETITIONS] = survey.repetitions
    counts[CONTRADICTIONS] = survey.texts.conflicts
    print_problems(errors, "note", [*survey.notes.kept, *twins], counts)
    similar = [describe(names) for names in similar_names(survey.intents)]
    print_messages(errors, "note", similar)
    print_problems(errors, "problem", survey.problems.kept, survey.problems.counts)
    _print_survey(console, survey)
    return 1 if survey.problems.kept else 0


@contextmanager
def _progress(errors: Console, size: int) -> Iterator[Callable[[int, int], None]]:
    columns = (
        *(TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn()),
        TextColumn("{task.fields[entries]}"),
    )
    is_off = not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=is_off) as progress:
        task = progress.add_task("reading", total=size, entries="")
        total = 0

        def report(count: int, entries: int) -> None:
            nonlocal total
            total += entries
            progress.update(task, advance=count, entries=f"{total:,} entries" if total else "")

        yield report


def _print_survey(console: Console, survey: Survey) -> None:
    table = Table("intent", "utterances", "remark")
    for intent, count in survey.intents.most_common(MAX_SHOWN_INTENTS):
        table.add_row(intent, f"{count:,}", _remark(intent, count))
    console.print(table)
    if len(survey.intents) > MAX_SHOWN_INTENTS:
        console.print(f"and {len(survey.intents) - MAX_SHOWN_INTENTS} smaller intents")
    thin = sum(_remark(intent, count) == THIN for intent, count in survey.intents.items())
    about = "" if survey.texts.is_exact else "about "
    problems = sum(survey.problems.counts.values())
    letters = sum(survey.scripts.values()) or 1
    scripts = ", ".join(
        f"{name} {count / letters:.0%}" for name, count in survey.scripts.most_common(5)
    )
    console.print(
        f"{survey.rows:,} utterances of {len(survey.intents):,} intents, {thin:,} of them thin; "
        f"{about}{survey.repetitions:,} repetitions, {about}{survey.texts.conflicts:,} "
        f"contradictions; {problems:,} problems; "
        f"scripts: {scripts or 'none'}"
    )
    if survey.described:
        console.print(f"{len(survey.described):,} intents have a description")


def _remark(intent: str, count: int) -> str:
    if intent == OUT_OF_SCOPE:
        return "no intent"
    return THIN if count < FEW_UTTERANCES else ""


def _convert(options: argparse.Namespace, console: Console, errors: Console) -> int:
    writer_of(options.output)
    examples = _read_usable(options, errors)
    _refuse_existing(options.output, force=options.force)
    write_examples(options.output, examples)
    console.print(f"Wrote {len(examples):,} utterances to {options.output}")
    return 0


def _split(options: argparse.Namespace, console: Console, errors: Console) -> int:
    examples = _read_usable(options, errors)
    train, test = split(examples, seed=options.seed, test_size=options.test_size)
    options.output.mkdir(parents=True, exist_ok=True)
    for name, part in (("train", train), ("test", test)):
        path = options.output / f"{name}.csv"
        _refuse_existing(path, force=options.force)
        write_examples(path, sorted(part, key=lambda each: (each.file, each.line)))
        console.print(f"Wrote {len(part):,} utterances to {path}")
    return 0


def _read_usable(options: argparse.Namespace, errors: Console) -> list[Example]:
    parts = read_parts(options.path, read_options(options))
    if parts.problems:
        raise DataError(parts.problems, parts.notes)
    print_problems(errors, "note", parts.notes)
    if parts.descriptions:
        message = f"left out: descriptions of intents ({len(parts.descriptions)})"
        print_messages(errors, "note", [message])
    used = [part for part, examples in parts.examples.items() if examples]
    if len(used) > 1:
        names = f"{', '.join(used[:-1])} and {used[-1]}"
        print_messages(errors, "note", [f"{names} are taken together"])
    return [example for each in parts.examples.values() for example in each]


def _refuse_existing(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise DataError.at(path, "exists; --force replaces it")


def _parser() -> argparse.ArgumentParser:
    parser = build_parser(
        "datasets", "Inspect, convert and split labelled utterances of any known format.", EXAMPLES
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    look = commands.add_parser("inspect", help="print formats, counts and problems")
    look.set_defaults(run=_inspect)
    kinds = ", ".join(WRITERS)
    convert = commands.add_parser("convert", help=f"write another format: {kinds}")
    convert.set_defaults(run=_convert)
    divide = commands.add_parser("split", help="write train.csv and test.csv into a folder")
    divide.set_defaults(run=_split)
    divide.add_argument("--seed", type=int, default=0, help="of the split (default 0)")
    divide.add_argument(
        "--test-size", type=inner_share, default=0.2, help="of each intent (default 0.2)"
    )
    for command in (look, convert, divide):
        command.add_argument("path", type=Path, help="a file, a folder or an archive")
        add_reading_arguments(command)
    convert.add_argument("output", type=Path, help=f"a file: {kinds}")
    divide.add_argument("output", type=Path, help="a folder")
    for command in (convert, divide):
        command.add_argument("--force", action="store_true", help="replace files that are there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
