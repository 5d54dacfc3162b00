"""Refuse data that a model can't be trained on."""

from __future__ import annotations

from model.datasets.dataset import Dataset
from model.errors import DataError, Problem
from model.inference.prediction import is_valid_intent
from model.training.record import Options

# How to train where n-grams alone are not enough.
WITH_VECTORS = "--features minilm (English), use (16 languages) or static (English)"


def check_intents(dataset: Dataset) -> None:
    """Raise DataError if an intent has a name that events and headers can't carry."""
    problems = {
        example.intent: Problem(
            example.file,
            example.line,
            f"the intent {example.intent!a} has a control character or line break in its name",
        )
        for example in reversed(dataset.train)
        if not is_valid_intent(example.intent)
    }
    if problems:
        raise DataError(list(reversed(problems.values())))


def check_described(dataset: Dataset, options: Options) -> None:
    """Raise DataError for options that data without enough utterances can't be trained with."""
    message = ""
    if options.features == "tfidf":
        message = (
            "describes most intents, with too few utterances for n-grams alone: add utterances, "
            f"or {WITH_VECTORS}"
        )
    elif options.max_error is not None:
        message = "has too few utterances to measure errors: add some, or do without --max-error"
    if message:
        raise DataError.at(dataset.train[0].file, message)
