from __future__ import annotations

from collections import Counter

from tests.support.paths import ROOT

MAX_MODULES = 22


def test_folders_stay_small_enough_to_be_looked_through():
    """No folder has more modules than a reader takes in at a glance."""
    parts = ("func", "model", "knative", "benchmarks", "tests")
    modules = (path for part in parts for path in (ROOT / part).rglob("*.py"))
    counts = Counter(path.parent for path in modules if ".work" not in path.parts)

    assert {folder: count for folder, count in counts.items() if count > MAX_MODULES} == {}
