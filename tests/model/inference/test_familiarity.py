from __future__ import annotations

import numpy as np
import pytest

from model.inference.familiarity import Familiarity, known_share


@pytest.mark.parametrize(
    ("share", "factor"),
    [
        pytest.param(0.0, 0.0, id="nothing-known"),
        pytest.param(0.3, 0.0, id="low"),
        pytest.param(0.5, 0.5, id="between"),
        pytest.param(0.7, 1.0, id="high"),
        pytest.param(1.0, 1.0, id="all-known"),
    ],
)
def test_n_grams_count_less_if_less_is_known(share, factor):
    """The factor of n-grams grows from 0 to 1 with the share of what is known."""
    [found] = Familiarity(low=0.3, high=0.7).factors(np.array([share]))

    assert found == pytest.approx(factor)


@pytest.mark.parametrize(
    ("words", "share"),
    [
        pytest.param(["my", "order"], 1.0, id="all"),
        pytest.param(["mein", "order", "my", "order"], 0.75, id="repeated"),
        pytest.param(["my", "paketeingang"], 2 / 14, id="a-short-word"),
        pytest.param(["mein", "paket"], 0.0, id="none"),
        pytest.param([], 1.0, id="no-words"),
    ],
)
def test_share_is_that_of_the_letters_in_known_words(words, share):
    """Each occurrence of a word counts by its letters; without words, nothing is unknown."""
    assert known_share(words, {"my", "order"}) == pytest.approx(share)
