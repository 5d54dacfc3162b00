"""Segment texts into word pieces (Wu et al. 2016), as BERT's uncased tokenizer does."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from string import punctuation

UNKNOWN = "[UNK]"  # stands for a word that the pieces can't make up
CONTINUES = "##"  # marks a piece that does not begin a word
MAX_WORD_LENGTH = 100  # BERT's tokenizer takes a longer word for unknown
CACHED_WORDS = 8192
# ASCII characters that are no letters or digits separate words, as Unicode's punctuation does.
ASCII_PUNCTUATION = frozenset(punctuation)
CHINESE = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F)),
    *((0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)),
)


class WordPieceSegmenter:
    """Segments texts into the numbers of pieces; thread-safe."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """Take the pieces, by their numbers; one of them stands for unknown words."""
        self.numbers = {piece: number for number, piece in enumerate(pieces)}
        self._unknown = (self.numbers[UNKNOWN],)
        # It does not refer to this object, whose memory would be left to the garbage collector.
        self._cached = lru_cache(CACHED_WORDS)(partial(_segmented, self.numbers))

    def __call__(self, text: str) -> list[int]:
        """Return the numbers of a text's pieces."""
        return list(chain.from_iterable(map(self._pieces_of, words_of(text))))

    def _pieces_of(self, word: str) -> tuple[int, ...]:
        return self._unknown if len(word) > MAX_WORD_LENGTH else self._cached(word)


def _segmented(numbers: Mapping[str, int], word: str) -> tuple[int, ...]:
    """Return the longest piece that begins the word, then that of the rest, and so on."""
    pieces, start, prefix = [], 0, ""
    while start < len(word):
        ends = range(len(word), start, -1)
        candidates = ((end, numbers.get(prefix + word[start:end])) for end in ends)
        end, number = next(((e, n) for e, n in candidates if n is not None), (0, 0))
        if not end:
            return (numbers[UNKNOWN],)
        pieces.append(number)
        start, prefix = end, CONTINUES
    return tuple(pieces)


def words_of(text: str) -> list[str]:
    """Return the words that are segmented: lower case, no accents, punctuation apart."""
    if text.isascii():
        return text.lower().translate(_SEPARATED_ASCII).split()
    spaced = "".join(map(_separated, text))
    decomposed = unicodedata.normalize("NFD", spaced)
    plain = "".join(each for each in decomposed if unicodedata.category(each) != "Mn")
    # Each character by itself: a final sigma is like any other.
    lowered = "".join(map(str.lower, plain))
    return list(chain.from_iterable(map(_split_punctuation, lowered.split())))


def _separated(character: str) -> str:
    """Return a character as BERT's clean-up leaves it: control characters are removed."""
    if character.isspace():  # also tab and line feed, which Unicode counts as control characters
        return " "
    if unicodedata.category(character).startswith("C") or character == "\ufffd":
        return ""
    return f" {character} " if _is_chinese(ord(character)) else character


def _split_punctuation(word: str) -> Iterator[str]:
    start = 0
    for place, character in enumerate(word):
        if character in ASCII_PUNCTUATION or unicodedata.category(character).startswith("P"):
            if start < place:
                yield word[start:place]
            yield character
            start = place + 1
    if start < len(word):
        yield word[start:]


def _is_chinese(code: int) -> bool:
    return any(first <= code <= last for first, last in CHINESE)


_SEPARATED_ASCII = {
    ord(character): f" {character} " if character in ASCII_PUNCTUATION else _separated(character)
    for character in map(chr, range(128))
}
