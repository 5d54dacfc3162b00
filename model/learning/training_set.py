"""What is trained on: utterances with their intents, and texts that fit none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model.datasets.readers import Example
from model.inference.static_embedding import Embedding
from model.learning.linear_model import Integers

# Fewer out-of-scope texts teach nothing about others.
MIN_OUT_OF_SCOPE = 20


@dataclass(frozen=True)
class TrainingSet:
    """What is trained on.

    Attributes:
        texts: the utterances.
        intents: the intent of each.
        out_of_scope: texts that fit no intent; none where there are too few to learn from.
        embedding: gives static word vectors, if they are to be features.
    """

    texts: tuple[str, ...]
    intents: tuple[str, ...]
    out_of_scope: tuple[str, ...] = ()
    embedding: Embedding | None = None

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        out_of_scope: Sequence[str] = (),
        embedding: Embedding | None = None,
    ) -> TrainingSet:
        """Take labelled utterances, and out-of-scope texts if they are enough."""
        enough = tuple(out_of_scope) if len(out_of_scope) >= MIN_OUT_OF_SCOPE else ()
        return cls(
            tuple(example.text for example in examples),
            tuple(example.intent for example in examples),
            enough,
            embedding,
        )

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
        """Give the number of utterances."""
        return len(self.texts)
