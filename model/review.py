"""Command ``python -m model.review``: turn uncertain predictions into training data."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from model.atomic_files import mode_of, write_atomically
from model.command import DATA, add_model_argument, build_parser, run_command, share
from model.console import print_messages
from model.datasets.dataset import normalised
from model.datasets.readers import read_examples
from model.errors import DataError
from model.escaping import guarded, single_line
from model.feedback.event_log import FALLBACK, EventLog, most_frequent_intent, read_event_log
from model.feedback.training_file import add
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE

if TYPE_CHECKING:
    from model.feedback.clusters import Group

MAX_UTTERANCES = 2000
MAX_SHOWN = 5
SKIP, STOP, REJECT = "s", "q", "o"  # typed at the prompt
QUESTION = "Intent (number, name, o out of scope, s skip, q stop)"
EXAMPLES = """\
examples:
  python -m model.review events.jsonl --train tickets.csv           asks for each group
  python -m model.review events.jsonl --propose decisions.csv       writes proposals for you to edit
  python -m model.review events.jsonl --accept decisions.csv --train tickets.csv

The log holds one structured CloudEvent a line, or the output of Knative's event_display. A reply
names its request, and the request holds the text. Corrections that people made on the page come
first. Lines with text, intent and confidence, as python -m model.predict writes them, and the file
of corrections that the page saves work too. docs/feedback.md describes how to collect a log.
Out-of-scope texts are added to out_of_scope_validation beside the training file.
In the file of proposals, an apostrophe precedes texts that a spreadsheet program would run as a
formula; --accept removes it. Files are written after the last answer: Ctrl-C at a prompt leaves
them unchanged.
Exit codes: 0 done, 1 a file can't be used, 2 wrong usage, 129, 130 or 143 interrupted.
"""

Labelled = Mapping[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    options = _parser().parse_args(arguments)
    return run_command(partial(_review, options), output=options.propose or options.train)


def _review(options: argparse.Namespace, console: Console, errors: Console) -> int:
    from model.feedback.clusters import group, group_corrections

    model = IntentModel.load(options.model)
    log = read_event_log(options.events)
    corrected = {normalised(each.text): each for each in log.corrections}  # the last one counts
    uncertain = _uncertain(log, options.below, console, errors)
    texts = [text for text in uncertain if normalised(text) not in corrected]
    groups = group_corrections(corrected.values()) + (group(texts, model) if texts else [])
    texts += [each.text for each in corrected.values()]
    if corrected:
        console.print(f"{len(corrected)} different texts corrected by people")
    proposed = log.fallback_intents
    if options.propose:
        content = _proposals(groups, proposed).encode()
        write_atomically(options.propose, content, mode_of(options.propose))
        console.print(f"Wrote {len(texts)} proposals to {options.propose}")
        return 0
    for path in _files(options.train):
        add(path, {})  # a file that can't be extended is named before anybody is asked
    labels = model.card.labels
    decided = (
        _accepted(options.accept, texts)
        if options.accept
        else _ask(groups, labels, proposed, console)
    )
    _write(options.train, decided, console, errors)
    return 0


def _uncertain(log: EventLog, below: float, console: Console, errors: Console) -> list[str]:
    uncertain = log.uncertain_texts(below)
    counts = f"{len(log.predictions)} answers, {len(uncertain)} different texts"
    console.print(f"{counts} out of scope or below {below}")
    if asked := sum(each.answered_by == FALLBACK for each in log.predictions):
        console.print(f"{asked} answers are the fallback's: its intents are proposed")
    warnings = []
    if log.without_text:
        warnings.append(f"{log.without_text} answers left out: their requests are not in the log")
    if log.unreadable:
        unreadable = f"{log.unreadable} events left out: neither requests, answers nor corrections"
        warnings.append(unreadable)
    if len(uncertain) > MAX_UTTERANCES:
        warnings.append(f"only the last {MAX_UTTERANCES} texts are reviewed")
    print_messages(errors, "warning", warnings)
    return uncertain[-MAX_UTTERANCES:]


def _likely(each: Group, proposed: Labelled) -> str | None:
    """Return a group's correction, else the fallback's most frequent intent, else the model's."""
    if each.corrected:
        return single_line(each.corrected)
    return most_frequent_intent(each.texts, proposed) or each.likely


