"""The Kubernetes API: the only module that imports its client.

Requests are repeated while the API is unavailable for a moment; refusals become errors that quote
the API.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any, NoReturn, Self

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError
from yaml import YAMLError

from knative.rollout.errors import (
    ConfigurationError,
    InvalidResponseError,
    NotFoundError,
    RefusedError,
    UnreachableError,
    reading,
)
from knative.rollout.timeouts import Timing

FIELD_MANAGER = "intent-classifier-rollout"
# Also 500: the API answers it while its webhooks or its storage are unavailable.
TRANSIENT_STATUSES = frozenset({429, 500, 502, 503, 504})
# The user of a request without credentials, as after a kubeconfig's command has failed.
ANONYMOUS = '"system:anonymous"'

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of object in a named API group; ``plural`` as in its URLs."""

    group: str
    version: str
    plural: str

    def place(self, namespace: str, *name: str) -> tuple[str, ...]:
        """Return the arguments by which the client finds a namespace's objects, or one of them."""
        return (self.group, self.version, namespace, self.plural, *name)


SERVICES = Kind(group="serving.knative.dev", version="v1", plural="services")
REVISIONS = Kind(group="serving.knative.dev", version="v1", plural="revisions")
DOMAIN_MAPPINGS = Kind(group="serving.knative.dev", version="v1beta1", plural="domainmappings")
BROKERS = Kind(group="eventing.knative.dev", version="v1", plural="brokers")
TRIGGERS = Kind(group="eventing.knative.dev", version="v1", plural="triggers")
DEPLOYMENTS = Kind(group="apps", version="v1", plural="deployments")
ACCESS_REVIEWS = Kind(group="authorization.k8s.io", version="v1", plural="selfsubjectaccessreviews")


