"""A rollout: a candidate beside the stable revision gets traffic in steps while it is checked.

After any failure all traffic returns to the stable revision. The state of a rollout is kept in an
annotation of the Service, so that a later call can resume or undo an interrupted one.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from knative.rollout.candidate_checks import CandidateChecks
from knative.rollout.cluster import Cluster, check_not_failed
from knative.rollout.errors import (
    ImageError,
    KnativeError,
    RefusedError,
    RolledBackError,
    StrandedError,
    TakenOverError,
    UnsuitableServiceError,
)
from knative.rollout.json_patch import Change
from knative.rollout.progress import Progress
from knative.rollout.resources import Revision, Service
from knative.rollout.signals import ignoring_signals
from knative.rollout.state import STATE_ANNOTATION, RolloutState
from knative.rollout.traffic import (
    CANDIDATE,
    describe,
    percent_of,
    remaining_steps,
    serving_revisions,
    split,
)
from knative.rollout.traffic_control import TrafficController

DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
# A label of a host, which is the tag, a hyphen and the name, has at most 63 characters.
MAX_NAME = 63 - len(f"{CANDIDATE}-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The changes of the template that a rollout makes.

    Attributes:
        image: named by digest; empty keeps the template's image.
        environment: variables to set in the serving container.

    Raises:
        ImageError: the image is not named by digest.
    """

    image: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the image."""
        if self.image and not DIGEST.fullmatch(self.image):
            raise ImageError(self.image)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Moves the traffic of one Service.

    Attributes:
        cluster: the Service.
        checks: of candidates.
        progress: reports each step.
    """

    cluster: Cluster
    checks: CandidateChecks
    progress: Progress

    def run(self, template: Template, *, steps: Sequence[int], pause_s: float) -> None:
        """Roll out a template, or resume its interrupted rollout.

        Args:
            template: the changes; an empty one rolls out the Service's template as it is.
            steps: the candidate's shares in percent, increasing to 100.
            pause_s: how long each step is watched, seconds.

        Raises:
            RolledBackError: it failed or was interrupted, and traffic is back.
            StrandedError: it failed, and it is not confirmed that traffic is back.
            TakenOverError: somebody else moves the traffic.
            KnativeError: it could not begin; nothing was changed.
        """
        found = self._prepare(template)
        unfinished = found.rollout
        if unfinished:
            self.progress.say(f"Resuming the interrupted rollout, {describe(found.wanted)}")
            state = replace(unfinished, owner=_new_owner())
        else:
            state = self._new_state(found, template)
            if self._is_served(found, state):
                self.progress.say(f"{state.stable} already serves this image and these settings")
                self._move_all(state.stable)
                return
        controller = TrafficController(self.cluster, state, found)
        with self._rolling_back(controller):
            controller.claim()
            self._advance(controller, steps, pause_s)

    def roll_back(self, to: str = "") -> None:
        """Undo an unfinished rollout, or return to the previous revision.

        The template then describes that revision as well.

        Args:
            to: the revision to return to; empty means the previous one.

        Raises:
            RolledBackError, StrandedError, TakenOverError, KnativeError: as for ``run``.
        """
        service = self.cluster.read_service()
        if not to and service.rollout:
            self._undo(service, service.rollout)
            return
        name = to or service.previous
        if not name:
            raise UnsuitableServiceError(
                "The previous revision is not known: name one with --to (see status)"
            )
        target = self._find_revision(service, name)
        serving = serving_revisions(service.actual)
        is_plain = len(serving) == 1 and STATE_ANNOTATION not in service.annotations
        if is_plain and serving[0] != name:
            self._exchange(service, target)
        else:
            self._move_all(name, template=target)

    def _prepare(self, template: Template) -> Service:
        """Return the Service to start from; undo unfinished rollouts of another template."""
        service = self.cluster.read_service()
        if "deletionTimestamp" in service.document["metadata"]:
            raise UnsuitableServiceError(f"{service.name} is being deleted: deploy it again")
        if len(service.name) > MAX_NAME:
            raise UnsuitableServiceError(
                f"{service.name} has more than {MAX_NAME} characters, so that Knative cannot name "
                f"the host of the tag {CANDIDATE}: deploy it under a shorter name"
            )
        if service.template_name:
            raise UnsuitableServiceError(
                f"The template fixes the next revision's name ({service.template_name}), which "
                "prevents any change: remove spec.template.metadata.name"
            )
        if unfinished := service.rollout:
            is_same_image = template.image in {"", unfinished.image}
            is_same_environment = template.environment in ({}, unfinished.environment)
            if is_same_image and is_same_environment:
                return service
            self._undo(service, unfinished)
        return self.cluster.wait_until_routed("the present traffic")

    def _new_state(self, found: Service, template: Template) -> RolloutState:
        serving = serving_revisions(found.actual)
        if len(serving) != 1:
            raise UnsuitableServiceError(
                f"Traffic is split already, {describe(found.actual)}: move it to one revision "
                "first, with python -m knative rollback --to REVISION"
            )
        return RolloutState(
            owner=_new_owner(),
            image=template.image or found.image,
            environment=template.environment,
            stable=serving[0],
            started=datetime.now(UTC).isoformat(timespec="milliseconds"),
            last_created=found.last_created,
        )

    def _is_served(self, found: Service, state: RolloutState) -> bool:
        """Return whether the stable revision already is what the rollout would create."""
        changes_environment = not state.environment.items() <= found.environment.items()
        if found.image != state.image or changes_environment:
            return False
        stable = self.cluster.read_revision(state.stable)
        return stable.is_same_as(self.cluster.read_revision(found.last_created))

    def _undo(self, service: Service, unfinished: RolloutState) -> None:
        self.progress.say(f"Undoing the unfinished rollout of {unfinished.image}")
        with ignoring_signals(), self._confirming(unfinished.stable):
            routed = TrafficController(self.cluster, unfinished, service).roll_back()
        self.progress.say(f"Traffic is {describe(routed.actual)}")

    def _exchange(self, service: Service, target: Revision) -> None:
        """Move to an existing revision, which the smoke test at 0 % also warms."""
        state = self._new_state(service, Template())
        state = replace(state, image=target.image, candidate=target.name)
        controller = TrafficController(self.cluster, state, service)
        with self._rolling_back(controller):
            controller.claim()
            self._advance(controller, (100,), 0, template=target)

    def _move_all(self, revision: str, *, template: Revision | None = None) -> None:
        """Route all traffic to one revision, whatever is in progress."""

        def change(service: Service) -> Change:
            traffic = split(service.wanted, stable=revision)
            annotations = {STATE_ANNOTATION: None}
            return Change(traffic=traffic, annotations=annotations, revision=template)

        # Up to a timeout, which is long without a word.
        moving = self.progress.during(f"Moving all traffic to {revision}, which no signal stops")
        with ignoring_signals(), moving:
            with self._confirming(revision, unless=RefusedError):
                self.cluster.update_service(change)
            with self._confirming(revision):
                self.cluster.wait_until_routed(f"all traffic to {revision}")
        self.progress.say(f"Traffic is all on {revision}")

    def _find_revision(self, service: Service, name: str) -> Revision:
        revision = self.cluster.read_revision(name)
        if revision.service != service.name:
            raise UnsuitableServiceError(f"{name} is not a revision of {service.name}")
        check_not_failed(revision)
        return revision

    def _advance(
        self,
        controller: TrafficController,
        steps: Sequence[int],
        pause_s: float,
        *,
        template: Revision | None = None,
    ) -> None:
        """Move the candidate from its present share to all traffic."""
        if not controller.state.candidate:
            controller.name_candidate(self._create_candidate(controller))
        stable, candidate = controller.state.stable, controller.state.candidate
        with self.progress.during(f"Waiting until {candidate} is ready"):
            self.cluster.wait_until_ready(candidate)
        percent = percent_of(self.cluster.read_service().wanted, candidate)
        self.checks.test(controller.shift(percent), candidate)
        for step in remaining_steps(steps, percent):
            shares = f"{step} % on {candidate}, {100 - step} % on {stable}"
            controller.shift(step)
            with self.progress.during(f"{shares}: watching for {pause_s:g} s"):
                self.checks.watch(controller, pause_s)
            self.progress.say(f"{shares}: healthy")
        controller.promote(template)
        self.progress.say(f"Traffic is all on {candidate}; the previous revision is {stable}")

    def _create_candidate(self, controller: TrafficController) -> str:
        state = controller.state
        with self.progress.during(f"Waiting for a revision of {state.image}"):
            generation = controller.create_candidate()
            service = self.cluster.wait_for_revision_after(state.last_created, generation)
        candidate = self.cluster.read_revision(service.last_created)
        if candidate.image != state.image:
            raise UnsuitableServiceError(
                f"Somebody else has changed the template: {candidate.name} runs {candidate.image}"
            )
        return candidate.name

    @contextmanager
    def _rolling_back(self, controller: TrafficController) -> Iterator[None]:
        """Move all traffic back after any exception in the block, signals and bugs included.

        Traffic that somebody else has moved stays.
        """
        try:
            yield
        except TakenOverError:
            raise
        except BaseException as cause:
            with ignoring_signals():
                raise self._roll_back_after(cause, controller) from cause

    def _roll_back_after(self, cause: BaseException, controller: TrafficController) -> KnativeError:
        self.progress.say("Moving all traffic back")
        try:
            service = controller.roll_back()
        except TakenOverError as error:
            return error
        except KnativeError as failure:
            return self._stranded(failure, controller.state.stable, cause)
        return RolledBackError(cause, describe(service.actual))

    @contextmanager
    def _confirming(
        self, revision: str, *, unless: type[KnativeError] = TakenOverError
    ) -> Iterator[None]:
        """Move all traffic to a revision, or say that it is not confirmed to have moved.

        Args:
            revision: the revision.
            unless: an error after which nothing was changed; TakenOverError always is one.

        Raises:
            StrandedError: any other error.
        """
        try:
            yield
        except (TakenOverError, unless):
            raise
        except KnativeError as failure:
            raise self._stranded(failure, revision) from failure

    def _stranded(
        self, failure: KnativeError, revision: str, cause: BaseException | None = None
    ) -> StrandedError:
        seen = self.cluster.last_seen
        traffic = describe(seen.actual) if seen else "unknown"
        return StrandedError(failure, traffic, revision, cause)


def _new_owner() -> str:
    return str(uuid.uuid4())
