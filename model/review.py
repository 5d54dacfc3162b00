"""The reviewing command: ``python -m model.review``, from doubtful answers to training data."""

from __future__ import annotations

import argparse
import csv
import signal
import sys
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

from rich.console import Console

from model.atomic_files import write_atomically
from model.console import plain_console, print_data_error, print_messages
from model.datasets.dataset import normalised
from model.datasets.readers import read_examples
from model.errors import ArtifactError, DataError
from model.feedback.clusters import Group, group
from model.feedback.event_log import EventLog, read_event_log
from model.feedback.training_file import add
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE

HERE = Path(__file__).resolve().parent
MAX_UTTERANCES = 2000
SHOWN = 5
SKIP, STOP, OUTSIDE = "s", "q", "o"
QUESTION = "Intent (number, name, o out of scope, s skip, q stop)"
EXAMPLES = """\
examples:
  python -m model.review events.jsonl --train tickets.csv           asks for each group
  python -m model.review events.jsonl --propose decisions.csv       writes proposals, to be edited
  python -m model.review events.jsonl --accept decisions.csv --train tickets.csv

The log holds an event a line (structured CloudEvents), or what Knative's event_display prints; the
text comes from the request that a reply names. Lines that hold text, intent and confidence, as
python -m model.predict writes them, do as well. docs/feedback.md tells how to collect them.
Texts that are out of scope go to out_of_scope_validation beside the training file.
Nothing is written before the last answer: Ctrl-C at a prompt leaves all files as they are.
Exit codes: 0 done, 1 a file can't be used, 2 wrong usage.
"""

Labelled = Mapping[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    console, errors = plain_console(), plain_console(stderr=True)
    try:
        _run(options, console, errors)
    except ArtifactError as error:
        print_messages(errors, "error", [str(error)])
        return 1
    except DataError as error:
        print_data_error(errors, error)
        return 1
    except OSError as error:
        path = options.propose or options.train
        reason = error.strerror or "failed"
        print_messages(errors, "error", [f"{path} can't be written: {reason}"])
        return 1
    return 0


def _run(options: argparse.Namespace, console: Console, errors: Console) -> None:
    model = IntentModel.load(options.model)
    texts = _doubtful(read_event_log(options.events), options.below, console, errors)
    groups = group(texts, model) if texts else []
    if options.propose:
        write_atomically(options.propose, _decisions(groups).encode())
        console.print(f"Wrote {len(texts)} proposals to {options.propose}")
    elif options.accept:
        _write(options.train, _accepted(options.accept, texts), console, errors)
    else:
        _write(options.train, _ask(groups, model.card.labels, console), console, errors)


def _doubtful(log: EventLog, below: float, console: Console, errors: Console) -> list[str]:
    doubtful = {
        normalised(each.text): each.text
        for each in log.answered
        if each.intent == OUT_OF_SCOPE or each.confidence < below
    }
    counts = f"{len(log.answered)} answers, {len(doubtful)} different texts"
    console.print(f"{counts} out of scope or below {below}")
    warnings = []
    if log.without_text:
        warnings.append(f"{log.without_text} answers without their request, left out")
    if log.unreadable:
        warnings.append(f"{log.unreadable} events neither ask nor answer, left out")
    if len(doubtful) > MAX_UTTERANCES:
        warnings.append(f"only the last {MAX_UTTERANCES} texts are looked at")
    print_messages(errors, "warning", warnings)
    return list(doubtful.values())[-MAX_UTTERANCES:]


def _ask(groups: Sequence[Group], labels: Sequence[str], console: Console) -> Labelled:
    known, labelled = set(labels), {}
    for number, each in enumerate(groups, start=1):
        _show(each, f"Group {number} of {len(groups)}", console)
        answer = _decide(each, known, console)
        if answer == STOP:
            break
        if answer != SKIP:
            known.add(answer)
            labelled.update(dict.fromkeys(each.texts, answer))
    return labelled


def _show(each: Group, title: str, console: Console) -> None:
    count = len(each.texts)
    console.print(f"\n{title}: {count} {'text' if count == 1 else 'texts'}")
    for text in each.texts[:SHOWN]:
        console.print(f"  {text}")
    if count > SHOWN:
        console.print(f"  and {count - SHOWN} more")
    for number, proposal in enumerate(each.proposals, start=1):
        console.print(f"{number}: {proposal.intent} {proposal.confidence:.2f}")
    if not each.likely:
        console.print("Rather a new intent?")


def _decide(each: Group, known: set[str], console: Console) -> str:
    """Ask until the answer is clear; the end of the input stops."""
    default = each.likely or SKIP
    while True:
        console.print(f"{QUESTION} [{default}]: ", end="")
        line = sys.stdin.readline()
        if not line:
            return STOP
        answer = line.strip() or default
        if answer in {OUTSIDE, OUT_OF_SCOPE}:
            return OUT_OF_SCOPE
        if answer.isdecimal():
            if 1 <= int(answer) <= len(each.proposals):
                return each.proposals[int(answer) - 1].intent
            console.print("There is no such number")
        elif answer in known | {SKIP, STOP} or _is_new(answer, console):
            return answer


def _is_new(answer: str, console: Console) -> bool:
    console.print(f"{answer} is a new intent; is it meant so? [y/N]: ", end="")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _accepted(path: Path, texts: Sequence[str]) -> Labelled:
    """Read what was decided, and make sure that it is about these texts."""
    asked = {normalised(text) for text in texts}
    decided = read_examples(path)
    problems = [
        each.problem("is not among the texts of the log")
        for each in decided
        if normalised(each.text) not in asked
    ]
    if problems:
        raise DataError(problems)
    return {each.text: each.intent for each in decided if each.intent != SKIP}


def _decisions(groups: Sequence[Group]) -> str:
    rows = StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(("group", "text", "intent"))
    for number, each in enumerate(groups, start=1):
        writer.writerows((number, text, each.likely or SKIP) for text in each.texts)
    return rows.getvalue()


def _write(train: Path, labelled: Labelled, console: Console, errors: Console) -> None:
    outside = train.with_stem(f"{OUT_OF_SCOPE}_validation")
    for path, is_outside in ((train, False), (outside, True)):
        mine = {
            text: intent
            for text, intent in labelled.items()
            if (intent == OUT_OF_SCOPE) is is_outside
        }
        if not mine:
            continue
        additions = add(path, mine)
        print_messages(errors, "warning", [str(each) for each in additions.conflicts])
        there = f", {additions.known} stood there already" if additions.known else ""
        console.print(f"Added {len(additions.added)} texts to {path}{there}")
    if not labelled:
        console.print("Nothing to add")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.review",
        description="Go through what the model was unsure of, and add it to the training data.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("events", type=Path, help="the log of a sink")
    parser.add_argument(
        "--train",
        type=Path,
        default=HERE / "data" / "train.csv",
        help="training file that is added to: CSV, TSV or JSONL",
    )
    parser.add_argument(
        "--model",
        type=Path,
        default=HERE / "artifacts" / "intent_model.pkl",
        help="the trained model",
    )
    parser.add_argument(
        "--below", type=_share, default=0.5, help="confidence that counts as low (default 0.5)"
    )
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--propose", type=Path, metavar="FILE", help="write proposals, ask nothing")
    files.add_argument("--accept", type=Path, metavar="FILE", help="add what this file decides")
    return parser


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("must lie between 0 and 1")
    return share


if __name__ == "__main__":
    # Nothing is written before the last answer, and then each file whole: Ctrl-C may just end it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(main())
