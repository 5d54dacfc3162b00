"""The Kubernetes API: the only module that imports its client.

Services are written by JSON Patch under a test of their resourceVersion, again and again until
nobody else has written in between. Whatever is waited for has a timeout, and is watched for; where
a watch ends, is dropped or not allowed, the object is read again.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Generator
from contextlib import closing
from http import HTTPStatus
from typing import Any, NoReturn, Self, TypeVar

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from knative.rollout.errors import (
    ConfigurationError,
    NotFoundError,
    RefusedError,
    RevisionFailedError,
    RouteFailedError,
    UnreachableError,
    WaitTimeoutError,
)
from knative.rollout.json_patch import Change, operations
from knative.rollout.resources import KnativeObject, Revision, Service
from knative.rollout.timeouts import Timing

GROUP, VERSION = "serving.knative.dev", "v1"
FIELD_MANAGER = "intent-classifier-rollout"
SERVICE_LABEL = "serving.knative.dev/service"
MAX_CONFLICTS = 20
# Also 500: the API answers it while its webhooks or its storage are away.
PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})

Seen = TypeVar("Seen", bound=KnativeObject)


class Cluster:
    """One Knative Service and its Revisions.

    Attributes:
        last_seen: the Service as it was last read, for messages; None before.
    """

    def __init__(
        self, api: client.CustomObjectsApi, *, namespace: str, service: str, timing: Timing
    ) -> None:
        self._api = api
        self._namespace, self._service, self._timing = namespace, service, timing
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
        """Find the cluster as kubectl does: by kubeconfig, else by the pod's service account.

        Args:
            kubeconfig: a file; None means that of KUBECONFIG or ``~/.kube/config``.
            context: a context of it; None means its current one.
            namespace: of the Service.
            service: its name.
            timing: how long things may take.

        Raises:
            ConfigurationError: there is neither.
        """
        settings = client.Configuration()
        try:
            config.load_kube_config(kubeconfig, context, settings, persist_config=False)
        except (ConfigException, OSError) as error:
            if kubeconfig or context:
                raise ConfigurationError(str(error)) from error
            _load_service_account(settings, error)
        settings.retries = False  # we have a patience of our own
        api = client.CustomObjectsApi(client.ApiClient(settings))
        return cls(api, namespace=namespace, service=service, timing=timing)

    def read_service(self) -> Service:
        """Read the Service.

        Raises:
            NotFoundError, RefusedError, UnreachableError: as they say.
        """
        return self._seen(self._get("services", self._service))

    def read_revision(self, name: str) -> Revision:
        """Read a Revision by name.

        Raises:
            NotFoundError, RefusedError, UnreachableError: as they say.
        """
        return Revision.from_api(self._get("revisions", name))

    def list_revisions(self) -> tuple[Revision, ...]:
        """List the Service's revisions, the newest first.

        Raises:
            RefusedError, UnreachableError: as they say.
        """
        selector = f"{SERVICE_LABEL}={self._service}"
        listed = self._ask(
            self._api.list_namespaced_custom_object,
            *(GROUP, VERSION, self._namespace, "revisions"),
            label_selector=selector,
        )
        revisions = map(Revision.from_api, listed["items"])
        return tuple(sorted(revisions, key=lambda each: (each.created, each.name), reverse=True))

    def update_service(self, change: Callable[[Service], Change]) -> Service:
        """Change the Service, however often others write to it meanwhile.

        Args:
            change: gives the change for the Service as it was read; called again after each
                conflict, so it is the place to check that the change still makes sense.

        Returns:
            The Service after the change.

        Raises:
            RefusedError, UnreachableError: as they say; and whatever ``change`` raises.
        """
        for _ in range(MAX_CONFLICTS):
            service = self.read_service()
            patch = operations(service, change(service))
            if not patch:
                return service
            try:
                return self._patch(patch)
            except RefusedError as error:
                if not self._is_conflict(error, service):
                    raise
            time.sleep(self._timing.poll_s / 10)
        raise RefusedError(
            HTTPStatus.CONFLICT, f"others wrote to it {MAX_CONFLICTS} times in a row"
        )

    def wait_until_routed(self, purpose: str) -> Service:
        """Wait until the traffic that the Service asks for is the traffic there is.

        Args:
            purpose: the traffic in words, for the message of a timeout.

        Raises:
            RouteFailedError: it can't be routed.
            WaitTimeoutError: it is not routed in time.
        """
        return self._wait_for_service(f"{purpose} is routed", _unrouted)

    def wait_for_revision_after(self, last_created: str, generation: int) -> Service:
        """Wait until the controller has made another revision than the newest one of before.

        Args:
            last_created: the newest one of before.
            generation: of the Service that was to make one.

        Raises:
            WaitTimeoutError: there is none in time.
        """

        def missing(service: Service) -> str:
            if service.observed_generation < generation:
                return f"generation {service.observed_generation} of {generation} is observed"
            created = service.last_created != last_created
            return "" if created else f"the newest revision is still {last_created}"

        purpose = f"there is a revision after {last_created}"
        return self._wait_for_service(purpose, missing)

    def wait_until_ready(self, revision: str) -> Revision:
        """Wait until a revision is ready.

        Raises:
            RevisionFailedError: it has failed.
            WaitTimeoutError: it is not ready in time.
        """
        return self._wait(
            f"{revision} is Ready",
            lambda: self.read_revision(revision),
            "revisions",
            Revision.from_api,
            _unready,
        )

    def _wait_for_service(self, purpose: str, missing: Callable[[Service], str]) -> Service:
        return self._wait(purpose, self.read_service, "services", self._seen, missing)

    def _wait(
        self,
        purpose: str,
        read: Callable[[], Seen],
        plural: str,
        parse: Callable[[dict[str, Any]], Seen],
        missing: Callable[[Seen], str],
    ) -> Seen:
        deadline = time.monotonic() + self._timing.timeout_s
        while True:
            seen = read()
            last = missing(seen)
            if not last:
                return seen
            if time.monotonic() >= deadline:
                raise WaitTimeoutError(purpose, self._timing.timeout_s, last)
            with closing(self._changes(plural, parse, seen, deadline)) as changes:
                for changed in changes:
                    if not missing(changed):
                        return changed
            time.sleep(max(0.0, min(self._timing.poll_s, deadline - time.monotonic())))

    def _changes(
        self,
        plural: str,
        parse: Callable[[dict[str, Any]], Seen],
        seen: Seen,
        deadline: float,
    ) -> Generator[Seen, None, None]:
        """Watch an object; ends for any reason, be the watch dropped, too old or not allowed."""
        left_s = min(self._timing.watch_s, max(0.0, deadline - time.monotonic()))
        events = watch.Watch().stream(
            self._api.list_namespaced_custom_object,
            *(GROUP, VERSION, self._namespace, plural),
            field_selector=f"metadata.name={seen.name}",
            resource_version=seen.resource_version,
            timeout_seconds=max(1, math.ceil(left_s)),
            _request_timeout=(self._timing.request_s, left_s + self._timing.request_s),
        )
        try:
            for event in events:
                if not event or event["type"] not in {"ADDED", "MODIFIED"}:
                    return
                yield parse(event["object"])
        except (ApiException, HTTPError, OSError):
            return

    def _get(self, plural: str, name: str) -> dict[str, Any]:
        place = (GROUP, VERSION, self._namespace, plural, name)
        document: dict[str, Any] = self._ask(self._api.get_namespaced_custom_object, *place)
        return document

    def _patch(self, patch: list[dict[str, Any]]) -> Service:
        document = self._ask(
            self._api.patch_namespaced_custom_object,
            *(GROUP, VERSION, self._namespace, "services", self._service),
            body=patch,
            field_manager=FIELD_MANAGER,
            _content_type="application/json-patch+json",
        )
        return self._seen(document)

    def _seen(self, document: dict[str, Any]) -> Service:
        self.last_seen = Service.from_api(document)
        return self.last_seen

    def _is_conflict(self, error: RefusedError, service: Service) -> bool:
        """Tell a failed test of the resourceVersion, which is a 422 like invalid fields are."""
        if error.status == HTTPStatus.CONFLICT:
            return True
        unprocessable = error.status == HTTPStatus.UNPROCESSABLE_ENTITY
        return unprocessable and self.read_service().resource_version != service.resource_version

    def _ask(self, verb: Callable[..., Any], *place: str, **options: Any) -> Any:
        """Send one request, again while the API is away for a moment.

        That holds for patches too: one that was carried out although its answer got lost is
        refused the second time, by its test of the resourceVersion.
        """
        deadline = time.monotonic() + self._timing.patience_s
        cause: Exception
        while True:
            try:
                return verb(*place, _request_timeout=self._timing.request_s, **options)
            except ApiException as error:
                if error.status not in PASSING_STATUSES:
                    _refuse(error)
                cause, reason = error, f"{error.status} {_message(error)}"
            except (HTTPError, OSError) as error:
                cause, reason = error, str(error)
            if time.monotonic() >= deadline:
                raise UnreachableError(reason, self._timing.patience_s) from cause
            time.sleep(self._timing.poll_s)


def check_not_failed(revision: Revision) -> None:
    """Check that a revision has not failed.

    Raises:
        RevisionFailedError: it has.
    """
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


def _load_service_account(settings: client.Configuration, cause: Exception) -> None:
    try:
        config.load_incluster_config(settings)
    except ConfigException as error:
        raise ConfigurationError(f"{cause} And no pod: {error}") from error


def _refuse(error: ApiException) -> NoReturn:
    message = _message(error)
    match error.status:
        case HTTPStatus.NOT_FOUND:
            raise NotFoundError(HTTPStatus.NOT_FOUND, message) from error
        case HTTPStatus.FORBIDDEN:
            remedy = "\nThe Role that it takes is in docs/rollouts.md."
            raise RefusedError(HTTPStatus.FORBIDDEN, message, remedy) from error
        case HTTPStatus.UNAUTHORIZED:
            remedy = "\nThe credentials are wrong or have expired."
            raise RefusedError(HTTPStatus.UNAUTHORIZED, message, remedy) from error
    raise RefusedError(error.status or 0, message) from error


def _message(error: ApiException) -> str:
    """Give the API's own words: those of the Status in the body, if there is one."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason)
