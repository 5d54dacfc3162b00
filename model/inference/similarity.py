"""Compare a text with descriptions by the vectors of a sentence encoder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.inference.static_embedding import TextEmbedding

# The weight of a cosine in the logit. On CLINC150's validation split, with a name and a description
# of each intent, 24 has the largest likelihood with one encoder and 25 with the other.
SCALE = 24.0


def likelihoods(embedding: TextEmbedding, text: str, descriptions: Sequence[str]) -> list[float]:
    """Return how well each description fits a text, 0 to 1: only their ratios have a meaning.

    Divided by their sum, they are the softmax of the scaled cosines. No held-out texts calibrate
    them.

    Args:
        embedding: its vectors have length one.
        text: any text.
        descriptions: any number of texts.
    """
    vectors = embedding.transform([text, *descriptions])
    cosines = (vectors[1:] @ vectors[0]).astype(np.float64)
    values: list[float] = np.exp(SCALE * (cosines - 1)).tolist()
    return values
