"""The writes of one rollout, each made only while nobody else has moved the traffic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from knative.rollout.cluster import Cluster
from knative.rollout.errors import TakenOverError
from knative.rollout.json_patch import Change, operations
from knative.rollout.resources import Service
from knative.rollout.state import PREVIOUS_ANNOTATION, STATE_ANNOTATION, RolloutState
from knative.rollout.traffic import Traffic, describe, relevant_targets, split


class TrafficController:
    """Moves a Service's traffic between the two revisions of a rollout.

    Each move waits until it is routed.

    Attributes:
        state: of the rollout.
    """

    def __init__(self, cluster: Cluster, state: RolloutState, found: Service) -> None:
        """Steer a rollout.

        Args:
            cluster: the Service.
            state: of the rollout, which may be one that is cut off.
            found: the Service that the rollout was decided on.
        """
        self._cluster = cluster
        self.state = state
        self._owners = {state.owner, found.rollout.owner if found.rollout else None}
        self._known = {relevant_targets(found.wanted)}

    def claim(self) -> None:
        """Write down whose rollout it is; a new one first gives the stable revision all traffic.

        By name: otherwise the candidate would have all of it as soon as it is ready.
        """

        def change(service: Service) -> Change:
            is_new = service.rollout is None
            traffic = split(service.wanted, stable=self.state.stable) if is_new else None
            return replace(self._saved(), traffic=traffic)

        self._update(change)
        self._owners = {self.state.owner}
        self._wait("the traffic that the rollout starts from")

    def create_candidate(self) -> int:
        """Set the image.

        Returns:
            The Service's generation from then on.
        """
        change = Change(image=self.state.image, started=self.state.started)
        return self._update(lambda _: change).generation

    def name_candidate(self, name: str) -> None:
        """Write down which revision it is."""
        self.state = replace(self.state, candidate=name)
        self._update(lambda _: self._saved())

    def shift(self, percent: int) -> Service:
        """Give the candidate a share, 0 to 100; its tag gives it a URL."""
        shares = (self.state.stable, self.state.candidate, percent)

        def change(service: Service) -> Change:
            stable, candidate, share = shares
            traffic = split(service.wanted, stable=stable, candidate=candidate, percent=share)
            return Change(traffic=traffic)

        self._update(change)
        return self._wait(f"{percent} % to {self.state.candidate}")

    def promote(self) -> None:
        """Make the candidate the stable revision, and note the one before for a rollback."""

        def change(service: Service) -> Change:
            annotations = {STATE_ANNOTATION: None, PREVIOUS_ANNOTATION: self.state.stable}
            traffic = split(service.wanted, stable=self.state.candidate)
            return Change(traffic=traffic, annotations=annotations)

        self._update(change)
        self._cluster.wait_until_routed(f"all traffic to {self.state.candidate}")

    def roll_back(self) -> Service:
        """Give all traffic to the stable revision, and end the rollout.

        Where none is written down it has not begun, or is complete: then nothing is moved.
        """

        def change(service: Service) -> Change:
            if service.rollout is None:
                return Change()
            traffic = split(service.wanted, stable=self.state.stable)
            return Change(traffic=traffic, annotations={STATE_ANNOTATION: None})

        self._update(change)
        return self._cluster.wait_until_routed(f"all traffic to {self.state.stable}")

    def check(self, service: Service) -> None:
        """Check that nobody else moves the traffic.

        Raises:
            TakenOverError: somebody does.
        """
        owner = service.rollout.owner if service.rollout else None
        if owner not in self._owners:
            raise TakenOverError("Somebody else has taken over", describe(service.wanted))
        if relevant_targets(service.wanted) not in self._known:
            raise TakenOverError("Somebody else has moved the traffic", describe(service.wanted))

    def _wait(self, purpose: str) -> Service:
        service = self._cluster.wait_until_routed(purpose)
        self.check(service)  # what is routed might be somebody else's
        return service

    def _update(self, make: Callable[[Service], Change]) -> Service:
        def checked(service: Service) -> Change:
            change = make(service)
            if operations(service, change):  # else it was made, and only the answer got lost
                self.check(service)
                self._expect(change.traffic)
            return change

        service = self._cluster.update_service(checked)
        self._known = {relevant_targets(service.wanted)}
        return service

    def _expect(self, traffic: Traffic | None) -> None:
        """Know our own move again, even if we are interrupted before its answer."""
        if traffic is not None:
            self._known.add(relevant_targets(traffic))

    def _saved(self) -> Change:
        return Change(annotations={STATE_ANNOTATION: self.state.to_json()})
