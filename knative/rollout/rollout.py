"""A rollout: a candidate beside the stable revision, tested, given traffic in steps, and watched.

Whatever goes wrong, all traffic goes back to the stable revision. What a rollout knows stands in an
annotation of the Service, so that the next call can resume or undo one that was cut off.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from knative.rollout.cluster import Cluster, check_not_failed
from knative.rollout.errors import (
    ImageError,
    KnativeError,
    NoAnswerError,
    RolledBackError,
    SmokeError,
    StrandedError,
    TakenOverError,
    UnsuitableServiceError,
)
from knative.rollout.json_patch import Change
from knative.rollout.progress import Progress
from knative.rollout.resources import Service
from knative.rollout.signals import ignoring_signals
from knative.rollout.smoke import SmokeTest
from knative.rollout.state import STATE_ANNOTATION, RolloutState
from knative.rollout.timeouts import Timing
from knative.rollout.traffic import (
    CANDIDATE,
    STABLE,
    describe,
    percent_of,
    remaining_steps,
    serving_revisions,
    split,
)
from knative.rollout.traffic_control import TrafficController

DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")


def check_image(image: str) -> None:
    """Check that an image is named by its digest.

    Raises:
        ImageError: it is not.
    """
    if not DIGEST.fullmatch(image):
        raise ImageError(image)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Moves the traffic of one Service.

    Attributes:
        cluster: the Service.
        smoke_test: what a revision must pass; None lets any pass.
        progress: told what is being done.
        timing: how long things may take.
    """

    cluster: Cluster
    smoke_test: SmokeTest | None
    progress: Progress
    timing: Timing

    def run(self, image: str, *, steps: Sequence[int], pause_s: float) -> None:
        """Roll out an image, or resume it where it was cut off.

        Args:
            image: named by digest.
            steps: the candidate's shares in percent, rising to 100.
            pause_s: how long each step is watched, seconds.

        Raises:
            RolledBackError: it failed or was interrupted, and traffic is back.
            StrandedError: as before, but it is not confirmed that traffic is back.
            TakenOverError: somebody else moves the traffic.
            KnativeError: it could not begin; nothing was changed.
        """
        check_image(image)
        found = self._found(image)
        unfinished = found.rollout
        if unfinished:
            self.progress.say(f"Resuming the rollout that was cut off, {describe(found.wanted)}")
            state = replace(unfinished, owner=_new_owner())
        else:
            state = self._new_state(found, image)
            if self._is_served(found, state):
                self.progress.say(f"{state.stable} serves this image already")
                self._move_all(state.stable)
                return
        steering = TrafficController(self.cluster, state, found)
        with self._retreating(steering):
            steering.claim()
            self._advance(steering, steps, pause_s)

    def roll_back(self, to: str = "") -> None:
        """Undo an unfinished rollout, or go back to the revision before.

        Args:
            to: the revision to go to instead; empty means the one before.

        Raises:
            RolledBackError, StrandedError, TakenOverError, KnativeError: as for ``run``.
        """
        service = self.cluster.read_service()
        if not to and service.rollout:
            self._undo(service, service.rollout)
            return
        target = to or service.previous
        if not target:
            raise UnsuitableServiceError(
                "The revision before this one is not known: name one with --to (see status)"
            )
        self._check_revision(service, target)
        serving = serving_revisions(service.actual)
        is_plain = len(serving) == 1 and STATE_ANNOTATION not in service.annotations
        if is_plain and serving[0] != target:
            self._exchange(service, serving[0], target)
        else:
            self._move_all(target)

    def _found(self, image: str) -> Service:
        """Give the Service to begin from, with no other rollout than one of this image."""
        service = self.cluster.read_service()
        if service.template_name:
            raise UnsuitableServiceError(
                f"The template fixes the next revision's name ({service.template_name}), so that "
                "no other image can be set: remove spec.template.metadata.name"
            )
        if service.rollout and service.rollout.image == image:
            return service
        if service.rollout:
            self._undo(service, service.rollout)
        return self.cluster.wait_until_routed("the present traffic")

    def _new_state(self, found: Service, image: str) -> RolloutState:
        serving = serving_revisions(found.actual)
        if len(serving) != 1:
            raise UnsuitableServiceError(
                f"Traffic is shared already, {describe(found.actual)}: bring it to one revision "
                "first, with python -m knative rollback --to REVISION"
            )
        return RolloutState(
            owner=_new_owner(),
            image=image,
            stable=serving[0],
            started=datetime.now(UTC).isoformat(timespec="milliseconds"),
            last_created=found.last_created,
        )

    def _is_served(self, found: Service, state: RolloutState) -> bool:
        """Tell whether there is nothing to roll out: neither an image nor a changed template."""
        if found.last_created != state.stable or found.image != state.image:
            return False
        return self.cluster.read_revision(state.stable).image == state.image

    def _undo(self, service: Service, unfinished: RolloutState) -> None:
        self.progress.say(f"Undoing the unfinished rollout of {unfinished.image}")
        with ignoring_signals():
            routed = TrafficController(self.cluster, unfinished, service).roll_back()
        self.progress.say(f"Traffic is {describe(routed.actual)}")

    def _exchange(self, service: Service, stable: str, target: str) -> None:
        """Go to a revision that exists: tested, and thereby warmed, at 0 % first."""
        image = self.cluster.read_revision(target).image
        state = replace(self._new_state(service, image), stable=stable, candidate=target)
        steering = TrafficController(self.cluster, state, service)
        with self._retreating(steering):
            steering.claim()
            self._advance(steering, (100,), 0)

    def _move_all(self, revision: str) -> None:
        """Give all traffic to one revision, whatever is under way."""

        def change(service: Service) -> Change:
            traffic = split(service.wanted, stable=revision)
            return Change(traffic=traffic, annotations={STATE_ANNOTATION: None})

        self.cluster.update_service(change)
        self.cluster.wait_until_routed(f"all traffic to {revision}")
        self.progress.say(f"Traffic is all on {revision}")

    def _check_revision(self, service: Service, name: str) -> None:
        revision = self.cluster.read_revision(name)
        if revision.service != service.name:
            raise UnsuitableServiceError(f"{name} is no revision of {service.name}")
        check_not_failed(revision)

    def _advance(self, steering: TrafficController, steps: Sequence[int], pause_s: float) -> None:
        """Take the candidate from wherever it is to all traffic."""
        if not steering.state.candidate:
            steering.name_candidate(self._create_candidate(steering))
        stable, candidate = steering.state.stable, steering.state.candidate
        with self.progress.during(f"Waiting until {candidate} is ready"):
            self.cluster.wait_until_ready(candidate)
        percent = percent_of(self.cluster.read_service().wanted, candidate)
        self._smoke(steering.shift(percent), candidate)
        for step in remaining_steps(steps, percent):
            shares = f"{step} % on {candidate}, {100 - step} % on {stable}"
            steering.shift(step)
            with self.progress.during(f"{shares}: watching for {pause_s:g} s"):
                self._watch_over(steering, pause_s)
            self.progress.say(f"{shares}: healthy")
        steering.promote()
        self.progress.say(f"Traffic is all on {candidate}; the revision before is {stable}")

    def _create_candidate(self, steering: TrafficController) -> str:
        state = steering.state
        with self.progress.during(f"Waiting for a revision of {state.image}"):
            generation = steering.create_candidate()
            service = self.cluster.wait_for_revision_after(state.last_created, generation)
        candidate = self.cluster.read_revision(service.last_created)
        if candidate.image != state.image:
            raise UnsuitableServiceError(
                f"Somebody else has changed the template: {candidate.name} runs {candidate.image}"
            )
        return candidate.name

    def _smoke(self, service: Service, candidate: str) -> None:
        """Test the candidate by its tag, with patience: a gateway has to learn the new host."""
        if not self.smoke_test:
            return
        endpoint = self.smoke_test.at(service.tag_urls.get(CANDIDATE, ""))
        deadline = time.monotonic() + self.timing.timeout_s
        with self.progress.during(f"Testing {candidate} at {endpoint}"):
            while True:
                try:
                    passed = len(list(self.smoke_test.run(endpoint)))
                    break
                except NoAnswerError:
                    if time.monotonic() >= deadline:
                        raise
                    time.sleep(self.timing.poll_s)
        self.progress.say(f"{candidate} passes {passed} checks at 0 %")

    def _watch_over(self, steering: TrafficController, pause_s: float) -> None:
        """Look at the candidate again and again, once at least."""
        deadline = time.monotonic() + pause_s
        while True:
            check_not_failed(self.cluster.read_revision(steering.state.candidate))
            service = self.cluster.read_service()
            steering.check(service)
            self._probe(service)
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return
            time.sleep(min(self.timing.check_s, left_s))

    def _probe(self, service: Service) -> None:
        """Ask both revisions: for the candidate's answer, and to keep both warm.

        The candidate may have next to no traffic yet; and the stable one has none left at the last
        step, but must be there at once if traffic comes back.
        """
        if self.smoke_test:
            self.smoke_test.probe(self.smoke_test.at(service.tag_urls.get(CANDIDATE, "")))
            with suppress(SmokeError):
                self.smoke_test.probe(self.smoke_test.at(service.tag_urls.get(STABLE, "")))

    @contextmanager
    def _retreating(self, steering: TrafficController) -> Iterator[None]:
        """Move traffic back when anything ends a rollout early, be it a signal or a fault of ours.

        Only those who move it on purpose have the last word.
        """
        try:
            yield
        except TakenOverError:
            raise
        except BaseException as cause:
            with ignoring_signals():
                raise self._retreat(steering, cause) from cause

    def _retreat(self, steering: TrafficController, cause: BaseException) -> KnativeError:
        self.progress.say("Moving all traffic back")
        try:
            service = steering.roll_back()
        except TakenOverError as error:
            return error
        except KnativeError as failure:
            seen = self.cluster.last_seen
            return StrandedError(cause, failure, describe(seen.actual) if seen else "unknown")
        return RolledBackError(cause, describe(service.actual))


def _new_owner() -> str:
    return str(uuid.uuid4())
