"""The checks of a candidate: the smoke test before it has traffic, and the watch at each step."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from knative.rollout.cluster import Cluster, check_not_failed
from knative.rollout.comparison import Comparison
from knative.rollout.errors import NoAnswerError, SmokeError
from knative.rollout.progress import Progress
from knative.rollout.resources import Service
from knative.rollout.smoke import SmokeTest
from knative.rollout.timeouts import Timing
from knative.rollout.traffic import CANDIDATE, STABLE
from knative.rollout.traffic_control import TrafficController

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateChecks:
    """Checks candidates of one Service.

    Attributes:
        cluster: the Service.
        smoke_test: the requests; None sends none.
        progress: reports the checks.
        timing: timeouts and intervals.
        comparison: of the candidate's answers with the stable revision's; None compares none.
    """

    cluster: Cluster
    smoke_test: SmokeTest | None
    progress: Progress
    timing: Timing
    comparison: Comparison | None = None

    def test(self, service: Service, candidate: str) -> None:
        """Run the smoke test at the candidate's tag, and compare its answers.

        A missing answer is retried until the timeout: the gateway learns the new host late.

        Raises:
            SmokeError: the candidate fails.
        """
        if not self.smoke_test:
            return
        smoke_test = self.smoke_test
        endpoint = smoke_test.at(service.tag_urls.get(CANDIDATE, ""))
        with self.progress.during(f"Testing {candidate} at {endpoint}"):
            passed = self._answered(lambda: len(list(smoke_test.run(endpoint))))
        self.progress.say(f"{candidate} passes {passed} checks at 0 %")
        if comparison := self.comparison:
            stable = smoke_test.at(service.tag_urls.get(STABLE, ""))
            with self.progress.during(f"Comparing {len(comparison.texts)} answers"):
                summary = self._answered(
                    lambda: comparison.run(smoke_test, stable=stable, candidate=endpoint)
                )
            self.progress.say(summary)

    def _answered(self, ask: Callable[[], Result]) -> Result:
        """Return the result of requests; repeat them until there is an answer, or time is up."""
        deadline = time.monotonic() + self.timing.timeout_s
        while True:
            try:
                return ask()
            except NoAnswerError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(self.timing.poll_s)

    def watch(self, controller: TrafficController, pause_s: float) -> None:
        """Check the candidate repeatedly, at least once.

        Raises:
            RevisionFailedError, SmokeError: the candidate fails.
            TakenOverError: somebody else moves the traffic.
        """
        candidate = controller.state.candidate
        pods = self.cluster.pods_of(candidate)
        deadline = time.monotonic() + pause_s
        while True:
            check_not_failed(self.cluster.read_revision(candidate))
            pods.check()
            service = self.cluster.read_service()
            controller.check(service)
            self._probe(service)
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return
            time.sleep(min(self.timing.check_s, left_s))

    def _probe(self, service: Service) -> None:
        """Send a request to both revisions, to check the candidate and to keep both warm.

        The stable revision has no traffic at the last step, but must answer at once if traffic
        returns to it.
        """
        if self.smoke_test:
            self.smoke_test.probe(self.smoke_test.at(service.tag_urls.get(CANDIDATE, "")))
            with suppress(SmokeError):
                self.smoke_test.probe(self.smoke_test.at(service.tag_urls.get(STABLE, "")))
