"""Read, check and split labelled utterances."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.datasets.clinc150 import PARTS, read_clinc
from model.datasets.readers import Example, read_examples
from model.errors import DataError, Problem
from model.inference.prediction import OUT_OF_SCOPE

MINIMUM_INTENTS = 2
MINIMUM_UTTERANCES = 5
MIN_IN_TRAINING = 2  # calibration fits on one fold and scores the other
FEW_UTTERANCES = 20
SUFFIXES = (".csv", ".tsv", ".jsonl", ".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class Dataset:
    """Checked utterances, ready to train on.

    Attributes:
        train, test: no utterance stands in both; every intent of ``test`` is in ``train``.
        out_of_scope_validation, out_of_scope_test: texts that fit no intent; may be empty.
        warnings: what people should look at although it can be trained on.
        test_size: the share of each intent that was put aside as ``test``; None where the data
            has a test of its own.
    """

    train: tuple[Example, ...]
    test: tuple[Example, ...]
    out_of_scope_validation: tuple[str, ...] = ()
    out_of_scope_test: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    test_size: float | None = None

    @property
    def sha256(self) -> str:
        """Identify the data set by all that it holds, hexadecimal."""
        digest = hashlib.sha256()
        for part in (self.train, self.test):
            for example in part:
                digest.update(f"{example.text}\t{example.intent}\n".encode())
            digest.update(b"\n")
        for texts in (self.out_of_scope_validation, self.out_of_scope_test):
            digest.update("\n".join((*texts, "\n")).encode())
        return digest.hexdigest()


def load_dataset(
    path: Path, *, seed: int, test_size: float, leave_out_contradictions: bool = False
) -> Dataset:
    """Read a data set, check it, and split it where it is not split yet.

    Args:
        path: a file; or a folder with a file ``train`` and, if there are any, ``test``,
            ``out_of_scope_validation`` and ``out_of_scope_test``, each CSV, TSV, JSONL or Rasa's
            YAML; or all of them in one file in the JSON form of CLINC150.
        seed: of the split.
        test_size: share of each intent's utterances that is put aside for the test where there
            is no test file, between 0 and 1.
        leave_out_contradictions: whether to do without texts that a file labels with two intents,
            instead of refusing it.

    Raises:
        DataError: the data can't be trained on; every problem is named with file and line.
    """
    if not path.exists():
        raise DataError([Problem(path, 0, "does not exist")])
    parts = read_clinc(path) if path.suffix.lower() == ".json" else _read_parts(path)

    warnings: list[Problem] = []
    examples, test = (
        _without_duplicates(parts[part], warnings, leave_out=leave_out_contradictions)
        for part in ("train", "test")
    )
    has_test = bool(test)
    if has_test:
        train = _without_overlap(examples, test, warnings)
        _check_intents(path, train, warnings)
        _check_known(test, {example.intent for example in train})
    else:
        _check_intents(path, examples, warnings)
        train, test = split(examples, seed=seed, test_size=test_size)
    return Dataset(
        train=tuple(train),
        test=tuple(test),
        out_of_scope_validation=_texts(parts["out_of_scope_validation"]),
        out_of_scope_test=_texts(parts["out_of_scope_test"]),
        warnings=tuple(warnings),
        test_size=None if has_test else test_size,
    )


def split(
    examples: Sequence[Example], *, seed: int, test_size: float
) -> tuple[list[Example], list[Example]]:
    """Put a random share of each intent's utterances aside.

    Returns:
        Training and test examples; each intent has at least two in training and one in the test.
    """
    train, test = [], []
    for _, group in sorted(_by_intent(examples).items()):
        shuffled = random.Random(seed).sample(group, len(group))  # noqa: S311 - no secret
        count = min(max(1, round(len(group) * test_size)), len(group) - MIN_IN_TRAINING)
        test += shuffled[:count]
        train += shuffled[count:]
    return train, test


def normalised(text: str) -> str:
    """Give the form in which two utterances count as the same: no case, single spaces."""
    return " ".join(text.casefold().split())


def _find(folder: Path, name: str) -> Path | None:
    candidates = (folder / f"{name}{suffix}" for suffix in SUFFIXES)
    return next((path for path in candidates if path.exists()), None)


def _read_parts(path: Path) -> dict[str, list[Example]]:
    """Read a file, or what a folder holds; a part that is not there is empty."""
    if not path.is_dir():
        return {part: read_examples(path) if part == "train" else [] for part in PARTS}
    found = {part: _find(path, part) for part in PARTS}
    if found["train"] is None:
        kinds = ", ".join(f"train{suffix}" for suffix in SUFFIXES)
        raise DataError([Problem(path, 0, f"holds none of {kinds}")])
    return {part: read_examples(file) if file else [] for part, file in found.items()}


def _texts(examples: Sequence[Example]) -> tuple[str, ...]:
    return tuple(example.text for example in examples)


def _by_intent(examples: Iterable[Example]) -> dict[str, list[Example]]:
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.intent].append(example)
    return groups


def _without_duplicates(
    examples: Sequence[Example], warnings: list[Problem], *, leave_out: bool
) -> list[Example]:
    first: dict[str, Example] = {}
    conflicts: list[Problem] = []
    contradicted = set()
    for example in examples:
        text = normalised(example.text)
        earlier = first.setdefault(text, example)
        if earlier.intent != example.intent:
            message = f"labelled {example.intent}, but line {earlier.line} labels the same text "
            left_out = "; both left out" if leave_out else ""
            conflicts.append(example.problem(f"{message}{earlier.intent}{left_out}"))
            contradicted.add(text)
        elif earlier is not example:
            warnings.append(example.problem(f"same text as line {earlier.line}; left out"))
    if conflicts and not leave_out:
        raise DataError(conflicts)
    warnings += conflicts
    return [example for text, example in first.items() if text not in contradicted]


def _without_overlap(
    train: Sequence[Example], test: Sequence[Example], warnings: list[Problem]
) -> list[Example]:
    tested = {normalised(example.text): example for example in test}
    kept = []
    for example in train:
        twin = tested.get(normalised(example.text))
        if twin is None:
            kept.append(example)
            continue
        place = f"{twin.file.name}:{twin.line}"
        message = (
            f"stands in {place} too"
            if twin.intent == example.intent
            else f"labelled {example.intent}, but {place} labels the same text {twin.intent}"
        )
        warnings.append(example.problem(f"{message}; left out of training"))
    return kept


def _check_intents(path: Path, examples: Sequence[Example], warnings: list[Problem]) -> None:
    problems = []
    groups = _by_intent(examples)
    if OUT_OF_SCOPE in groups:
        message = f"{OUT_OF_SCOPE} is no intent; such texts go into {OUT_OF_SCOPE}_validation.csv"
        problems.append(groups.pop(OUT_OF_SCOPE)[0].problem(message))
    for intent, group in groups.items():
        message = f"{intent} has {len(group)} utterances"
        if len(group) < MINIMUM_UTTERANCES:
            problems.append(
                group[0].problem(f"{message}; at least {MINIMUM_UTTERANCES} are needed")
            )
        elif len(group) < FEW_UTTERANCES:
            warnings.append(group[0].problem(f"{message}; {FEW_UTTERANCES} or more do better"))
    if len(groups) < MINIMUM_INTENTS:
        problems.append(Problem(path, 0, "holds fewer than two intents"))
    if problems:
        raise DataError(problems)


def _check_known(test: Sequence[Example], intents: set[str]) -> None:
    problems = [
        example.problem(f"{example.intent} does not occur in the training data")
        for example in test
        if example.intent not in intents
    ]
    if problems:
        raise DataError(problems)
