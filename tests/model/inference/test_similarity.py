from __future__ import annotations

import numpy as np
import pytest

from model.inference.similarity import SCALE, likelihoods
from tests.support.tiny_embedding import TINY


def test_likelihoods_are_the_softmax_of_cosines():
    """Their ratios are those of the softmax over the scaled cosines."""
    text, others = "my order", ["parcel", "my order", "password"]
    [vector] = TINY.transform([text])
    cosines = TINY.transform(others) @ vector
    values = likelihoods(TINY, text, others)

    expected = np.exp(SCALE * cosines) / np.exp(SCALE * cosines).sum()
    assert np.array(values) / sum(values) == pytest.approx(expected, rel=1e-4)
    assert max(values) == values[1] == pytest.approx(1, abs=1e-4)