def _ask(
    groups: Sequence[Group], labels: Sequence[str], proposed: Labelled, console: Console
) -> Labelled:
    known, labelled = set(labels), {}
    for number, each in enumerate(groups, start=1):
        likely = _likely(each, proposed)
        _show(each, likely, f"Group {number} of {len(groups)}", console)
        answer = _decide(each, likely or SKIP, known, console)
        if answer == STOP:
            break
        if answer != SKIP:
            known.add(answer)
            labelled.update(dict.fromkeys(each.texts, answer))
    return labelled


def _show(each: Group, likely: str | None, title: str, console: Console) -> None:
    count = len(each.texts)
    console.print(f"\n{title}: {count} {'text' if count == 1 else 'texts'}")
    for text in each.texts[:MAX_SHOWN]:
        console.print(f"  {single_line(text)}")
    if count > MAX_SHOWN:
        console.print(f"  and {count - MAX_SHOWN} more")
    for number, proposal in enumerate(each.proposals, start=1):
        console.print(f"{number}: {proposal.intent} {proposal.confidence:.2f}")
    if each.corrected:
        console.print(f"Corrected by people: {likely}")
    elif not likely:
        console.print("Possibly a new intent")


def _decide(each: Group, default: str, known: set[str], console: Console) -> str:
    """Return an intent, SKIP or STOP; repeat the question until the answer is valid."""
    while True:
        console.print(f"{QUESTION} [{default}]: ", end="")
        line = sys.stdin.readline()
        if not line:
            return STOP
        answer = line.strip() or default
        if answer in {REJECT, OUT_OF_SCOPE}:
            return OUT_OF_SCOPE
        if answer.isdecimal():
            if 1 <= int(answer) <= len(each.proposals):
                return each.proposals[int(answer) - 1].intent
            console.print("There is no such number")
        elif answer in known | {SKIP, STOP} or _is_new(answer, console):
            return answer


def _is_new(answer: str, console: Console) -> bool:
    console.print(f"{answer} is a new intent. Add it? [y/N]: ", end="")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _accepted(path: Path, texts: Sequence[str]) -> Labelled:
    """Return the intents that a file of decisions assigns to these texts.

    Raises:
        DataError: the file can't be read, or holds other texts.
    """
    known = {normalised(form): text for text in texts for form in (guarded(text), text)}
    decided = read_examples(path)
    problems = [
        each.problem("is not among the texts of the log")
        for each in decided
        if normalised(each.text) not in known
    ]
    if problems:
        raise DataError(problems)
    return {known[normalised(each.text)]: each.intent for each in decided if each.intent != SKIP}


def _proposals(groups: Sequence[Group], proposed: Labelled) -> str:
    rows = StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(("group", "text", "intent"))
    for number, each in enumerate(groups, start=1):
        writer.writerows(
            (
                number,
                guarded(text),
                guarded(each.corrected or proposed.get(normalised(text)) or each.likely or SKIP),
            )
            for text in each.texts
        )
    return rows.getvalue()


def _files(train: Path) -> tuple[Path, Path]:
    """Return the training file, and the file of out-of-scope texts beside it."""
    return train, train.with_stem(f"{OUT_OF_SCOPE}_validation")


def _write(train: Path, labelled: Labelled, console: Console, errors: Console) -> None:
    for path, is_out_of_scope in zip(_files(train), (False, True), strict=True):
        selected = {
            text: intent
            for text, intent in labelled.items()
            if (intent == OUT_OF_SCOPE) is is_out_of_scope
        }
        if not selected:
            continue
        additions = add(path, selected)
        print_messages(errors, "warning", [str(each) for each in additions.conflicts])
        known = f"; it already has {additions.known}" if additions.known else ""
        console.print(f"Added {len(additions.added)} texts to {path}{known}")
    if not labelled:
        console.print("Nothing to add")


def _parser() -> argparse.ArgumentParser:
    parser = build_parser(
        "review", "Review uncertain predictions, and add the texts to the training data.", EXAMPLES
    )
    parser.add_argument("events", type=Path, help="the log of events or predictions")
    parser.add_argument(
        "--train",
        type=Path,
        default=DATA / "train.csv",
        help="training file to extend: CSV, TSV or JSONL",
    )
    add_model_argument(parser)
    parser.add_argument(
        "--below", type=share, default=0.5, help="confidence that counts as low (default 0.5)"
    )
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--propose", type=Path, metavar="FILE", help="write proposals, ask nothing")
    files.add_argument("--accept", type=Path, metavar="FILE", help="add the decisions of this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
