"""Command ``python -m model.evaluate DATA``: test a trained model on labelled utterances."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from model.command import add_model_argument, build_parser, run_command
from model.console import print_problems
from model.datasets.contrast import read_contrast
from model.datasets.options import add_reading_arguments, read_options
from model.datasets.parts import read_test
from model.datasets.readers import Example, read_examples
from model.errors import DataError, Problem, ProblemKind
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE

EXAMPLES = """\
examples:
  python -m model.evaluate model/data/test.csv
  python -m model.evaluate labelled.jsonl --out-of-scope model/data/out_of_scope_test.csv
  python -m model.evaluate model/data/test.csv --contrast model/data/contrast_test

Utterances labelled out_of_scope count as out of scope in either file.
Exit codes: 0 tested, 1 the data or the model can't be used, 2 wrong usage.
"""

UNKNOWN = ProblemKind(
    "utterances of intents that the model does not know",
    "name the model that was trained on them: --model",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    return run_command(partial(_evaluate, _parser().parse_args(arguments)))


def _evaluate(options: argparse.Namespace, console: Console, errors: Console) -> int:
    from model.evaluation.contrast_metrics import safely_answered
    from model.evaluation.labelled_predictions import LabelledPredictions
    from model.evaluation.metrics import robustness_of, summarise
    from model.reporting.console_report import print_evaluation

    model = IntentModel.load(options.model)
    examples, notes = read_test(options.data, read_options(options))
    print_problems(errors, "note", notes)
    others = read_examples(options.out_of_scope) if options.out_of_scope else []
    known = _known(examples, model, options.data)
    labelled = [each for each in examples if each.intent == OUT_OF_SCOPE]
    out_of_scope = [each.text for each in (*labelled, *others)]
    console.print(f"Testing {options.model} on {len(known)} utterances")
    predictions = LabelledPredictions.of(model, known, out_of_scope)
    contrast = read_contrast(options.contrast, model.card.labels) if options.contrast else {}
    evaluation = summarise(
        predictions, robustness_of(model, known), safely_answered(model, contrast)
    )
    print_evaluation(console, evaluation, predictions)
    return 0


def _known(examples: Sequence[Example], model: IntentModel, path: Path) -> list[Example]:
    known = [each for each in examples if each.intent != OUT_OF_SCOPE]
    problems = [
        each.problem(f"{each.intent} is no intent of the model", UNKNOWN)
        for each in known
        if each.intent not in model.card.labels
    ]
    if not known:
        problems = [Problem(path, 0, "holds no utterances of an intent")]
    if problems:
        raise DataError(problems)
    return known


def _parser() -> argparse.ArgumentParser:
    parser = build_parser(
        "evaluate",
        "Test a trained model on labelled utterances that it was not trained on.",
        EXAMPLES,
    )
    parser.add_argument("data", type=Path, help="labelled utterances, in any known format")
    add_model_argument(parser)
    parser.add_argument("--out-of-scope", type=Path, help="file of texts that fit no intent")
    parser.add_argument(
        "--contrast",
        type=Path,
        help="folder of contrast sets, such as negated.csv: texts that resemble utterances and "
        "mean something else, with their intents or out_of_scope",
    )
    add_reading_arguments(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
