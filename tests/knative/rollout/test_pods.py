"""The pods of a revision: which failures are final, and which may pass."""

from __future__ import annotations

from typing import Any

import pytest

from knative.rollout import pods as pods_module
from knative.rollout.errors import RevisionFailedError
from knative.rollout.pods import RevisionPods
from tests.support.clock import Clock

SCHEDULING_S = 60
PENDING = {
    "status": {
        "conditions": [
            {"type": "PodScheduled", "reason": "Unschedulable", "message": "0/1 nodes"},
        ]
    }
}


@pytest.fixture
def clock(monkeypatch):
    """The clock of the checks."""
    clock = Clock()
    monkeypatch.setattr(pods_module, "time", clock)
    return clock


def test_pod_may_wait_for_a_node_for_a_while(clock):
    """An autoscaler may add one; after the time, the scheduler's own words are the reason."""
    checks = RevisionPods("r", lambda: [PENDING], SCHEDULING_S)
    checks.check()
    clock.ahead_s += SCHEDULING_S - 1
    checks.check()
    clock.ahead_s += 2
    with pytest.raises(RevisionFailedError, match="Unschedulable: 0/1 nodes"):
        checks.check()


def test_time_without_a_node_counts_anew_after_one_was_found(clock):
    """A pod that was scheduled, and whose successor waits, has not waited all the time."""
    found: list[dict[str, Any]] = [PENDING]
    checks = RevisionPods("r", lambda: found, SCHEDULING_S)
    checks.check()
    found.clear()
    checks.check()
    clock.ahead_s += SCHEDULING_S + 1
    found.append(PENDING)
    checks.check()
