from __future__ import annotations

import numpy as np
import pytest

from model.inference.encoders.similarity import likelihoods
from tests.support.tiny_embedding import TINY, TINY_SENTENCES, TinyEncoder


def test_likelihoods_are_the_softmax_of_cosines():
    """Their ratios are those of the softmax over the weighted cosines."""
    text, others = "my order", ["parcel", "my order", "password"]
    [vector] = TINY.transform([text])
    logits = TinyEncoder.cosine_weight * (TINY.transform(others) @ vector)
    values = likelihoods(TINY_SENTENCES, text, others)

    expected = np.exp(logits) / np.exp(logits).sum()
    assert np.array(values) / sum(values) == pytest.approx(expected, rel=1e-4)
    assert max(values) == values[1] == pytest.approx(1, abs=1e-4)
