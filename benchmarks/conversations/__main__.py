"""Measure which texts of a conversation to classify: ``python -m benchmarks.conversations``.

Counts the right intents of the shipped model on a small set of our own,
``data/conversations.jsonl``, by each of several rules.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.reporting import results
from benchmarks.reporting.console import console
from benchmarks.system.paths import ROOT
from func.protocols.conversation import human_texts, text_to_classify
from func.settings import Settings
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE

SHIPPED = ROOT / "model" / "shipped"
SOURCE = Path(__file__).parents[1] / "data" / "conversations.jsonl"

Messages = Sequence[Mapping[str, Any]]


def main() -> int:
    """Run the command."""
    model, max_length = IntentModel.load(SHIPPED), Settings().max_text_length
    conversations = [json.loads(line) for line in SOURCE.read_text(encoding="utf-8").splitlines()]
    rules: Mapping[str, Callable[[Messages], str]] = {
        "newest human text": lambda messages: _joined(messages, 1),
        "newest two human texts": lambda messages: _joined(messages, 2),
        "all human texts": lambda messages: _joined(messages, None),
        "newest, with those before if it says nothing of its own": lambda messages: (
            text_to_classify(messages, max_length)
        ),
    }
    table = Table("text", f"right of {len(conversations)}")
    right = {}
    for name, rule in rules.items():
        texts = [rule(conversation["messages"]) for conversation in conversations]
        predictions = zip(texts, model.predict(texts), conversations, strict=True)
        right[name] = sum(
            (prediction.intent if text else OUT_OF_SCOPE) == conversation["intent"]
            for text, prediction, conversation in predictions
        )
        table.add_row(name, str(right[name]))
    console.print(table)
    counts = {"conversations": len(conversations), "right": right}
    console.print(f"Wrote {results.write('conversations', counts)}")
    return 0


def _joined(messages: Messages, count: int | None) -> str:
    return "\n".join(reversed([*islice(human_texts(messages), count)]))


if __name__ == "__main__":
    sys.exit(main())
