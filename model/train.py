"""The training command: ``python -m model.train`` or ``python model/train.py``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # run as a script: find the package beside its own folder, not inside it
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from rich.console import Console
from threadpoolctl import threadpool_limits

from model.console import plain_console, print_data_error, print_messages, print_problems
from model.datasets.dataset import Dataset, load_dataset
from model.datasets.options import add_loading_arguments, load_options
from model.errors import DataError, EqualityError, VectorsMissingError
from model.inference.model_card import CARD_NAME
from model.reporting.console_report import MAX_INTENTS, print_diagnosis, print_evaluation
from model.training.trainer import (
    COMPILED_NAME,
    MODEL_NAME,
    REJECT_BUDGET,
    REPORT_NAME,
    Options,
    train,
)

HERE = Path(__file__).resolve().parent
EXAMPLES = """\
examples:
  python -m model.train                              train on the data that comes with the project
  python -m model.train --data tickets.csv           train on a file; a fifth is put aside as test
  python -m model.train --data my-data/              train on my-data/train.csv, test on test.csv
  python -m model.train --features static            learn with static word vectors, too
  python -m model.train --data tickets.jsonl --output /tmp/model --seed 7 --test-size 0.1

A file is CSV or TSV with the columns text and intent, JSONL with these keys, Rasa's NLU YAML, or
all splits in one file in the JSON form of CLINC150.
Exit codes: 0 trained, 1 the data can't be trained on or the model can't be written, 2 wrong usage.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    console, errors = plain_console(), plain_console(stderr=True)
    started = time.monotonic()
    try:
        dataset = load_dataset(
            options.data,
            seed=options.seed,
            test_size=options.test_size,
            leave_out_contradictions=options.leave_out_contradictions,
            options=load_options(options),
        )
        print_problems(errors, "warning", dataset.warnings)
        _print_summary(console, dataset)
        # The matrices are small: more threads wait for each other, and take twice the time.
        with threadpool_limits(limits=1):
            trained = train(
                dataset,
                Options(options.seed, options.reject_budget, options.features),
                progress=console.print,
            )
        trained.save(options.output)
    except (EqualityError, VectorsMissingError) as error:
        print_messages(errors, "error", [str(error)])
        return 1
    except DataError as error:
        print_data_error(errors, error)
        return 1
    except OSError as error:
        reason = error.strerror or "failed"
        print_messages(errors, "error", [f"{options.output} can't be written: {reason}"])
        return 1
    print_evaluation(console, trained.evaluation, trained.answers, most_intents=MAX_INTENTS)
    print_diagnosis(console, trained.diagnosis)
    if trained.not_compiled:
        reason = f"{trained.not_compiled}; it will be served by scikit-learn"
        print_messages(errors, "warning", [f"not compiled: {reason}"])
    names = MODEL_NAME if trained.not_compiled else f"{MODEL_NAME}, {COMPILED_NAME}"
    written = f"{options.output / names}, {CARD_NAME} and {REPORT_NAME}"
    console.print(f"Wrote {written} after {time.monotonic() - started:.0f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.train",
        description="Train the intent classifier, test it, and write it for the function to serve.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data", type=Path, default=HERE / "data", help="a file, or a folder with train and test"
    )
    parser.add_argument(
        "--output", type=Path, default=HERE / "artifacts", help="folder that the model goes to"
    )
    parser.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    parser.add_argument(
        "--test-size",
        type=_share,
        default=0.2,
        help="share put aside as test where there is no test file (default 0.2)",
    )
    parser.add_argument(
        "--reject-budget",
        type=_share,
        default=REJECT_BUDGET,
        help=f"share of good messages that may be taken for out of scope (default {REJECT_BUDGET})",
    )
    parser.add_argument(
        "--features",
        choices=("tfidf", "static"),
        default="tfidf",
        help="static adds word vectors, from requirements/static.txt, to TF-IDF (default tfidf)",
    )
    parser.add_argument(
        "--leave-out-contradictions",
        action="store_true",
        help="do without texts that are labelled with two intents, instead of refusing the data",
    )
    add_loading_arguments(parser)
    return parser


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError("must lie between 0 and 1")
    return share


def _print_summary(console: Console, dataset: Dataset) -> None:
    intents = len({example.intent for example in dataset.train})
    console.print(
        f"Training on {len(dataset.train)} utterances of {intents} intents, "
        f"testing on {len(dataset.test)}"
    )


if __name__ == "__main__":
    sys.exit(main())
