"""What to look at first in one's own data, found by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.formats import Example
from model.intent_model import softmax
from model.linear import Floats

# A model that is surer than this, and has not seen the utterance, is worth a second look.
LEAST_CONFIDENCE = 0.8


@dataclass(frozen=True, slots=True)
class Suspect:
    """An utterance whose label is doubtful.

    Attributes:
        example: as it stands in the data.
        likely: the intent that a model which has not seen it takes it for.
        confidence: that model's, 0 to 1.
    """

    example: Example
    likely: str
    confidence: float


def suspects(
    examples: Sequence[Example], labels: Sequence[str], logits: Floats, *, temperature: float
) -> list[Suspect]:
    """Find the utterances that are most likely mislabelled: confident disagreement.

    Args:
        examples: the training utterances.
        labels: the intents, in the order of the logits' columns.
        logits: of each utterance by a model that has not seen it, shape (utterances, labels).
        temperature: that makes confidences of them.

    Returns:
        The most confident disagreement first.
    """
    probabilities = softmax(logits / temperature)
    tops, confidences = probabilities.argmax(axis=1), probabilities.max(axis=1)
    order = np.argsort(-confidences, kind="stable")
    return [
        Suspect(examples[place], labels[tops[place]], float(confidences[place]))
        for place in order.tolist()
        if labels[tops[place]] != examples[place].intent and confidences[place] >= LEAST_CONFIDENCE
    ]
