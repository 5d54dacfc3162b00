from __future__ import annotations

import numpy as np
import pytest

from model.inference.familiarity import VECTOR_ALONE, Familiarity, known_share


@pytest.mark.parametrize(
    ("share", "ngrams", "vectors"),
    [
        pytest.param(0.0, 0.0, VECTOR_ALONE, id="no-word-known"),
        pytest.param(0.3, 0.0, VECTOR_ALONE, id="low"),
        pytest.param(0.5, 0.5, (1 + VECTOR_ALONE) / 2, id="between"),
        pytest.param(0.7, 1.0, 1.0, id="high"),
        pytest.param(1.0, 1.0, 1.0, id="all-words-known"),
    ],
)
def test_fewer_known_words_mean_more_of_the_vector(share, ngrams, vectors):
    """The fewer words are known, the less the n-grams count, and the more the vector."""
    factors = Familiarity(low=0.3, high=0.7).factors(np.array([share]))

    np.testing.assert_allclose(factors, [[ngrams], [vectors]], atol=1e-12)


@pytest.mark.parametrize(
    ("words", "share"),
    [
        pytest.param(["my", "order"], 1.0, id="all"),
        pytest.param(["mein", "order", "my", "order"], 0.75, id="repeated"),
        pytest.param(["mein", "paket"], 0.0, id="none"),
        pytest.param([], 1.0, id="no-words"),
    ],
)
def test_share_is_that_of_the_known_words(words, share):
    """Each occurrence of a word counts; a text without words has none that is unknown."""
    assert known_share(words, {"my", "order"}) == share
