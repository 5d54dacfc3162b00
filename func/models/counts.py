"""Counters of named models, for the metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

# Each name is a label of metrics, and a store may hold any number of them.
MAX_NAMES = 200
OTHER = "other"

Event = Literal["loaded", "failed", "replaced", "kept", "evicted"]


@dataclass(slots=True)
class ModelCounts:
    """The events of models since the start; the owner's lock protects it.

    Attributes:
        models: the number of models in memory.
        size: an estimate of the memory that they take, in bytes.
        events: the number of loads, failed ones, replacements, old versions that were kept because
            a new one failed, and evictions, each by the model's name.
    """

    models: int = 0
    size: int = 0
    events: Counter[tuple[str, Event]] = field(default_factory=Counter)
    _names: set[str] = field(default_factory=set)

    def count(self, name: str, event: Event) -> None:
        """Count an event of a model; models beyond the first 200 share one name."""
        self.events[bounded(name, self._names), event] += 1


def bounded(name: str, known: set[str]) -> str:
    """Return a name for a label: the name itself while few are known, then "other"."""
    if name not in known:
        if len(known) >= MAX_NAMES:
            return OTHER
        known.add(name)
    return name
