"""One Knative Service and its Revisions: reads, guarded writes, and waits.

Writes are JSON Patches that test the resourceVersion; a conflict is retried on the Service as it is
then. Waits have a timeout and use a watch; when a watch ends, the object is read again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, Self, TypeVar

from knative.rollout.errors import (
    RefusedError,
    RevisionFailedError,
    RouteFailedError,
    WaitTimeoutError,
)
from knative.rollout.json_patch import Change, operations
from knative.rollout.kubernetes_api import REVISIONS, SERVICES, Kind, KubernetesApi
from knative.rollout.pods import REVISION_LABEL, RevisionPods, kubectl_hint
from knative.rollout.resources import SERVICE_LABEL, KnativeObject, Revision, Service
from knative.rollout.timeouts import Timing

MAX_CONFLICTS = 20

Seen = TypeVar("Seen", bound=KnativeObject)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target(Generic[Seen]):
    kind: Kind
    name: str
    parse: Callable[[dict[str, Any]], Seen]


class Cluster:
    """One Knative Service and its Revisions.

    All methods raise the errors of KubernetesApi.

    Attributes:
        api: the Kubernetes API.
        namespace, service: of the Service.
        last_seen: the Service when it was last read, for messages; None before.
    """

    def __init__(self, api: KubernetesApi, *, namespace: str, service: str, timing: Timing) -> None:
        self.api, self.namespace, self.service = api, namespace, service
        self._timing = timing
        self.last_seen: Service | None = None

    @classmethod
    def connect(
        cls,
        *,
        kubeconfig: str | None,
        context: str | None,
        namespace: str,
        service: str,
        timing: Timing,
    ) -> Self:
        """Connect to the cluster as ``KubernetesApi.connect`` does.

        Raises:
            ConfigurationError: no cluster is configured.
        """
        api = KubernetesApi.connect(kubeconfig=kubeconfig, context=context, timing=timing)
        return cls(api, namespace=namespace, service=service, timing=timing)

    def read_service(self) -> Service:
        """Return the Service."""
        return self._remember(self.api.read(SERVICES, self.namespace, self.service))

    def read_revision(self, name: str) -> Revision:
        """Return a Revision by name."""
        return Revision.from_api(self.api.read(REVISIONS, self.namespace, name))

    def list_revisions(self) -> tuple[Revision, ...]:
        """Return the Service's revisions, newest first."""
        selector = f"{SERVICE_LABEL}={self.service}"
        documents = self.api.list_objects(REVISIONS, self.namespace, selector=selector)
        revisions = map(Revision.from_api, documents)
        return tuple(sorted(revisions, key=lambda each: (each.created, each.name), reverse=True))

    def pods_of(self, revision: str) -> RevisionPods:
        """Return the checks of a revision's pods."""
        selector = f"{REVISION_LABEL}={revision}"
        return RevisionPods(
            revision,
            lambda: self.api.list_pods(self.namespace, selector),
            self._timing.scheduling_s,
        )

    def update_service(self, change: Callable[[Service], Change]) -> Service:
        """Change the Service, even while others write to it.

        Args:
            change: returns the change of the Service as it was read. It is called again after each
                conflict, so it is the place to check that the change still makes sense.

        Returns:
            The Service after the change.

        Raises:
            RefusedError: the API refuses, or others wrote MAX_CONFLICTS times in a row.
        """
        for _ in range(MAX_CONFLICTS):
            service = self.read_service()
            patch = operations(service, change(service))
            if not patch:
                return service
            try:
                return self._remember(self.api.patch(SERVICES, self.namespace, self.service, patch))
            except RefusedError as error:
                if not self._is_conflict(error, service):
                    raise
            time.sleep(self._timing.poll_s / 10)
        raise RefusedError(
            HTTPStatus.CONFLICT, f"others wrote to it {MAX_CONFLICTS} times in a row"
        )

    def wait_until_routed(self, purpose: str) -> Service:
        """Wait until the status of the Service shows the traffic of its spec.

        Args:
            purpose: the traffic in words, for the message of a timeout.

        Raises:
            RouteFailedError: Knative cannot route it.
            WaitTimeoutError: it is not routed in time.
        """
        return self._wait_for_service(f"{purpose} is routed", _unrouted)

    def wait_for_revision_after(self, last_created: str, generation: int) -> Service:
        """Wait until the controller has created a revision for a generation.

        Args:
            last_created: the newest revision before the change.
            generation: of the Service after the change.

        Raises:
            WaitTimeoutError: there is none in time.
        """

        def missing(service: Service) -> str:
            if service.observed_generation < generation:
                return f"generation {service.observed_generation} of {generation} is observed"
            if service.last_created != last_created:
                return ""
            # A quota or a policy may forbid the controller to create one; this condition says so.
            reason = service.condition("ConfigurationsReady")
            return f"the newest revision is still {last_created}; {reason}"

        purpose = f"there is a revision after {last_created}"
        return self._wait_for_service(purpose, missing)

    def wait_until_ready(self, revision: str) -> Revision:
        """Wait until a revision is ready.

        Raises:
            RevisionFailedError: it has failed, or its pods cannot become ready.
            WaitTimeoutError: it is not ready in time.
        """
        pods = self.pods_of(revision)
        target = _Target(kind=REVISIONS, name=revision, parse=Revision.from_api)
        try:
            return self._wait(f"{revision} is Ready", target, _unready, check=pods.check)
        except WaitTimeoutError as error:
            denied = "This user may not list the pods. " if pods.is_forbidden else ""
            hint = f"{denied}Inspect them with\n{kubectl_hint(self.namespace, revision)}"
            raise WaitTimeoutError(
                error.condition, error.timeout_s, error.last_seen, hint
            ) from error

    def _wait_for_service(self, purpose: str, missing: Callable[[Service], str]) -> Service:
        target = _Target(kind=SERVICES, name=self.service, parse=self._remember)
        return self._wait(purpose, target, missing)

    def _wait(
        self,
        purpose: str,
        target: _Target[Seen],
        missing: Callable[[Seen], str],
        *,
        check: Callable[[], None] | None = None,
    ) -> Seen:
        """Wait until nothing is missing; call ``check`` every few seconds meanwhile."""
        watch_s = self._timing.pods_s if check else self._timing.watch_s
        deadline = time.monotonic() + self._timing.timeout_s
        while True:
            seen = target.parse(self.api.read(target.kind, self.namespace, target.name))
            last = missing(seen)
            if not last:
                return seen
            if check:
                check()
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise WaitTimeoutError(purpose, self._timing.timeout_s, last)
            with closing(self._watch(target, seen, min(watch_s, left_s))) as changes:
                for changed in changes:
                    if not missing(changed):
                        return changed
            time.sleep(max(0.0, min(self._timing.poll_s, deadline - time.monotonic())))

    def _watch(
        self, target: _Target[Seen], seen: Seen, timeout_s: float
    ) -> Generator[Seen, None, None]:
        changes = self.api.watch(
            target.kind,
            self.namespace,
            target.name,
            resource_version=seen.resource_version,
            timeout_s=timeout_s,
        )
        with closing(changes):
            yield from map(target.parse, changes)

    def _remember(self, document: dict[str, Any]) -> Service:
        self.last_seen = Service.from_api(document)
        return self.last_seen

    def _is_conflict(self, error: RefusedError, service: Service) -> bool:
        """Return whether the test of the resourceVersion failed.

        The API answers 422 to that, as it does to invalid fields.
        """
        if error.status == HTTPStatus.CONFLICT:
            return True
        unprocessable = error.status == HTTPStatus.UNPROCESSABLE_ENTITY
        return unprocessable and self.read_service().resource_version != service.resource_version


def check_not_failed(revision: Revision) -> None:
    """Raise RevisionFailedError if a revision has failed."""
    if revision.readiness.status == "False":
        raise RevisionFailedError(revision.name, str(revision.readiness))


def _unready(revision: Revision) -> str:
    check_not_failed(revision)
    return "" if revision.readiness.status == "True" else str(revision.readiness)


def _unrouted(service: Service) -> str:
    if not service.is_observed:
        return f"generation {service.observed_generation} of {service.generation} is observed"
    routes = service.condition("RoutesReady")
    if routes.status == "False":
        raise RouteFailedError(str(routes))
    return "" if service.is_routed else str(routes)
