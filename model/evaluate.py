"""The testing command: ``python -m model.evaluate DATA``, for utterances of one's own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from model.console import plain_console, print_data_error, print_messages
from model.datasets.options import add_reading_arguments, read_options
from model.datasets.readers import Example, read_examples
from model.errors import ArtifactError, DataError, Problem
from model.evaluation.labelled_predictions import LabelledPredictions
from model.evaluation.metrics import evaluate
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE
from model.reporting.console_report import print_evaluation

DEFAULT_MODEL = Path(__file__).resolve().parent / "artifacts" / "intent_model.pkl"
EXAMPLES = """\
examples:
  python -m model.evaluate model/data/test.csv
  python -m model.evaluate labelled.jsonl --out-of-scope model/data/out_of_scope_test.csv

Utterances labelled out_of_scope count as such, wherever they stand.
Exit codes: 0 tested, 1 the data or the model can't be used, 2 wrong usage.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    console, errors = plain_console(), plain_console(stderr=True)
    try:
        model = IntentModel.load(options.model)
        reading = read_options(options)
        examples = read_examples(options.data, reading)
        others = read_examples(options.out_of_scope) if options.out_of_scope else []
        known = _known(examples, model, options.data)
    except ArtifactError as error:
        print_messages(errors, "error", [str(error)])
        return 1
    except DataError as error:
        print_data_error(errors, error)
        return 1
    labelled = [each for each in examples if each.intent == OUT_OF_SCOPE]
    out_of_scope = [each.text for each in (*labelled, *others)]
    console.print(f"Testing {options.model} on {len(known)} utterances")
    evaluation = evaluate(model, known, out_of_scope)
    print_evaluation(console, evaluation, LabelledPredictions.of(model, known, out_of_scope))
    return 0


def _known(examples: Sequence[Example], model: IntentModel, path: Path) -> list[Example]:
    known = [each for each in examples if each.intent != OUT_OF_SCOPE]
    problems = [
        each.problem(f"{each.intent} is no intent of the model")
        for each in known
        if each.intent not in model.card.labels
    ]
    if not known:
        problems = [Problem(path, 0, "holds no utterances of an intent")]
    if problems:
        raise DataError(problems)
    return known


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.evaluate",
        description="Test a trained model on labelled utterances that it has not seen.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="labelled utterances, in any known format")
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="the trained model")
    parser.add_argument("--out-of-scope", type=Path, help="a file of texts that fit no intent")
    add_reading_arguments(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
