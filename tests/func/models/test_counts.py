from __future__ import annotations

from func.models.counts import MAX_NAMES, OTHER, ModelCounts


def test_names_beyond_the_limit_are_counted_together():
    """A store may hold any number of models, a metric only so many labels."""
    counts = ModelCounts()
    for number in range(MAX_NAMES + 5):
        counts.count(f"model-{number}", "loaded")
    counts.count("model-0", "loaded")
    assert counts.events["model-0", "loaded"] == 2
    assert counts.events[OTHER, "loaded"] == 5
    assert len(counts.events) == MAX_NAMES + 1
