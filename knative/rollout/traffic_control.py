"""The writes of one rollout, each made only if nobody else has moved the traffic."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from knative.rollout.cluster import Cluster
from knative.rollout.errors import RefusedError, TakenOverError
from knative.rollout.json_patch import Change, operations
from knative.rollout.resources import Revision, Service
from knative.rollout.state import PREVIOUS_ANNOTATION, STATE_ANNOTATION, RolloutState
from knative.rollout.traffic import Traffic, describe, relevant_targets, split


class TrafficController:
    """Moves a Service's traffic between the two revisions of a rollout.

    Each move waits until it is routed.

    Attributes:
        state: of the rollout.
    """

    def __init__(self, cluster: Cluster, state: RolloutState, found: Service) -> None:
        """Prepare the control of a rollout.

        Args:
            cluster: the Service.
            state: of the rollout, which may be one that was interrupted.
            found: the Service on which the decision for the rollout was based.
        """
        self._cluster = cluster
        self.state = state
        self._owners = {state.owner, found.rollout.owner if found.rollout else None}
        self._known = {relevant_targets(found.wanted)}

    def claim(self) -> None:
        """Write the owner; at the start of a rollout also route all traffic to the stable revision.

        That is routed by name, because otherwise the candidate would get all traffic when it is
        ready.
        """

        def change(service: Service) -> Change:
            is_new = service.rollout is None
            traffic = split(service.wanted, stable=self.state.stable) if is_new else None
            return replace(self._saved(), traffic=traffic)

        self._update(change)
        self._owners = {self.state.owner}
        self._wait("the initial traffic")

    def create_candidate(self) -> int:
        """Change the template, so that Knative creates the candidate.

        Returns:
            The Service's generation after the change.
        """
        change = Change(
            image=self.state.image,
            environment=self.state.environment,
            started=self.state.started,
        )
        return self._update(lambda _: change).generation

    def name_candidate(self, name: str) -> None:
        """Write the candidate's name."""
        self.state = replace(self.state, candidate=name)
        self._update(lambda _: self._saved())

    def shift(self, percent: int) -> Service:
        """Route a share of 0 to 100 percent to the candidate, which its tag gives a URL."""
        stable, candidate = self.state.stable, self.state.candidate

        def change(service: Service) -> Change:
            traffic = split(service.wanted, stable=stable, candidate=candidate, percent=percent)
            return Change(traffic=traffic)

        self._update(change)
        return self._wait(f"{percent} % to {candidate}")

    def promote(self, template: Revision | None = None) -> None:
        """Make the candidate the stable revision, and record the previous one for a rollback.

        Args:
            template: the revision that the template shall describe, if it does not yet.
        """

        def change(service: Service) -> Change:
            annotations = {STATE_ANNOTATION: None, PREVIOUS_ANNOTATION: self.state.stable}
            traffic = split(service.wanted, stable=self.state.candidate)
            return Change(traffic=traffic, annotations=annotations, revision=template)

        self._update(change)
        self._cluster.wait_until_routed(f"all traffic to {self.state.candidate}")

    def roll_back(self) -> Service:
        """Route all traffic to the stable revision, and end the rollout.

        The template then describes the stable revision again, unless somebody else has changed it:
        otherwise any later change would start the failed candidate's image again. If the Service
        has no state, the rollout has not begun or is complete, and nothing is changed.
        """
        good: Revision | None = None
        with suppress(RefusedError):  # moving the traffic matters more
            good = self._cluster.read_revision(self.state.stable)

        def change(service: Service) -> Change:
            if service.rollout is None:
                return Change()
            traffic = split(service.wanted, stable=self.state.stable)
            revision = good if self._owns_template(service) else None
            annotations = {STATE_ANNOTATION: None}
            return Change(traffic=traffic, annotations=annotations, revision=revision)

        self._update(change)
        return self._cluster.wait_until_routed(f"all traffic to {self.state.stable}")

    def check(self, service: Service) -> None:
        """Raise TakenOverError if somebody else moves the traffic."""
        owner = service.rollout.owner if service.rollout else None
        if owner not in self._owners:
            raise TakenOverError("Somebody else has taken over", describe(service.wanted))
        if relevant_targets(service.wanted) not in self._known:
            raise TakenOverError("Somebody else has moved the traffic", describe(service.wanted))

    def _owns_template(self, service: Service) -> bool:
        ours = {"", self.state.last_created, self.state.candidate}
        is_newest = not self.state.candidate or service.last_created in ours
        return service.started == self.state.started and is_newest

    def _wait(self, purpose: str) -> Service:
        service = self._cluster.wait_until_routed(purpose)
        self.check(service)  # the routed traffic might be somebody else's
        return service

    def _update(self, make: Callable[[Service], Change]) -> Service:
        def checked(service: Service) -> Change:
            change = make(service)
            if operations(service, change):  # else the patch succeeded and its response was lost
                self.check(service)
                self._expect(change.traffic)
            return change

        service = self._cluster.update_service(checked)
        self._known = {relevant_targets(service.wanted)}
        return service

    def _expect(self, traffic: Traffic | None) -> None:
        """Remember our own move, in case an interruption comes before the response."""
        if traffic is not None:
            self._known.add(relevant_targets(traffic))

    def _saved(self) -> Change:
        return Change(annotations={STATE_ANNOTATION: self.state.to_json()})
