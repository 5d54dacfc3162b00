"""Descriptions of intents: the model card shows them, and intents with few utterances need them."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path

from model.datasets.entry import Example
from model.datasets.readers import read_text
from model.errors import DataError, Problem
from model.inference.model_card import IntentDescription
from model.inference.prediction import OUT_OF_SCOPE

COLUMNS = ["intent", "description", "example"]


def read_descriptions(path: Path, labels: Collection[str]) -> Mapping[str, IntentDescription]:
    """Read a file of descriptions: CSV with the columns ``COLUMNS``.

    An intent has a row, or several rows for several examples. An example is public: the function
    shows it to anybody who may ask for its model card.

    Args:
        path: the file; if it does not exist, there are no descriptions.
        labels: the known intents.

    Raises:
        DataError: the file has other columns, or a row names no known intent.
    """
    if not path.is_file():
        return {}
    rows = csv.DictReader(StringIO(read_text(path), newline=""))
    if rows.fieldnames != COLUMNS:
        columns = f"{', '.join(COLUMNS[:-1])} and {COLUMNS[-1]}"
        raise DataError.at(path, f"must have the columns {columns}", line=1)
    found: dict[str, IntentDescription] = {}
    problems = []
    for row in rows:
        intent, description, example = ((row[name] or "").strip() for name in COLUMNS)
        if intent not in labels:
            message = f"{intent} is no intent of the training data"
            problems.append(Problem(path, rows.line_num, message))
        known = found.get(intent, IntentDescription())
        examples = (*known.examples, example) if example else known.examples
        found[intent] = IntentDescription(known.description or description, examples)
    if problems:
        raise DataError(problems)
    return found


def lone_descriptions(
    descriptions: Iterable[Example], utterances: Iterable[Example]
) -> list[Example]:
    """Return the descriptions of known intents that have no utterance."""
    intents = {OUT_OF_SCOPE, *(each.intent for each in utterances)}
    return [each for each in descriptions if each.intent not in intents]


def join_descriptions(
    descriptions: Iterable[Example],
    of_card: Mapping[str, IntentDescription],
    labels: Collection[str],
) -> Mapping[str, IntentDescription]:
    """Return the descriptions that data and ``intent_descriptions.csv`` have of the known intents.

    Args:
        descriptions: those of the data; the first one of an intent counts.
        of_card: those of ``intent_descriptions.csv``, which come first.
        labels: the known intents.
    """
    joined = dict(of_card)
    for each in descriptions:
        known = joined.get(each.intent, IntentDescription())
        if each.intent in labels and not known.description:
            joined[each.intent] = replace(known, description=each.text)
    return joined
