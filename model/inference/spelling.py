"""Correct typos: an unknown word becomes the one known word that it may be a misspelling of.

Word and sentence vectors know nothing of a misspelt word, although it is one slip away from a word
of the training utterances. Three slips are corrected: a letter left out, typed twice, or swapped
with the next one. They seldom turn a word into another word of the language, as a replaced letter
often does (charge, change).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from functools import cached_property
from itertools import pairwise

import numpy as np

from model.inference.word_cache import WordCache

# Of the scripts up to Arabic: in most others, one more character makes another word.
LETTERS = r"A-Za-z\u00c0-\u02af\u0370-\u065f\u066e-\u06d3\u1e00-\u1fff"
# A shorter word has too many neighbours, and the parts of a word with an apostrophe are no words.
WORD = re.compile(rf"(?<![\w'\u2019])[{LETTERS}]{{4,16}}(?![\w'\u2019\u0300-\u036f])")
POWER = 3  # with 1, the sums of many words with different letters would be the same


class Spelling:
    """Corrects texts towards known words; thread-safe."""

    def __init__(
        self,
        known: Set[str],
        normalize: Callable[[str], str],
        is_word: Callable[[str], bool] | None = None,
    ) -> None:
        """Take the words to correct to.

        Args:
            known: the normalized words of the training utterances.
            normalize: returns the normalized form of a text.
            is_word: returns whether a normalized word is right although no utterance has it; by
                default none is.
        """
        self._known, self._normalize, self._is_word = known, normalize, is_word
        self._corrections = WordCache(self._corrections_of)

    def corrected(self, text: str) -> str:
        """Return the text with its misspelt words corrected."""
        # Nearly all texts have known words alone: this way, they take a few microseconds.
        if all(map(self._known.__contains__, WORD.findall(self._normalize(text)))):
            return text
        return WORD.sub(self._correct, text)

    def _correct(self, match: re.Match[str]) -> str:
        return self._corrections.find([match[0]])[match[0]]

    def _corrections_of(self, words: Sequence[str]) -> list[str]:
        return [self._correction_of(word, self._normalize(word)) for word in words]

    def _correction_of(self, word: str, normalized: str) -> str:
        if normalized in self._known or (self._is_word and self._is_word(normalized)):
            return word
        meant = [each for each in {*self._candidates(normalized)} if each in self._known]
        return meant[0] if len(meant) == 1 else word

    def _candidates(self, word: str) -> Iterator[str]:
        """Yield what a word may have been before a slip: known words, and some that are not."""
        neighbours, sums = list(enumerate(pairwise(word))), self._sums
        for place, (first, second) in neighbours:
            if first == second:
                yield word[:place] + word[place + 1 :]
        # The sum tells whether any known word has these letters, and whether with one more letter.
        total = letter_sum(word)
        if total in sums:
            for place, (first, second) in neighbours:
                yield word[:place] + second + first + word[place + 2 :]
        for letter, power in self._letters.items():
            if total + power in sums:
                for place in range(len(word) + 1):
                    yield word[:place] + letter + word[place:]

    @cached_property
    def _letters(self) -> dict[str, int]:
        """The letters of known words."""
        letters = re.findall(f"[{LETTERS}]", "".join(sorted({*"".join(self._known)})))
        return {letter: letter_sum(letter) for letter in letters}

    @cached_property
    def _sums(self) -> Set[int]:
        """The sums of the known words' letters."""
        letters = "".join(self._known).encode("utf-32-le", "surrogatepass")
        powers = np.frombuffer(letters, np.uint32).astype(np.int64) ** POWER
        ends = np.cumsum([len(word) for word in self._known], dtype=np.intp)
        return {*np.diff(np.append(0, powers.cumsum())[ends], prepend=0).tolist()}


def letter_sum(word: str) -> int:
    """Return a number that is the same for all words of the same letters."""
    return sum([ord(letter) ** POWER for letter in word])
