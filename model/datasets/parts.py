"""Read the parts of a data set: training, test, and out-of-scope texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.datasets.collection import (
    OUT_OF_SCOPE_TEST,
    PARTS,
    TEST,
    VALIDATION,
    listed_below,
    part_of,
    part_within,
)
from model.datasets.contrast import FOLDER, TRAINING_FOLDER
from model.datasets.documents.archives import SUFFIXES, is_listed, without_compression
from model.datasets.documents.document import ReadOptions
from model.datasets.entry import TRAIN, Example
from model.datasets.readers import read, read_examples
from model.datasets.reading.selection import names_below
from model.errors import DataError, Problem
from model.inference.prediction import OUT_OF_SCOPE


@dataclass(frozen=True, slots=True)
class Parts:
    """A data set as it was read.

    Attributes:
        examples: the utterances of each of ``PARTS``, and those for validation, which are not
            trained on; some may be empty.
        problems: entries that can't be read.
        notes: guesses, and entries that were left out.
        descriptions: the descriptions of intents.
    """

    examples: Mapping[str, list[Example]]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    descriptions: tuple[Example, ...] = ()


def read_parts(path: Path, options: ReadOptions) -> Parts:
    """Read a file, or a folder by the names of its files if one of them is ``train``.

    Raises:
        DataError: the path does not exist, or no file is of a known format.
    """
    examples: dict[str, list[Example]] = {part: [] for part in (*PARTS, VALIDATION)}
    problems: list[Problem] = []
    notes = left_out_beside(path)
    descriptions: list[Example] = []
    for file, part in files_of(path).items():
        try:
            reading = read(file, options)
        except DataError as error:
            problems += error.problems
            continue
        problems += reading.problems
        notes += reading.notes
        descriptions += reading.descriptions
        has_no_train = part in {None, TRAIN} and _has_no_train(reading.examples)
        if has_no_train:
            message = f"no utterance is of {TRAIN}, so all are read as training texts"
            notes.append(Problem(file, 0, message))
        for example in reading.examples:
            own = TRAIN if has_no_train else part_within(part or TRAIN, example.part)
            examples[own].append(example)
        if not (reading.examples or reading.descriptions or reading.problems):
            problems.append(Problem(file, 0, "holds no utterances"))
    wanted = options.out_of_scope_intents
    if wanted and not any(e.intent == OUT_OF_SCOPE for part in examples.values() for e in part):
        names = " or ".join(wanted)
        message = f"no utterance has the intent {names}, which --out-of-scope-intent names"
        notes.append(Problem(path, 0, message))
    return Parts(examples, tuple(problems), tuple(notes), tuple(descriptions))


def read_test(path: Path, options: ReadOptions) -> tuple[list[Example], list[Problem]]:
    """Return the utterances to test a model on, and the note on those that are left out.

    These are the utterances of the test, or all where none is of the test.

    Raises:
        DataError: the data can't be read, or has entries that can't be read.
    """
    examples = read_examples(path, options)
    test = [each for each in examples if each.part in {TEST, OUT_OF_SCOPE_TEST}]
    if len(test) == len(examples) or not any(each.part == TEST for each in test):
        return examples, []
    count = f"{len(examples) - len(test):,} of {len(examples):,} utterances"
    return test, [Problem(path, 0, f"left out: {count}, not of the test")]


def _has_no_train(examples: Sequence[Example]) -> bool:
    """Return whether there are utterances, and all are of the test or of validation."""
    parts = {example.part for example in examples}
    return bool(parts) and parts <= {TEST, VALIDATION}


def left_out_beside(path: Path) -> list[Problem]:
    """Return the note on the files beside ``train`` that are not read, if there are any."""
    used = files_of(path)
    others = [
        file
        for file in ([] if path in used else listed_below(path))
        if file not in used
        and file.suffix.lower() != ".md"
        and file.relative_to(path).parts[0] not in {FOLDER, TRAINING_FOLDER}
    ]
    if not others:
        return []
    names = names_below(path, others)
    message = f"left out: {names}; beside {TRAIN}, only {', '.join(PARTS[1:])} are read"
    return [Problem(path, 0, message)]


def files_of(path: Path) -> Mapping[Path, str | None]:
    """Return the files of a folder that name a part, if one of them is ``train``, or the path."""
    named = _named_parts(path) if path.is_dir() else {}
    return dict(named) if TRAIN in named.values() else {path: None}


def _named_parts(folder: Path) -> dict[Path, str]:
    """Return the readable files whose names are those of parts, in the order of the parts."""
    named = {
        file: part_of(Path(file.name))
        for file in _files(folder)
        if without_compression(file).suffix.lower() in SUFFIXES
    }
    return {file: part for part in PARTS for file, name in named.items() if name == part}


def _files(folder: Path) -> list[Path]:
    return [
        file
        for place in (folder, folder / "data")
        if place.is_dir()
        for file in sorted(place.iterdir())
        if is_listed(Path(file.name)) and file.is_file()
    ]
