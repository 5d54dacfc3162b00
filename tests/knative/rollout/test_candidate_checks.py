"""The watch of a candidate at one step: what ends it before its time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from knative.rollout.candidate_checks import CandidateChecks
from knative.rollout.errors import RevisionFailedError, TakenOverError
from knative.rollout.progress import Progress
from tests.knative.conftest import QUICK
from tests.support.kubernetes.fake_api import revision_name


@pytest.fixture
def watch(cluster):
    """Watch the only revision for a moment, with a controller that checks the traffic."""

    def watch(check: Any = lambda _: None) -> None:
        controller: Any = SimpleNamespace(
            state=SimpleNamespace(candidate=revision_name(1)), check=check
        )
        checks = CandidateChecks(
            cluster=cluster, smoke_test=None, progress=Progress(Console(quiet=True)), timing=QUICK
        )
        checks.watch(controller, 0)

    return watch


def test_a_ready_revision_is_watched_until_the_end(watch):
    """Nothing is wrong with it, and the step is over."""
    watch()


def test_a_revision_that_fails_ends_the_watch(api, watch):
    """Its condition says so before its pods do."""
    api.fail(revision_name(1))

    with pytest.raises(RevisionFailedError):
        watch()


def test_traffic_that_somebody_else_moves_ends_the_watch(watch):
    """The Service is read at each check, and shown to the controller."""

    def refuse(service: Any) -> None:
        raise TakenOverError("Somebody else has taken over", service.name)

    with pytest.raises(TakenOverError, match="intent-classifier"):
        watch(refuse)