class KubernetesApi:
    """The requests that the command needs; objects are plain documents.

    All methods raise RefusedError, or its subclass NotFoundError, when the API refuses a request,
    and UnreachableError when it stays unavailable.
    """

    def __init__(self, api_client: client.ApiClient, timing: Timing) -> None:
        self._client, self._timing = api_client, timing
        self._objects = client.CustomObjectsApi(api_client)

    @cached_property
    def _core(self) -> client.CoreV1Api:
        """The API of pods and nodes. Its import takes a second, and few commands need it."""
        return client.CoreV1Api(self._client)

    @classmethod
    def connect(cls, *, kubeconfig: str | None, context: str | None, timing: Timing) -> Self:
        """Find the cluster as kubectl does: by kubeconfig, else by the pod's service account.

        Args:
            kubeconfig: a file; None means that of KUBECONFIG or ``~/.kube/config``.
            context: a context in it; None means its current one.
            timing: timeouts and intervals.

        Raises:
            ConfigurationError: there is neither, or its proxy can't be used.
        """
        settings = client.Configuration()
        try:
            config.load_kube_config(kubeconfig, context, settings, persist_config=False)
        except (ConfigException, OSError) as error:
            if kubeconfig or context:
                raise ConfigurationError(str(error)) from error
            _load_service_account(settings, error)
        except (YAMLError, ValueError, TypeError, AttributeError, KeyError) as error:
            reason = " ".join(str(error).split())
            raise ConfigurationError(f"the kubeconfig is malformed: {reason}") from error
        settings.retries = False  # _ask repeats requests itself
        try:
            return cls(client.ApiClient(settings), timing)
        except (ImportError, ValueError) as error:
            # A ValueError may quote the proxy's password.
            is_missing = isinstance(error, ImportError)
            reason = str(error) if is_missing else "its URL is not http://HOST:PORT"
            raise ConfigurationError(f"the proxy can't be used: {reason}") from error

    def read(self, kind: Kind, namespace: str, name: str) -> Document:
        """Return an object."""
        verb = self._objects.get_namespaced_custom_object
        return self._read_json("spec", verb, *kind.place(namespace, name))

    def list_objects(self, kind: Kind, namespace: str, *, selector: str = "") -> list[Document]:
        """Return the objects of a namespace that a label selector matches."""
        verb = self._objects.list_namespaced_custom_object
        return self._list(verb, *kind.place(namespace), label_selector=selector)

    def patch(self, kind: Kind, namespace: str, name: str, patch: list[Document]) -> Document:
        """Apply a JSON Patch to an object and return the object."""
        return self._read_json(
            "spec",
            self._objects.patch_namespaced_custom_object,
            *kind.place(namespace, name),
            body=patch,
            field_manager=FIELD_MANAGER,
            _content_type="application/json-patch+json",
        )

    def watch(
        self, kind: Kind, namespace: str, name: str, *, resource_version: str, timeout_s: float
    ) -> Generator[Document, None, None]:
        """Yield an object at each change; end when the watch ends or fails for any reason."""
        events = watch.Watch().stream(
            self._objects.list_namespaced_custom_object,
            *kind.place(namespace),
            field_selector=f"metadata.name={name}",
            resource_version=resource_version,
            timeout_seconds=max(1, math.ceil(timeout_s)),
            _request_timeout=(self._timing.request_s, timeout_s + self._timing.request_s),
        )
        try:
            for event in events:
                if not event or event["type"] not in {"ADDED", "MODIFIED"}:
                    return
                yield event["object"]
        except (ApiException, HTTPError, OSError, KeyError, TypeError):
            return

    def list_pods(self, namespace: str, selector: str) -> list[Document]:
        """Return the pods of a namespace that a label selector matches."""
        return self._list(self._core.list_namespaced_pod, namespace, label_selector=selector)

    def list_nodes(self) -> list[Document]:
        """Return the nodes."""
        return self._list(self._core.list_node)

    def read_log(self, namespace: str, pod: str, container: str, *, lines: int) -> str:
        """Return the last lines of a container's log."""
        log = self._read(
            self._core.read_namespaced_pod_log,
            *(pod, namespace),
            container=container,
            tail_lines=lines,
        )
        return log.decode(errors="replace")

    def read_config_map(self, namespace: str, name: str) -> dict[str, str]:
        """Return the data of a ConfigMap."""
        found = self._read_json("metadata", self._core.read_namespaced_config_map, name, namespace)
        data: dict[str, str] = found.get("data") or {}
        return data

    def read_load_balancer(self, namespace: str, service: str) -> tuple[str, ...]:
        """Return the addresses of a Kubernetes Service's load balancer."""
        found = self._read_json("metadata", self._core.read_namespaced_service, service, namespace)
        entries = found.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
        return tuple(each.get("hostname") or each["ip"] for each in entries)

    def read_version(self) -> tuple[int, int]:
        """Return the major and minor version of Kubernetes."""
        found = self._read_json("major", client.VersionApi(self._client).get_code)
        return int(found["major"]), int(found["minor"].rstrip("+"))

    def is_allowed(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        """Return whether the API grants us a verb on a resource, such as ``pods``."""
        attributes = {"namespace": namespace, "verb": verb, "group": group, "resource": resource}
        kind = ACCESS_REVIEWS
        answer = self._read_json(
            "status",
            self._objects.create_cluster_custom_object,
            *(kind.group, kind.version, kind.plural),
            body={
                "apiVersion": f"{kind.group}/{kind.version}",
                "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": attributes},
            },
        )
        return bool(answer["status"].get("allowed"))

    def _list(self, verb: Callable[..., Any], *place: str, **options: Any) -> list[Document]:
        with reading("list"):
            return list(map(dict, self._read_json("items", verb, *place, **options)["items"]))

    def _read_json(
        self, required: str, verb: Callable[..., Any], *place: str, **options: Any
    ) -> Document:
        """Return a JSON object that has a required field."""
        body = self._read(verb, *place, **options)
        try:
            document = json.loads(body)
        except ValueError as error:
            raise InvalidResponseError(body) from error
        if not isinstance(document, dict) or required not in document:
            raise InvalidResponseError(body)
        return document

    def _read(self, verb: Callable[..., Any], *place: str, **options: Any) -> bytes:
        """Return a response body, unparsed: the client's models reject objects of newer APIs."""

        def read(*place: str, **options: Any) -> bytes:
            body: bytes = verb(*place, **options, _preload_content=False).data
            return body

        body: bytes = self._ask(read, *place, **options)
        return body

    def _ask(self, verb: Callable[..., Any], *place: str, **options: Any) -> Any:
        """Send a request, repeatedly while the API is unavailable for a moment.

        That is safe for patches too: a repeated patch fails its test of the resourceVersion.
        """
        deadline = time.monotonic() + self._timing.patience_s
        cause: Exception
        while True:
            try:
                return verb(*place, _request_timeout=self._timing.request_s, **options)
            except ApiException as error:
                if error.status not in TRANSIENT_STATUSES:
                    _refuse(error)
                cause, reason = error, f"{error.status} {_message(error)}"
            except (HTTPError, OSError) as error:
                cause, reason = error, str(error)
            except ValueError as error:  # it may quote the token
                raise ConfigurationError(
                    "the address or token has characters that no request can hold, as line breaks"
                ) from error
            if time.monotonic() >= deadline:
                raise UnreachableError(reason, self._timing.patience_s) from cause
            time.sleep(self._timing.poll_s)


def _load_service_account(settings: client.Configuration, cause: Exception) -> None:
    try:
        config.load_incluster_config(settings)
    except ConfigException as error:
        raise ConfigurationError(f"{cause} And no pod: {error}") from error


def _refuse(error: ApiException) -> NoReturn:
    message = _message(error)
    match error.status:
        case HTTPStatus.NOT_FOUND:
            remedy = (
                "\nCheck --namespace, --service and --context; `python -m knative doctor` finds "
                "out whether Knative is installed."
            )
            raise NotFoundError(HTTPStatus.NOT_FOUND, message, remedy) from error
        case HTTPStatus.FORBIDDEN if ANONYMOUS not in message:
            remedy = "\nThe Role with the required permissions is in docs/rollouts.md."
        case HTTPStatus.FORBIDDEN | HTTPStatus.UNAUTHORIZED:
            remedy = "\nThe credentials are missing or wrong, or have expired."
        case _:
            remedy = ""
    raise RefusedError(error.status or 0, message, remedy) from error


def _message(error: ApiException) -> str:
    """Return the message of the Status object in the body, else the HTTP reason."""
    try:
        return str(json.loads(error.body or "")["message"])
    except (TypeError, ValueError, KeyError):
        return str(error.reason)
