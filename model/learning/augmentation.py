"""Typos and other noise in utterances, for training and for tests of robustness."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from string import ascii_lowercase

TYPO_SHARE = 0.3


def add_typos(text: str, rng: random.Random, *, share: float = TYPO_SHARE) -> str:
    """Return a text with one typo in some words: a letter omitted, doubled, swapped or replaced.

    Args:
        text: the utterance; single spaces separate the words of the result.
        rng: the source of randomness.
        share: the expected share of words with a typo, 0 to 1.
    """
    words = text.split()
    return " ".join(_add_typo(word, rng) if rng.random() < share else word for word in words)


@lru_cache(100_000)  # folds share most of their texts
def misspelt_copy(text: str) -> str:
    """Return the copy of a text, always the same, from which training learns typos."""
    return add_typos(text, random.Random(text))  # noqa: S311 - no secret depends on it


def upper_case(text: str, _: random.Random) -> str:
    """Return the text in upper case."""
    return text.upper()


def without_spaces(text: str, rng: random.Random) -> str:
    """Return the text without one of its spaces."""
    words = text.split()
    if len(words) < 2:  # noqa: PLR2004 - a single word has no space
        return text
    place = rng.randrange(1, len(words))
    return f"{' '.join(words[:place])}{' '.join(words[place:])}"


NOISES: dict[str, Callable[[str, random.Random], str]] = {
    "typos in 30 % of the words": add_typos,
    "upper case": upper_case,
    "a missing space": without_spaces,
}


def _add_typo(word: str, rng: random.Random) -> str:
    if len(word) < 2:  # noqa: PLR2004 - a typo would replace a word of one letter
        return word
    place = rng.randrange(len(word))
    before, letter, after = word[:place], word[place], word[place + 1 :]
    return rng.choice(
        (
            before + after,
            before + letter + letter + after,
            before + after[:1] + letter + after[1:],
            before + rng.choice(ascii_lowercase) + after,
        )
    )
