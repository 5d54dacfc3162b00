"""Route texts by semantic-router, in process, with static word vectors that need no download.

Its index has the training utterances, and ``fit`` calibrates it on validation texts, as its own
documentation says. Writes ``routed.json``: the processor time of each text in seconds, its route,
and the probability that the route is right.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import wordllama
from semantic_router import IndexedRouter, Route
from semantic_router.encoders import DenseEncoder

# wordllama 0.4.0 looks for the tokenizer that it ships in another folder, and would download it.
VECTORS = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent)


THRESHOLD = 0.5


class WordLlamaEncoder(DenseEncoder):
    """Encodes texts with WordLlama."""

    name: str = "wordllama"

    def __call__(self, docs: list[str]) -> list[list[float]]:
        """Return a vector for each text."""
        return VECTORS.embed(docs, norm=True).tolist()


def read(path: Path) -> list[tuple[str, str]]:
    """Return texts with their intents."""
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["intent"]) for row in csv.DictReader(file)]


def main(folder: Path) -> None:
    """Build the router, and route the texts of ``tested.csv``."""
    utterances = defaultdict(list)
    for text, intent in read(folder / "train.csv"):
        utterances[intent].append(text)
    routes = [Route(name=name, utterances=texts) for name, texts in utterances.items()]
    router = IndexedRouter(encoder=WordLlamaEncoder(), routes=routes)
    texts, intents = zip(*read(folder / "calibration.csv"), strict=True)
    router.fit(X=[*texts], y=[None if name == "out_of_scope" else name for name in intents])
    rows = []
    for text, _ in read(folder / "tested.csv"):
        start = time.process_time()
        choice = router(text, threshold=0.0)
        seconds = time.process_time() - start
        # A threshold of 0.5, as its documentation has it, and the probability of either answer.
        is_known = choice.confidence >= THRESHOLD
        confidence = choice.confidence if is_known else 1 - choice.confidence
        rows.append([seconds, choice.name if is_known else "out_of_scope", confidence])
    (folder / "routed.json").write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
