"""The training set: utterances with their intents, and out-of-scope texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np

from model.datasets.readers import Example
from model.inference.static_embedding import TextEmbedding
from model.learning.known_vectors import KnownVectors
from model.learning.learner import words_of_name
from model.learning.linear_model import Integers

# A detector that is trained on fewer out-of-scope texts does not generalize.
MIN_OUT_OF_SCOPE = 20


@dataclass(frozen=True)
class TrainingSet:
    """Utterances, intents and out-of-scope texts.

    Attributes:
        texts: the utterances.
        intents: the intent of each.
        out_of_scope: texts of no known intent; empty if there are too few to train on.
        contrast: texts that resemble utterances and have no known intent, of each kind.
        embedding: the vectors of all texts and of the intents' names, or None without vectors.
    """

    texts: tuple[str, ...]
    intents: tuple[str, ...]
    out_of_scope: tuple[str, ...] = ()
    contrast: tuple[tuple[str, ...], ...] = ()
    embedding: KnownVectors | None = None

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        out_of_scope: Sequence[str] = (),
        embedding: TextEmbedding | None = None,
        *,
        contrast: Iterable[Sequence[str]] = (),
    ) -> TrainingSet:
        """Build a training set; too few out-of-scope texts are ignored, also of a kind.

        Detectors of contrast texts complement that of ordinary out-of-scope texts: without it, all
        kinds are ignored. An embedding computes the vectors of all texts now, once.
        """
        texts = tuple(example.text for example in examples)
        intents = tuple(example.intent for example in examples)
        first, *others = (
            tuple(each) if len(each) >= MIN_OUT_OF_SCOPE else ()
            for each in (out_of_scope, *contrast)
        )
        kinds = tuple(each for each in others if first and each)
        if embedding is None:
            return cls(texts, intents, first, kinds)
        names = map(words_of_name, set(intents))
        known = ["", *texts, *names, *first, *chain.from_iterable(kinds)]
        return cls(texts, intents, first, kinds, KnownVectors(embedding, known))

    def part(self, numbers: Integers) -> TrainingSet:
        """Return the utterances with these numbers, without out-of-scope texts."""
        texts = tuple(self.texts[number] for number in numbers)
        intents = tuple(self.intents[number] for number in numbers)
        return replace(self, texts=texts, intents=intents, out_of_scope=(), contrast=())

    @property
    def outside(self) -> tuple[tuple[str, ...], ...]:
        """The out-of-scope texts, and the contrast texts of each kind."""
        return (self.out_of_scope, *self.contrast)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The intents, in the order of scores."""
        return tuple(sorted(set(self.intents)))

    @cached_property
    def targets(self) -> Integers:
        """The index of each utterance's label, shape (utterances,)."""
        index = {label: number for number, label in enumerate(self.labels)}
        return np.array([index[intent] for intent in self.intents], dtype=np.intp)

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.texts)
