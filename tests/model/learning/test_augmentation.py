from __future__ import annotations

import random

import pytest

from model.learning.augmentation import add_typos, misspelt_copy, upper_case, without_spaces

TEXT = "where is my missing parcel"


def test_share_of_one_misspells_every_long_word():
    """With a share of 1, each word of two letters or more has a typo."""
    words = add_typos("a blue bird", random.Random(1), share=1.0).split()

    assert words[0] == "a"
    assert words[1] != "blue"
    assert words[2] != "bird"


def test_share_of_zero_misspells_no_word():
    """With a share of 0, only the spaces between words change."""
    assert add_typos("  where   is it ", random.Random(0), share=0.0) == "where is it"


def test_share_of_the_words_is_misspelt():
    """About the requested share of many words has a typo."""
    words = ["parcel"] * 2000

    result = add_typos(" ".join(words), random.Random(0), share=0.3).split()

    assert sum(word != "parcel" for word in result) == pytest.approx(600, abs=60)


def test_typos_are_of_four_kinds():
    """A letter is omitted, doubled, swapped with the next one, or replaced."""
    rng = random.Random(0)
    typos = {add_typos("ab", rng, share=1.0) for _ in range(500)}

    assert {"a", "b", "aab", "abb", "ba", "zb", "az"} <= typos
    assert {len(typo) for typo in typos} == {1, 2, 3}


def test_upper_case_is_upper_case():
    """All letters become capitals."""
    assert upper_case("where is it", random.Random(0)) == "WHERE IS IT"


def test_one_space_is_lost():
    """Exactly one pair of adjacent words is joined."""
    result = without_spaces(TEXT, random.Random(0))

    assert len(result.split()) == len(TEXT.split()) - 1
    assert result.replace(" ", "") == TEXT.replace(" ", "")


def test_one_word_has_no_space_to_lose():
    """A text of one word stays as it is."""
    assert without_spaces("parcel", random.Random(0)) == "parcel"


def test_a_text_has_one_misspelt_copy():
    """It is the same each time, so that its vector is computed once, and each text has its own."""
    text = " ".join(["parcel"] * 20)

    assert misspelt_copy(text) == misspelt_copy(text) != text
    assert misspelt_copy(text).split() != misspelt_copy(f"{text} parcel").split()[:20]
