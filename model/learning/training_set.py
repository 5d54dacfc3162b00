"""The training set: utterances with their intents, and out-of-scope texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

import numpy as np

from model.datasets.checks import MIN_OUT_OF_SCOPE
from model.datasets.readers import Example
from model.inference.static_embedding import TextEmbedding
from model.learning.augmentation import misspelt_copy
from model.learning.known_counts import KnownCounts
from model.learning.known_vectors import KnownVectors
from model.learning.linear_model import Integers

MIN_LARGE = 5000  # utterances
NAME_PARTS = re.compile(r"([a-z0-9])(?=[A-Z])|[_\W]+")


@dataclass(frozen=True)
class TrainingSet:
    """Utterances, intents and out-of-scope texts.

    Attributes:
        texts: the utterances.
        intents: the intent of each.
        out_of_scope: texts of no known intent; empty if there are too few to train on.
        embedding: the vectors of utterances, names and descriptions with their misspelt copies, and
            of out-of-scope and contrast texts; None without vectors.
        descriptions: of intents, as further utterances that are never held out.
        contrast: texts that resemble utterances and have no known intent, of each kind.
        counts: of the n-grams of all these texts; a part of a training set has those of the whole.
    """

    texts: tuple[str, ...]
    intents: tuple[str, ...]
    out_of_scope: tuple[str, ...] = ()
    embedding: KnownVectors | None = None
    descriptions: Mapping[str, str] = field(default_factory=dict)
    contrast: tuple[tuple[str, ...], ...] = ()
    counts: KnownCounts | None = None

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        out_of_scope: Sequence[str] = (),
        embedding: TextEmbedding | None = None,
        descriptions: Mapping[str, str] | None = None,
        *,
        contrast: Iterable[Sequence[str]] = (),
    ) -> TrainingSet:
        """Build a training set.

        Out-of-scope texts, and contrast texts of a kind, are ignored if they are too few. Detectors
        of contrast texts complement the one of ordinary out-of-scope texts: without it, all kinds
        are ignored. An embedding computes the vectors of all texts now, once.
        """
        texts = tuple(example.text for example in examples)
        intents = tuple(example.intent for example in examples)
        first, *others = (
            tuple(each) if len(each) >= MIN_OUT_OF_SCOPE else ()
            for each in (out_of_scope, *contrast)
        )
        kinds = tuple(each for each in others if first and each)
        training_set = cls(texts, intents, first, None, dict(descriptions or {}), kinds)
        taught = [*texts, *chain.from_iterable(training_set.label_texts)]
        outside = chain.from_iterable(training_set.outside)
        untaught = ["", *map(misspelt_copy, taught), *outside]
        return replace(
            training_set,
            embedding=KnownVectors(embedding, [*taught, *untaught]) if embedding else None,
            counts=KnownCounts(taught, untaught),
        )

    def part(self, numbers: Integers) -> TrainingSet:
        """Return the utterances with these numbers, without out-of-scope texts."""
        texts = tuple(self.texts[number] for number in numbers)
        intents = tuple(self.intents[number] for number in numbers)
        return replace(self, texts=texts, intents=intents, out_of_scope=(), contrast=())

    @property
    def outside(self) -> tuple[tuple[str, ...], ...]:
        """The out-of-scope texts, and the contrast texts of each kind."""
        return (self.out_of_scope, *self.contrast)

    @property
    def is_large(self) -> bool:
        """Return whether fitting in several processes is worth their start."""
        return len(self) >= MIN_LARGE

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The intents, in the order of scores."""
        return tuple(sorted(set(self.intents)))

    @cached_property
    def targets(self) -> Integers:
        """The index of each utterance's label, shape (utterances,)."""
        index = {label: number for number, label in enumerate(self.labels)}
        return np.array([index[intent] for intent in self.intents], dtype=np.intp)

    @property
    def label_texts(self) -> list[tuple[str, ...]]:
        """The texts that describe each label: the words of its name, and its description."""
        described = self.descriptions
        return [
            (words_of_name(label), *([described[label]] if label in described else ()))
            for label in self.labels
        ]

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.texts)


def words_of_name(label: str) -> str:
    """Return the words of an intent's name: "order cancel" for ``OrderCancel``."""
    return " ".join(NAME_PARTS.sub(r"\1 ", label).lower().split())
