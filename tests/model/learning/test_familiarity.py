from __future__ import annotations

import numpy as np
import pytest

from model.learning.familiarity import fit_familiarity


def test_misspelt_texts_count_in_full():
    """N-grams count in full where 70 % is known of what nearly all training texts know."""
    texts = [["my", "order"], ["my", "parcel"], ["my", "order", "and", "parcel"]]

    familiarity = fit_familiarity(texts)

    assert 0.7 * 0.75 <= familiarity.high <= 0.7
    assert familiarity.low == pytest.approx(familiarity.high * 0.45 / 0.7)


def test_words_of_a_single_text_are_not_expected_to_be_known():
    """A word counts as known if another text has it, as a new text's words are."""
    texts = [["my", "hat"], ["my", "car"], ["my", "bag"]]

    assert fit_familiarity(texts).high == pytest.approx(0.7 * 2 / 5)


@pytest.mark.parametrize("texts", [[["a"], ["b"]], [["取消订单"], ["包裹在哪里"]]])
def test_n_grams_count_in_full_where_words_rarely_recur(texts):
    """Without words that recur, no text is taken for one of another language."""
    factors = fit_familiarity(texts).factors(np.array([0.0, 1.0]))

    assert factors.tolist() == [1.0, 1.0]
