"""Make utterances worse, as people in a hurry do: to train on, and to test what a model bears."""

from __future__ import annotations

import random
from collections.abc import Callable
from string import ascii_lowercase

SHARE_MISSPELT = 0.3


def add_typos(text: str, rng: random.Random, *, share: float = SHARE_MISSPELT) -> str:
    """Misspell some words: in each of them one letter is left out, doubled, swapped or replaced.

    Args:
        text: the utterance; its words are separated by single spaces afterwards.
        rng: where the chance comes from.
        share: how many of the words are add_typos on average, 0 to 1.
    """
    words = text.split()
    return " ".join(_misspelt_word(word, rng) if rng.random() < share else word for word in words)


def upper_case(text: str, _: random.Random) -> str:
    """Give the text in capitals."""
    return text.upper()


def without_spaces(text: str, rng: random.Random) -> str:
    """Lose one space, wherever there is any."""
    words = text.split()
    if len(words) < 2:  # noqa: PLR2004 - one word has no space
        return text
    place = rng.randrange(1, len(words))
    return f"{' '.join(words[:place])}{' '.join(words[place:])}"


NOISES: dict[str, Callable[[str, random.Random], str]] = {
    "typos in 30 % of the words": add_typos,
    "upper case": upper_case,
    "a missing space": without_spaces,
}


def _misspelt_word(word: str, rng: random.Random) -> str:
    if len(word) < 2:  # noqa: PLR2004 - a word of one letter would become another word
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
