"""Command ``python -m model.train`` or ``python model/train.py``: train a model."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

if not __package__:  # run as a script: find the package beside its own folder, not inside it
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from rich.console import Console
from rich.table import Table

from model.command import (
    ARTIFACTS,
    DATA,
    add_min_utterances_argument,
    build_parser,
    inner_share,
    run_command,
)
from model.console import print_messages, print_problems
from model.datasets.checks import MIN_OUT_OF_SCOPE
from model.datasets.dataset import load_dataset
from model.datasets.entry import DESCRIPTION
from model.datasets.options import add_reading_arguments, read_options
from model.learning.encoders.languages import LANGUAGES

if TYPE_CHECKING:
    from model.datasets.dataset import Dataset
    from model.training.fitted_model import FittedModel
    from model.training.record import Options

AUTO = "auto"
EXAMPLES = """\
examples:
  python -m model.train                              train on the shipped data
  python -m model.train --data tickets.csv           train on a file; hold out a fifth as test
  python -m model.train --data my-data/              train on my-data/train.csv, test on test.csv
  python -m model.train --features static            add static word vectors
  python -m model.train --features use               add a sentence encoder of sixteen languages
  python -m model.train --data tickets.csv --features auto         choose among all of these
  python -m model.train --data intents.yaml --features minilm      learn from descriptions alone
  python -m model.train --data tickets.jsonl --output /tmp/model --seed 7 --test-size 0.1

The data is a file, a folder or an archive in any common format: docs/data.md has the list, and
python -m model.datasets inspect shows what is in it.
Exit codes: 0 trained, 1 the data can't be trained on or the model can't be written, 2 wrong usage,
129, 130 or 143 interrupted.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.languages and options.features not in ("use", AUTO):
        parser.error("--languages needs --features use")
    return run_command(partial(_train, options), output=options.output)


def _train(options: argparse.Namespace, console: Console, errors: Console) -> int:
    started = time.monotonic()
    dataset = load_dataset(
        options.data,
        seed=options.seed,
        test_size=options.test_size,
        leave_out_contradictions=options.leave_out_contradictions,
        options=replace(read_options(options), min_utterances=options.min_utterances),
    )
    _check_writable(options.output)
    # Errors in the data are reported before scikit-learn is imported.
    from threadpoolctl import threadpool_limits

    from model.reporting.console_report import MAX_INTENTS, print_diagnosis, print_evaluation
    from model.training.trainer import assess

    print_problems(errors, "warning", dataset.warnings)
    _print_sizes(console, dataset)
    # The matrices are small: with more threads, training takes twice the time.
    with threadpool_limits(limits=1):
        fitted, training_options = _fit(dataset, options, console)
        fitted.save(options.output)
        if fitted.not_compiled:
            reason = f"{fitted.not_compiled}; scikit-learn will serve the model"
            print_messages(errors, "warning", [f"not compiled: {reason}"])
        _print_written(console, options.output, fitted.file_names, started)
        if not fitted.is_calibrated:
            _print_uncalibrated(console, fitted, dataset)
            return 0
        if options.fit_only or not dataset.test:
            _print_missing_examples(console, dataset)
            return 0
        console.print("The model can be served; its assessment follows")
        trained = assess(fitted, dataset, training_options, progress=console.print)
    trained.save_assessment(options.output)
    print_evaluation(console, trained.evaluation, trained.predictions, max_intents=MAX_INTENTS)
    print_diagnosis(console, trained.diagnosis)
    _print_missing_examples(console, dataset)
    _print_written(console, options.output, trained.file_names, started)
    return 0


def _print_sizes(console: Console, dataset: Dataset) -> None:
    intents = len({example.intent for example in dataset.train})
    described = dataset.description_count
    utterances = sum(each.part != DESCRIPTION for each in dataset.train)
    descriptions = f"and {described} descriptions " if described else ""
    console.print(
        f"Training on {utterances} utterances {descriptions}of {intents} intents, "
        f"testing on {len(dataset.test)}"
    )


def _fit(
    dataset: Dataset, options: argparse.Namespace, console: Console
) -> tuple[FittedModel, Options]:
    """Fit a model with the options of the command line, and return it with the chosen ones."""
    from model.training.record import Options
    from model.training.trainer import fit

    training_options = Options(
        seed=options.seed,
        reject_budget=options.reject_budget,
        languages=options.languages,
        max_error=options.max_error,
    )
    if options.features == AUTO:
        return _choose_features(dataset, training_options, console)
    training_options = replace(training_options, features=options.features)
    return fit(dataset, training_options, progress=console.print), training_options


def _check_writable(folder: Path) -> None:
    """Raise an OSError now if the folder can't be written, instead of after the training."""
    paths = (folder, *folder.absolute().parents)
    with TemporaryFile(dir=next(path for path in paths if path.exists())):
        pass


