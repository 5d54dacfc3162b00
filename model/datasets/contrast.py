"""Contrast sets: texts that resemble an intent's utterances and mean something else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.datasets.documents.archives import SUFFIXES
from model.datasets.documents.document import ReadOptions
from model.datasets.entry import Example
from model.datasets.readers import read_examples
from model.errors import DataError
from model.inference.prediction import OUT_OF_SCOPE

FOLDER = "contrast_test"


@dataclass(frozen=True, slots=True)
class ContrastText:
    """A text, and the labels that are right for it; ``out_of_scope`` may be one of them."""

    text: str
    intents: frozenset[str]


ContrastSets = Mapping[str, Sequence[ContrastText]]


def read_contrast(
    folder: Path,
    labels: Collection[str],
    options: ReadOptions = ReadOptions(),  # noqa: B008 - frozen
) -> ContrastSets:
    """Read the contrast sets of a folder; each file is one, named by the file's name.

    A text that occurs with several labels is answered rightly by any of them.

    Args:
        folder: the folder; if it does not exist, there are no contrast sets.
        labels: the known intents.
        options: how to read the files.

    Raises:
        DataError: an entry can't be read, or a label is no known intent.
    """
    files = sorted(each for each in folder.glob("*") if each.suffix.lower() in SUFFIXES)
    sets = {each.stem.replace("_", " "): read_examples(each, options) for each in files}
    allowed = {*labels, OUT_OF_SCOPE}
    problems = [
        example.problem(f"{example.intent} is no intent of the training data")
        for examples in sets.values()
        for example in examples
        if example.intent not in allowed
    ]
    if problems:
        raise DataError(problems)
    return {name: _contrast_texts(examples) for name, examples in sets.items()}


def _contrast_texts(examples: Sequence[Example]) -> tuple[ContrastText, ...]:
    intents: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        intents[example.text].add(example.intent)
    return tuple(ContrastText(text, frozenset(labels)) for text, labels in intents.items())
