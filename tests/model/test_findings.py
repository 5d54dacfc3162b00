from __future__ import annotations

from pathlib import Path

import numpy as np

from model.findings import Suspect, suspects
from model.formats import Example

LABELS = ("a", "b")
FILE = Path("train.csv")


def example(intent: str, line: int) -> Example:
    return Example(f"text {line}", intent, FILE, line)


def test_confident_disagreement_is_found_the_surest_first():
    """What agrees with its label, and what the model is not sure of, is no suspect."""
    examples = [example("a", line) for line in range(4)]
    logits = np.array([[5.0, 0.0], [0.0, 2.0], [0.0, 5.0], [0.0, 0.5]])

    found = suspects(examples, LABELS, logits, temperature=1.0)

    assert [(each.example.line, each.likely) for each in found] == [(2, "b"), (1, "b")]
    assert found[0].confidence > found[1].confidence > 0.8


def test_temperature_makes_confidences():
    """A model that is too sure of itself finds fewer suspects."""
    logits = np.array([[0.0, 2.0]])

    [found] = suspects([example("a", 1)], LABELS, logits, temperature=1.0)

    assert found == Suspect(example("a", 1), "b", 1 / (1 + np.exp(-2.0)))
    assert suspects([example("a", 1)], LABELS, logits, temperature=4.0) == []
