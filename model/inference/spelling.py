"""Correct typos: an unknown word becomes the one known word that it may be a misspelling of.

Word and sentence vectors know nothing of a misspelt word, although it is one typo away from a word
of the training utterances. Three typos are corrected: a letter left out, typed twice, or swapped
with the next one. They turn fewer words into others than a replaced letter does (charge, change).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence, Set

import numpy as np

from model.inference.word_cache import WordCache

# A shorter word has too many neighbours. Neither part of a word with an apostrophe is a word.
WORD = re.compile(
    r"(?<![\w\u0300-\u036f])(?<!\w['\u2019])[^\W\d_]{4,16}(?![\w\u0300-\u036f]|['\u2019]\w)"
)
# The scripts from here on are left alone: in many of them a single character is a syllable or a
# word, or marks stand apart from letters.
FIRST_OTHER_LETTER = "\u0700"
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
            is_word: returns whether a word is right although no utterance has it; by default none
                is.
        """
        self._known, self._normalize, self._is_word = known, normalize, is_word
        self._sums = _letter_sums(known)
        letters = filter(str.isalpha, {*"".join(known)})
        self._powers = {each: ord(each) ** POWER for each in letters if each < FIRST_OTHER_LETTER}
        self._corrections: WordCache[str] = WordCache()

    def corrected(self, text: str) -> str:
        """Return the text with its misspelt words corrected."""
        corrections = self.corrections(text)
        if not corrections:
            return text
        return WORD.sub(lambda word: corrections.get(word[0], word[0]), _composed(text))

    def corrections(self, text: str) -> dict[str, str]:
        """Return the misspelt words of a text, and what they are corrected to."""
        words = [word for word in WORD.findall(_composed(text)) if word not in self._known]
        if not words:  # as in nearly all texts
            return {}
        found = self._corrections.find(words, self._corrections_of)
        return {word: found[word] for word in words if found[word] != word}

    def _corrections_of(self, words: Sequence[str]) -> list[str]:
        return [self._correction_of(word, self._normalize(word)) for word in words]

    def _correction_of(self, word: str, normalized: str) -> str:
        if normalized in self._known:
            return word
        meant = self._known & self._candidates(normalized)
        if len(meant) != 1 or (self._is_word and self._is_word(word)):
            return word
        return next(iter(meant))

    def _candidates(self, word: str) -> set[str]:
        """Return what a word may have been before a typo: known words, and some that are not."""
        powers, sums, places = self._powers, self._sums, range(len(word))
        try:
            total = sum(map(powers.__getitem__, word))
        except KeyError:  # no known word has this letter
            return set()
        # The sums tell which letters a known word may have more, and whether it may have the same.
        candidates = {
            word[:place] + letter + word[place:]
            for letter, power in powers.items()
            if total + power in sums
            for place in (*places, len(word))
        }
        if len({*word}) < len(word):
            candidates |= {
                word[:place] + word[place + 1 :]
                for place in places[1:]
                if word[place] == word[place - 1]
            }
        if total in sums:
            candidates |= {
                word[:place] + word[place + 1] + word[place] + word[place + 2 :]
                for place in places[:-1]
            }
        return candidates


def _composed(text: str) -> str:
    """Return a text in which a letter and its mark are one character, if there is such a one."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _letter_sums(words: Set[str]) -> Set[int]:
    """Return numbers that are the same for words of the same letters: sums of their powers."""
    letters = "".join(words).encode("utf-32-le", "surrogatepass")
    powers = np.frombuffer(letters, np.uint32).astype(np.int64) ** POWER
    ends = np.cumsum([len(word) for word in words], dtype=np.intp)
    return {*np.diff(np.append(0, powers.cumsum())[ends], prepend=0).tolist()}
