"""Measure predictions for long texts: ``python -m benchmarks.long_texts``.

Trains a model, and predicts in this process: texts of common words repeated, and texts of words
that never recur, for which no cache helps.
"""

from __future__ import annotations

import random
import string
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from statistics import median
from timeit import repeat

from rich.table import Table

from benchmarks.data.corpus import prepare_corpus
from benchmarks.reporting import results
from benchmarks.reporting.console import console
from func.settings import Settings
from model.inference.intent_model import IntentModel

LENGTHS = (100, 1_000, 5_000, 20_000, 100_000, 1_000_000)
REPEATS = 3
LETTERS = 8


def main() -> int:
    """Run the command."""
    settings = Settings()
    model = IntentModel.load(settings.model_path)
    texts = [utterance.text for utterance in prepare_corpus().read("test")]
    sources = (cycle(" ".join(texts).split()), _new_words())
    table = Table("characters", "common words, ms", "new words, ms", "ms per 1,000 of these")
    rows = {}
    for length in LENGTHS:
        costs = [_milliseconds(model, words, length) for words in sources]
        rows[str(length)] = dict(zip(("common_ms", "new_ms"), costs, strict=True))
        per_thousand = costs[1] / length * 1000
        table.add_row(f"{length:,}", *(f"{cost:.2f}" for cost in costs), f"{per_thousand:.2f}")
    console.print(table)
    console.print(f"MAX_TEXT_LENGTH is {settings.max_text_length:,} by default")
    console.print(f"Wrote {results.write('long_texts', {'characters': rows})}")
    return 0


def _new_words() -> Iterator[str]:
    chance = random.Random(0)  # noqa: S311 - guards no secret
    while True:
        yield "".join(chance.choices(string.ascii_lowercase, k=LETTERS))


def _text(words: Iterator[str], length: int) -> str:
    parts: list[str] = []
    while sum(map(len, parts)) + len(parts) < length:
        parts += islice(words, max(1, length // LETTERS))
    return " ".join(parts)[:length]


def _milliseconds(model: IntentModel, words: Iterator[str], length: int) -> float:
    texts = iter([_text(words, length) for _ in range(REPEATS)])
    return median(repeat(lambda: model.predict([next(texts)]), number=1, repeat=REPEATS)) * 1000


if __name__ == "__main__":
    sys.exit(main())
