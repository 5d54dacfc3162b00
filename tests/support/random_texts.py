"""Random texts from all of Unicode, generated thousands of times faster than by Hypothesis."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence

MAX_PARTS = 8
MAX_CHARACTERS = 8
# Each range is drawn from equally often: characters that change in number or kind when they are
# normalized lie in small ranges.
RANGES = (
    range(0x80),  # ASCII, with its control characters
    range(ord("a"), ord("z") + 1),
    range(0x80, 0x250),  # Latin letters with accents
    range(0x300, 0x370),  # combining accents
    range(0x370, 0x590),  # Greek, Cyrillic, Armenian
    range(0x1E00, 0x2070),  # more Latin and Greek, spaces, directional marks
    range(0x3040, 0xD800),  # Japanese, Chinese, Korean
    range(0xF900, 0x10000),  # ligatures, presentation forms, full width
    range(0x10000, sys.maxunicode + 1),
)


def random_texts(words: Sequence[str], *, count: int, seed: int = 0) -> Iterator[str]:
    """Yield texts of up to eight words, each a known one or up to eight random characters."""
    rng = random.Random(seed)
    for _ in range(count):
        parts = range(rng.randint(0, MAX_PARTS))
        yield " ".join(rng.choice(words) if rng.random() < 0.5 else _string(rng) for _ in parts)


def _string(rng: random.Random) -> str:
    length = rng.randint(0, MAX_CHARACTERS)
    return "".join(chr(rng.choice(rng.choice(RANGES))) for _ in range(length))
