from __future__ import annotations

import random
from string import ascii_lowercase

import numpy as np
import pytest

from model.inference.familiarity import Familiarity, known_share, words_before_typo
from model.learning.augmentation import add_typos


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
        pytest.param(["my", "oder"], (2 + 4 / 2) / 6, id="a-letter-omitted"),
        pytest.param(["my", "orrder"], (2 + 6 / 2) / 8, id="a-letter-doubled"),
        pytest.param(["my", "roder"], (2 + 5 / 2) / 7, id="two-letters-swapped"),
        pytest.param(["my", "otder"], (2 + 5 / 2) / 7, id="a-letter-replaced"),
        pytest.param(["my", "oter"], 2 / 6, id="two-typos"),
        pytest.param(["me", "order"], 5 / 7, id="too-short-to-be-a-typo"),
        pytest.param([], 1.0, id="no-words"),
    ],
)
def test_share_is_that_of_the_letters_in_known_words(words, share):
    """Each occurrence of a word counts by its letters; without words, nothing is unknown."""
    assert known_share(words, {"my", "order"}) == pytest.approx(share)


def test_words_of_three_letters_are_not_corrected():
    """Words of other languages are too often one letter away from a short known one."""
    assert known_share(["cat"], {"cart"}) == 0.0
    assert known_share(["carz"], {"cart"}) == 0.5


def test_too_long_words_are_not_corrected():
    """A word of more than 16 letters, which would take long to correct, is unknown."""
    known = {"x" * 15, "x" * 18}

    assert known_share(["x" * 16], known) == 0.5
    assert known_share(["x" * 17], known) == 0.0


def test_each_typo_of_training_is_corrected():
    """Whatever typo training learns from, the correct word is among those before a typo."""
    rng = random.Random(0)
    for word in ("order", "address", "cancellation", "mum"):
        for _ in range(50):
            assert word in {*words_before_typo(add_typos(word, rng, share=1.0), ascii_lowercase)}


def test_typos_of_other_alphabets_are_corrected_by_the_letters_of_the_text():
    """The letter that a word lacks is tried if another word of the text has it."""
    known = {"заказ", "где"}

    assert known_share(["где", "зказ"], known) == pytest.approx((3 + 4 / 2) / 7)
    assert known_share(["где", "закз"], known) == pytest.approx((3 + 4 / 2) / 7)
    assert known_share(["зкз"], known) == 0.0


def test_of_many_letters_only_some_are_tried():
    """A text of thousands of different letters takes no longer than one of an alphabet."""
    many = "".join(map(chr, range(0x4E00, 0x5E00)))
    early, late = many[:6], many[-6:]

    assert known_share([many, early[:3] + early[4:]], {early}) > 0.0
    assert known_share([many, late[:3] + late[4:]], {late}) == 0.0
