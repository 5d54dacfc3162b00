"""Correct typos: an unknown word becomes the one known word that it may be a misspelling of.

Word and sentence vectors know nothing of a misspelt word, although it is one slip away from a word
of the training utterances. Three slips are corrected: a letter left out, typed twice, or swapped
with the next one. They seldom turn a word into another word of the language, as a replaced letter
often does (charge, change).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from model.inference.word_cache import WordCache

# A shorter word has too many neighbours. In scripts beyond Arabic, one more character mostly makes
# another word. The parts of a word with an apostrophe are no words.
LETTER = r"[^\W\d_\u0700-\u1dff\u2000-\U0010ffff]"
WORD = re.compile(rf"(?<![\w'\u2019]){LETTER}{{4,16}}(?![\w'\u2019\u0300-\u036f])")
LAST = "\U0010ffff"  # is sorted after all letters
# So many words of one beginning are compared faster than each letter is inserted.
FEW_WORDS = 30


class Spelling:
    """Corrects texts towards known words; thread-safe."""

    def __init__(
        self,
        known: Iterable[str],
        normalize: Callable[[str], str],
        is_word: Callable[[str], bool] | None = None,
    ) -> None:
        """Take the words to correct to.

        Args:
            known: the normalized words of the training utterances.
            normalize: returns the normalized form of a word.
            is_word: returns whether a normalized word is right although no utterance has it; by
                default none is.
        """
        self._known, self._normalize, self._is_word = frozenset(known), normalize, is_word
        self._corrections = WordCache(self._corrections_of)

    def corrected(self, text: str) -> str:
        """Return the text with its misspelt words corrected."""
        # Nearly all texts have known words alone: this way, they take a few microseconds.
        if self._known.issuperset(WORD.findall(self._normalize(text))):
            return text
        return WORD.sub(self._correct, text)

    def _correct(self, match: re.Match[str]) -> str:
        return self._corrections.find([match[0]])[match[0]]

    def _corrections_of(self, words: Sequence[str]) -> list[str]:
        return [self._correction_of(word, self._normalize(word)) for word in words]

    def _correction_of(self, word: str, normalized: str) -> str:
        if normalized in self._known or (self._is_word and self._is_word(normalized)):
            return word
        meant = {*self._undone(normalized), *self._completed(normalized)}
        return meant.pop() if len(meant) == 1 else word

    def _undone(self, word: str) -> Iterator[str]:
        """Yield known words with a letter typed once instead of twice, or two in another order."""
        for place in range(len(word) - 1):
            before, letters, after = word[:place], word[place : place + 2], word[place + 2 :]
            if letters[0] == letters[1]:
                yield from self._known & {before + word[place + 1 :]}
            yield from self._known & {before + letters[::-1] + after} - {word}

    def _completed(self, word: str) -> Iterator[str]:
        """Yield known words with one letter more."""
        words, length = self._sorted, len(word) + 1
        for place in range(length):
            before, after = word[:place], word[place:]
            start, end = bisect_left(words, before), bisect_left(words, before + LAST)
            if end - start <= FEW_WORDS:
                few = (each for each in words[start:end] if len(each) == length)
                yield from (each for each in few if _is_completed(each, word))
                return
            yield from self._known & {before + letter + after for letter in self._letters}

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._known)

    @cached_property
    def _letters(self) -> list[str]:
        """The letters of known words."""
        return sorted(set(re.findall(LETTER, "".join(self._known))))


def _is_completed(longer: str, word: str) -> bool:
    """Return whether a word is a longer one without one letter."""
    pairs = enumerate(zip(longer, word, strict=False))
    place = next((place for place, (a, b) in pairs if a != b), len(word))
    return longer[place + 1 :] == word[place:]
