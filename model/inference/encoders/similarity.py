"""Compare a text with descriptions by the vectors of a sentence encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # most models have no encoder, and start faster without its code
    from model.inference.encoders.encoder_file import SentenceEncoder


def likelihoods(embedding: SentenceEncoder, text: str, descriptions: Sequence[str]) -> list[float]:
    """Return how well each description fits a text, 0 to 1: only their ratios have a meaning.

    Divided by their sum, they are the softmax of the weighted cosines. No held-out texts calibrate
    them.

    Args:
        embedding: a sentence encoder.
        text: any text.
        descriptions: any number of texts.
    """
    vectors = embedding.transform([text, *descriptions])
    cosines = (vectors[1:] @ vectors[0]).astype(np.float64)
    values: list[float] = np.exp(embedding.encoder.cosine_weight * (cosines - 1)).tolist()
    return values