def _choose_features(
    dataset: Dataset, options: Options, console: Console
) -> tuple[FittedModel, Options]:
    """Fit a model with each kind of features, print them, and return the chosen one."""
    from model.training.feature_choice import choose, fit_candidates

    candidates = fit_candidates(dataset, options, progress=console.print)
    chosen = choose(candidates)
    table = Table("features", title="Candidates", title_justify="left")
    for name in ("held-out accuracy", "ms a prediction", "MB", "ms to load"):
        table.add_column(name, justify="right")
    for each in candidates:
        costs = (each.milliseconds, each.megabytes, each.load_milliseconds)
        numbers = (f"{each.accuracy:.2%}", *(f"{cost:.3g}" for cost in costs))
        table.add_row(each.options.features, *numbers)
    console.print(table)
    console.print(
        f"Chosen: --features {chosen.options.features}, the cheapest within half a point, or one "
        "standard error, of the best"
    )
    return chosen.fitted, chosen.options


def _print_uncalibrated(console: Console, fitted: FittedModel, dataset: Dataset) -> None:
    """Print the results on the test utterances, if there are any, and what the model lacks."""
    from model.evaluation.labelled_predictions import LabelledPredictions
    from model.evaluation.metrics import summarise
    from model.reporting.console_report import MAX_INTENTS, print_evaluation

    if dataset.test:
        tested = LabelledPredictions.of(fitted.model, dataset.test, dataset.out_of_scope_test)
        print_evaluation(console, summarise(tested), tested, max_intents=MAX_INTENTS)
    console.print(
        "Trained from descriptions, the model is not calibrated: its confidences are estimates, "
        "and it rejects no message as out_of_scope. To calibrate it, add two utterances or more "
        "to at least half of the intents, and train again (docs/descriptions.md)"
    )


def _print_missing_examples(console: Console, dataset: Dataset) -> None:
    """Print how many out-of-scope examples to add, unless there are enough to learn from."""
    missing = dataset.missing_out_of_scope
    if not missing:
        return
    count, tested = len(dataset.out_of_scope_validation), len(dataset.out_of_scope_test)
    lack = "Trained without out-of-scope examples, "
    if count:
        beside = f" (beside {tested} for the test)" if tested else ""
        lack = (
            f"Too few out-of-scope examples to learn from: {count}{beside}, and {MIN_OUT_OF_SCOPE} "
            "are needed; without them, "
        )
    has_share = count + missing > MIN_OUT_OF_SCOPE
    share = " (a share of them is held out for the test)" if has_share else ""
    console.print(
        f"{lack}the model rejects few of the messages that fit no intent. To reject more, add "
        f"{missing} or more such messages{share} to the data, with the intent out_of_scope, and "
        "train again (docs/data.md)"
    )


def language_codes(text: str) -> tuple[str, ...]:
    """Convert an argument to codes of languages, for argparse; case and spaces do not matter."""
    known = {code.casefold(): code for code in LANGUAGES}
    codes = [code.strip() for code in text.split(",")]
    unknown = [repr(code) for code in codes if code.casefold() not in known]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"must be of {','.join(LANGUAGES)}, not {', '.join(unknown)}"
        )
    return tuple(known[code.casefold()] for code in codes)


def _print_written(console: Console, folder: Path, names: Sequence[str], started: float) -> None:
    *others, last = names
    seconds = time.monotonic() - started
    console.print(f"Wrote {folder / ', '.join(others)} and {last} after {seconds:.0f} s")


def _parser() -> argparse.ArgumentParser:
    parser = build_parser(
        "train", "Train an intent classifier, test it, and write the files to serve.", EXAMPLES
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, help="a file, or a folder with train and test"
    )
    parser.add_argument("--output", type=Path, default=ARTIFACTS, help="folder for the model")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default 0)")
    parser.add_argument(
        "--test-size",
        type=inner_share,
        default=0.2,
        help="share held out as test if there is no test file (default 0.2)",
    )
    parser.add_argument(
        "--reject-budget",
        type=inner_share,
        default=0.05,
        help="share of in-scope messages that may be rejected as out of scope (default 0.05)",
    )
    parser.add_argument(
        "--max-error",
        type=inner_share,
        help="share of wrong intents among the messages to act on: chooses the confidence from "
        'which on answers say "act": true',
    )
    parser.add_argument(
        "--features",
        choices=("tfidf", "static", "use", "minilm", AUTO),
        default="tfidf",
        help="static adds word vectors (requirements/static.txt) to TF-IDF; use (16 languages) and "
        "minilm (English) add a sentence encoder (requirements/sentence.txt); auto tries all that "
        "are installed, and takes the cheapest of nearly the best accuracy; default tfidf",
    )
    parser.add_argument(
        "--languages",
        type=language_codes,
        default=(),
        metavar="en,de",
        help="with --features use: leave out the pieces of other languages, for a smaller file "
        "(default: keep all)",
    )
    parser.add_argument(
        "--leave-out-contradictions",
        action="store_true",
        help="leave out texts that are labelled with two intents, instead of refusing the data",
    )
    parser.add_argument(
        "--fit-only",
        action="store_true",
        help="write the model without testing it and without a report",
    )
    add_reading_arguments(parser)
    add_min_utterances_argument(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
