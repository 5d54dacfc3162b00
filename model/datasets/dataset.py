"""Check and split labelled utterances."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count
from pathlib import Path

from model.datasets.checks import (
    FEW_UTTERANCES,
    MIN_INTENTS,
    MIN_OUT_OF_SCOPE,
    MIN_TESTABLE,
    Checks,
    by_intent,
    normalised,
)
from model.datasets.collection import OUT_OF_SCOPE_TEST, OUT_OF_SCOPE_VALIDATION, TEST
from model.datasets.contrast import (
    FOLDER,
    TRAINING_FOLDER,
    ContrastSets,
    contrast_sets,
    read_contrast_training,
    read_sets,
    unused_kinds,
)
from model.datasets.descriptions import join_descriptions, lone_descriptions, read_descriptions
from model.datasets.documents.document import ReadOptions
from model.datasets.entry import DESCRIPTION, DESCRIPTIONS, TRAIN, Example
from model.datasets.parts import read_parts
from model.errors import Problem
from model.inference.model_card import IntentDescription
from model.inference.prediction import OUT_OF_SCOPE

__all__ = ["FEW_UTTERANCES", "Dataset", "load_dataset", "normalised", "split"]

MIN_IN_TRAINING = 2  # an utterance that is held out leaves one to learn from


@dataclass(frozen=True, slots=True)
class Dataset:
    """Checked utterances, ready to train on.

    Attributes:
        train, test: no utterance stands in both; every intent of ``test`` is in ``train``. The
            description of an intent without utterances is its only one.
        out_of_scope_validation, out_of_scope_test: texts that fit no intent; may be empty.
        warnings: remarks for people on data that can be trained on.
        test_size: the share of each intent that was put aside as ``test``; None where the data
            has a test of its own.
        missing_out_of_scope: how many more texts out of scope are needed to learn from them, with
            those of them that would be put aside; 0 if there are enough.
        contrast: texts that resemble utterances and mean something else, for testing only.
        contrast_train: other such texts that fit no intent, by their kind, for training.
        descriptions: the meaning of the intents that the data describes.
    """

    train: tuple[Example, ...]
    test: tuple[Example, ...]
    out_of_scope_validation: tuple[str, ...] = ()
    out_of_scope_test: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    test_size: float | None = None
    missing_out_of_scope: int = MIN_OUT_OF_SCOPE
    contrast: ContrastSets = field(default_factory=dict)
    contrast_train: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    descriptions: Mapping[str, IntentDescription] = field(default_factory=dict)

    @property
    def is_mostly_described(self) -> bool:
        """Return whether too few intents have utterances of which one can be held out.

        Without descriptions, two such intents are enough; else half of them have to be.
        """
        counts = Counter(each.intent for each in self.train)
        testable = sum(count >= MIN_TESTABLE for count in counts.values())
        is_minority = bool(self.descriptions) and 2 * testable < len(counts)
        return is_minority or testable < MIN_INTENTS

    @property
    def taught_descriptions(self) -> Mapping[str, str]:
        """The descriptions that are further utterances: those of intents with few of their own."""
        counts = Counter(each.intent for each in self.train)
        alone = {each.intent for each in self.train if each.part == DESCRIPTION}
        return {
            intent: each.description
            for intent, each in self.descriptions.items()
            if each.description and intent not in alone and counts[intent] < FEW_UTTERANCES
        }

    @property
    def description_count(self) -> int:
        """The number of descriptions to train on."""
        alone = sum(each.part == DESCRIPTION for each in self.train)
        return alone + len(self.taught_descriptions)

    @property
    def sha256(self) -> str:
        """The hexadecimal digest of all texts and intents."""
        digest = hashlib.sha256()
        for part in (self.train, self.test):
            for example in part:
                digest.update(f"{example.text}\t{example.intent}\n".encode())
            digest.update(b"\n")
        outside = (self.out_of_scope_validation, self.out_of_scope_test)
        for texts in (*outside, *self.contrast_train.values()):
            digest.update("\n".join((*texts, "\n")).encode())
        for intent, text in self.taught_descriptions.items():
            digest.update(f"{text}\t{intent}\n".encode())
        return digest.hexdigest()


def load_dataset(
    path: Path,
    *,
    seed: int,
    test_size: float,
    leave_out_contradictions: bool = False,
    options: ReadOptions = ReadOptions(),
) -> Dataset:
    """Read a data set, check it, and split it where it is not split yet.

    Utterances of the intent ``out_of_scope`` are out-of-scope texts. Where the data has no test,
    a share of them is put aside as well.

    Args:
        path: data in any known format; or a folder with a file ``train`` and, if there are any,
            ``test``, ``out_of_scope_validation``, ``out_of_scope_test``,
            ``intent_descriptions.csv``, and folders ``contrast_test`` and ``contrast_train``.
        seed: of the split.
        test_size: share of each intent's utterances that is put aside for the test where there
            is no test file, between 0 and 1.
        leave_out_contradictions: whether texts that have two intents are left out, instead of
            refused.
        options: how to read and check it.

    Raises:
        DataError: the data can't be trained on; every problem is named with file and line.
    """
    parts = read_parts(path, options)
    checks = Checks(parts.problems, parts.notes, leave_out=leave_out_contradictions)
    utterances = parts.examples[TRAIN]
    lone = lone_descriptions(parts.descriptions, utterances)
    known = {each.intent for each in (*utterances, *lone)}
    contrast = read_contrast_training(path / TRAINING_FOLDER, known, options)
    own, own_test = (
        [replace(each, intent=OUT_OF_SCOPE, part=part) for each in parts.examples[part]]
        for part in (OUT_OF_SCOPE_VALIDATION, OUT_OF_SCOPE_TEST)
    )
    examples = checks.without_duplicates([*utterances, *lone, *contrast.utterances, *own])
    test = checks.without_duplicates([*parts.examples[TEST], *own_test])
    contrast_tests = read_sets(path / FOLDER, options)
    tested = [*chain.from_iterable(contrast_tests.values()), *test]
    train, outside = _by_scope(checks.without_overlap(examples, tested))
    kinds = {
        kind: checks.without_overlap(texts, tested) for kind, texts in contrast.out_of_scope.items()
    }
    test, other_test = _by_scope(test)
    is_described = bool(parts.descriptions)
    train = checks.without_rare_intents(
        path, train, options.min_utterances, has_test=bool(test), is_described=is_described
    )
    test = checks.without_unknown_intents(test, train)
    checks.raise_problems()

    has_test = bool(test)
    own = [each for each in outside if each.part == OUT_OF_SCOPE_VALIDATION]
    others = [each for each in outside if each.part != OUT_OF_SCOPE_VALIDATION]
    others_size = None if has_test or other_test else test_size
    missing = _missing_out_of_scope(len(own), len(others), others_size)
    if not has_test:
        train, test = split(train, seed=seed, test_size=test_size)
    if others_size is not None:
        others, other_test = split(others, seed=seed, test_size=others_size)
    labels = {each.intent for each in train}
    return Dataset(
        train=tuple(train),
        test=tuple(test),
        out_of_scope_validation=_texts(own + others),
        out_of_scope_test=_texts(other_test),
        warnings=(*checks.warnings, *unused_kinds(kinds, len(own) + len(others))),
        test_size=None if has_test else test_size,
        missing_out_of_scope=missing,
        contrast=contrast_sets(contrast_tests, labels),
        contrast_train={kind: _texts(texts) for kind, texts in kinds.items()},
        descriptions=join_descriptions(
            parts.descriptions, read_descriptions(path / DESCRIPTIONS, labels), labels
        ),
    )


def split(
    examples: Sequence[Example], *, seed: int, test_size: float
) -> tuple[list[Example], list[Example]]:
    """Put a random share of each intent's utterances aside.

    Returns:
        Training and test examples. Each intent has at least one in the test and two in training;
        one of fewer than three utterances has all of them in training.
    """
    train, test = [], []
    for _, group in sorted(by_intent(examples).items()):
        shuffled = random.Random(seed).sample(group, len(group))  # noqa: S311 - no secret
        count = _held_out_count(len(group), test_size)
        test += shuffled[:count]
        train += shuffled[count:]
    return train, test


def _held_out_count(count: int, test_size: float) -> int:
    return min(max(1, round(count * test_size)), max(0, count - MIN_IN_TRAINING))


def _missing_out_of_scope(own: int, others: int, test_size: float | None) -> int:
    """Return how many texts the others lack, of which a share is put aside, to learn from them."""
    if test_size is None:
        return max(0, MIN_OUT_OF_SCOPE - own - others)

    def kept(texts: int) -> int:
        return own + texts - _held_out_count(texts, test_size)

    return next(more for more in count() if kept(others + more) >= MIN_OUT_OF_SCOPE)


def _by_scope(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Return the utterances of intents, and the out-of-scope ones."""
    known = [example for example in examples if example.intent != OUT_OF_SCOPE]
    return known, [example for example in examples if example.intent == OUT_OF_SCOPE]


def _texts(examples: Sequence[Example]) -> tuple[str, ...]:
    return tuple(example.text for example in examples)
