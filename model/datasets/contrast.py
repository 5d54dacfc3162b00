"""Contrast texts resemble an intent's utterances and mean something else: to test, and to train."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model.datasets.checks import MIN_OUT_OF_SCOPE
from model.datasets.documents.archives import SUFFIXES
from model.datasets.documents.document import ReadOptions
from model.datasets.entry import Example
from model.datasets.readers import read_examples
from model.errors import DataError, Problem, ProblemKind
from model.inference.prediction import OUT_OF_SCOPE

FOLDER, TRAINING_FOLDER = "contrast_test", "contrast_train"
UNKNOWN = ProblemKind(
    "contrast texts of unknown intents", "rename the intents, or remove the files of other data"
)


@dataclass(frozen=True, slots=True)
class ContrastText:
    """A text, and the labels that are right for it; ``out_of_scope`` may be one of them."""

    text: str
    intents: frozenset[str]


ContrastSets = Mapping[str, Sequence[ContrastText]]


def read_contrast(
    folder: Path, labels: Collection[str], options: ReadOptions = ReadOptions()
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
    return contrast_sets(read_sets(folder, options), labels)


def contrast_sets(sets: Mapping[str, Sequence[Example]], labels: Collection[str]) -> ContrastSets:
    """Return the contrast sets that ``read_sets`` has read.

    Raises:
        DataError: a label is no known intent.
    """
    _check_labels(sets, labels)
    return {name: _contrast_texts(examples) for name, examples in sets.items()}


@dataclass(frozen=True, slots=True)
class ContrastTraining:
    """Contrast texts to train on.

    Attributes:
        utterances: those that have an intent.
        out_of_scope: the others, by their kind.
    """

    utterances: tuple[Example, ...] = ()
    out_of_scope: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)


def read_contrast_training(
    folder: Path, labels: Collection[str], options: ReadOptions = ReadOptions()
) -> ContrastTraining:
    """Read the contrast texts to train on; each file is a kind, named by the file's name.

    The arguments and errors are those of ``read_contrast``.
    """
    sets = read_sets(folder, options)
    _check_labels(sets, labels)
    every = [example for examples in sets.values() for example in examples]
    return ContrastTraining(
        tuple(example for example in every if example.intent != OUT_OF_SCOPE),
        {
            name: tuple(each for each in examples if each.intent == OUT_OF_SCOPE)
            for name, examples in sets.items()
        },
    )


def unused_kinds(
    kinds: Mapping[str, Sequence[Example]], out_of_scope_count: int
) -> Iterator[Problem]:
    """Yield a warning for each kind whose texts are too few to train on, alone or with others.

    Args:
        kinds: the contrast texts out of scope, by their kind.
        out_of_scope_count: the number of ordinary out-of-scope texts to train on.
    """
    for texts in filter(None, kinds.values()):
        if out_of_scope_count < MIN_OUT_OF_SCOPE:
            needed = f"{MIN_OUT_OF_SCOPE} ordinary ones are needed beside them"
        elif len(texts) < MIN_OUT_OF_SCOPE:
            needed = f"{MIN_OUT_OF_SCOPE} are needed to learn from them"
        else:
            continue
        count = f"{len(texts)} out-of-scope text{'' if len(texts) == 1 else 's'}"
        yield Problem(texts[0].file, 0, f"{count}, {needed}; left out")


def read_sets(folder: Path, options: ReadOptions) -> dict[str, list[Example]]:
    """Return the texts of each file of a folder, by its name, whatever their labels.

    Raises:
        DataError: an entry can't be read.
    """
    files = sorted(each for each in folder.glob("*") if each.suffix.lower() in SUFFIXES)
    return {each.stem.replace("_", " "): read_examples(each, options) for each in files}


def _check_labels(sets: Mapping[str, Sequence[Example]], labels: Collection[str]) -> None:
    allowed = {*labels, OUT_OF_SCOPE}
    problems = [
        example.problem(f"{example.intent} is no intent of the training data", UNKNOWN)
        for examples in sets.values()
        for example in examples
        if example.intent not in allowed
    ]
    if problems:
        raise DataError(problems)


def _contrast_texts(examples: Sequence[Example]) -> tuple[ContrastText, ...]:
    intents: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        intents[example.text].add(example.intent)
    return tuple(ContrastText(text, frozenset(labels)) for text, labels in intents.items())
