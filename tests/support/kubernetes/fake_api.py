"""A Kubernetes API server with Knative's webhook and controllers for one Service.

It behaves like the real one in these points: a spec is observed late, and its conditions are
Unknown until then; a revision is created after its Service has changed, is named in the status
later, and is ready or failed later still; while its pods crash, its condition stays Unknown
(Deploying); every write, also of a status, changes the resourceVersion; a failed test of a JSON
Patch is answered by 422; a webhook validates and completes the traffic; a route waits for its
revisions to be ready; watches end, are dropped, or expire.
"""

from __future__ import annotations

import copy
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.support.kubernetes import json_patch
from tests.support.kubernetes.api_handler import ApiHandler, DeniedError
from tests.support.kubernetes.http_servers import ThreadedServer

NAMESPACE, NAME = "intent-namespace", "intent-classifier"
DOMAIN = f"{NAME}.{NAMESPACE}.example.com"
Document = dict[str, Any]
# A client can only ask for whole seconds: one that has less time left asks for one. A server may
# end a watch at any time, and ends this one sooner.
SHORT_WATCH_S = 0.2


def image(number: int) -> str:
    """Return the name of an image, with a digest."""
    return f"registry.example.com/intent@sha256:{number:064x}"


def revision_name(number: int) -> str:
    """Return the name that the controller chooses for a revision."""
    return f"{NAME}-{number:05d}"


def condition(kind: str, status: str, reason: str = "", message: str = "") -> Document:
    """Return a condition without empty fields."""
    optional = {"reason": reason, "message": message}
    return {"type": kind, "status": status} | {key: text for key, text in optional.items() if text}


class FakeApi:
    """The server, with its failures as attributes.

    Attributes:
        outcomes: the final readiness of revisions, by image: "True", "False", or "Unknown", which
            lasts.
        pods: the status of the pods of revisions, by image.
        objects: further objects, lists and logs, by path.
        denied: actions such as "list pods" that access reviews deny.
        away: whether connections are closed without a response.
        drops: number of next requests to close that way.
        lost_answers: number of next patches that succeed without a response.
        statuses: of the next responses, in place of the right ones.
        bodies: of the next responses, with status 200, in place of the right ones.
        forbidden: parts of "METHOD path" that are answered by 403.
        user: whom these answers name.
        conflicts: number of next patches that follow a write of somebody else.
        watching: "works", or how watches fail: "dropped", "expired", "deleted", "garbled",
            "incomplete" or "forbidden".
        is_unwatched: whether the controller waits for a watch.
        on_patch: called with the Service after each patch.
        patches: all successful patches.
        log: method and path of all requests.
    """

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.pods: dict[str, Document] = {}
        self.objects: dict[str, Document | str] = {}
        self.denied: set[str] = set()
        self.away = False
        self.drops = self.lost_answers = self.conflicts = 0
        self.statuses: deque[int] = deque()
        self.bodies: deque[bytes] = deque()
        self.forbidden: set[str] = set()
        self.user = "ci"
        self.watching = "works"
        self.is_unwatched = False
        self.on_patch: Callable[[Document], object] = lambda _: None
        self.patches: list[list[Document]] = []
        self.log: list[str] = []
        self._changed = threading.Condition(threading.RLock())
        self._versions = 100
        self._events: list[tuple[int, str, Document]] = []
        self._work: deque[Callable[[], None]] = deque()
        self._stopped = False
        self.revisions: dict[str, Document] = {}
        self.service = self._new_service(image(1))
        with self._changed:
            self._reconcile()
            while self._work:
                self._work.popleft()()
        self._controller = threading.Thread(target=self._control, daemon=True)
        self._controller.start()
        self.server = ThreadedServer(type("Serving", (ApiHandler,), {"api": self}))

    def stop(self) -> None:
        """Stop server and controller."""
        self._stopped = True
        self._controller.join()
        self.server.stop()

    # The interface of the tests

    @property
    def traffic(self) -> list[tuple[int, int, str]]:
        """Revision number (0: latest), share and tag of each traffic entry of the spec."""
        return [
            (int(each.get("revisionName", "-0")[-5:]), each["percent"], each.get("tag", ""))
            for each in self.service["spec"].get("traffic", [])
        ]

    @property
    def routed(self) -> list[tuple[str, int]]:
        """Revision and share of each traffic entry of the status with a share."""
        entries = self.service["status"].get("traffic", [])
        return [(each["revisionName"], each["percent"]) for each in entries if each.get("percent")]

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations of the Service."""
        annotations: dict[str, str] = self.service["metadata"].get("annotations", {})
        return annotations

    def edit(self, change: Callable[[Document], object]) -> None:
        """Change the Service as somebody else would."""
        with self._changed:
            before = copy.deepcopy(self.service["spec"])
            change(self.service)
            self._admit(self.service)
            self._written(before)

    def fail(self, name: str) -> None:
        """Make a ready revision fail."""
        with self._changed:
            self._conclude(self.revisions[name], "False")
            self._reconcile(is_new=False)

    def settle(self) -> None:
        """Wait until the controller is idle."""
        deadline = time.monotonic() + 5
        while self._work and time.monotonic() < deadline:
            time.sleep(0.002)
        assert not self._work

    # The API

    def patch(self, operations: list[Document]) -> Document:
        """Apply a JSON Patch to the Service."""
        with self._changed:
            if self.conflicts:
                self.conflicts -= 1
                self._publish(self.service)
            patched = copy.deepcopy(self.service)
            json_patch.apply(patched, operations)
            self._admit(patched)
            before, self.service = self.service["spec"], patched
            self.patches.append(operations)
            self._written(before)
            document = copy.deepcopy(self.service)
        self.on_patch(document)
        return document

    def read(self, path: str, selector: str = "") -> Document | str | None:
        """Return an object, a list of objects, or a log; None if there is none."""
        with self._changed:
            if path.startswith("/"):
                pods = f"/api/v1/namespaces/{NAMESPACE}/pods"
                if path == pods:
                    return self._select_pods(selector)
                found = self.objects.get(path)
                return {"metadata": {}} | found if isinstance(found, dict) else found
            kind, _, name = path.partition("/")
            if kind == "services":
                return copy.deepcopy(self.service) if name == NAME else None
            if name:
                return copy.deepcopy(self.revisions.get(name))
            return {"items": copy.deepcopy(list(self.revisions.values()))}

    def changes(self, kind: str, name: str, after: int, timeout_s: float) -> Any:
        """Yield the changes of one object after a resourceVersion."""
        self.is_unwatched = False
        deadline = time.monotonic() + (timeout_s if timeout_s > 1 else SHORT_WATCH_S)
        seen = 0
        while time.monotonic() < deadline and not self._stopped:
            with self._changed:
                if seen == len(self._events):
                    self._changed.wait(0.02)
                fresh, seen = self._events[seen:], len(self._events)
            for version, its_kind, document in fresh:
                if version > after and its_kind == kind and document["metadata"]["name"] == name:
                    yield document

    def _select_pods(self, selector: str) -> Document:
        key, _, value = selector.partition("=")
        pods = [
            {
                "metadata": {
                    "name": f"{name}-deployment-abc",
                    "labels": {
                        "serving.knative.dev/service": NAME,
                        "serving.knative.dev/revision": name,
                    },
                },
                "status": self.pods.get(each["spec"]["containers"][1]["image"], {}),
            }
            for name, each in self.revisions.items()
        ]
        others = self.objects.get("pods", {})
        assert not isinstance(others, str)
        pods += others.get("items", [])
        return {"items": [each for each in pods if each["metadata"]["labels"].get(key) == value]}

    # Webhook and controllers

    def _admit(self, service: Document) -> None:
        traffic = service["spec"].get("traffic") or [{"latestRevision": True, "percent": 100}]
        service["spec"]["traffic"] = traffic
        for each in traffic:
            each.setdefault("latestRevision", "revisionName" not in each)
            if each["latestRevision"] == ("revisionName" in each) or "url" in each:
                raise DeniedError("may not set revisionName and latestRevision both: spec.traffic")
        total = sum(each.get("percent", 0) for each in traffic)
        if total != 100:
            raise DeniedError(f"Traffic targets sum to {total}, want 100: spec.traffic")
        for container in service["spec"]["template"]["spec"]["containers"]:
            for variable in container.get("env", []):
                if variable.get("value") == "":
                    del variable["value"]  # as all empty fields of Go's types
        tags = [each["tag"] for each in traffic if "tag" in each]
        if len(tags) != len(set(tags)):
            raise DeniedError("Multiple definitions for tag: spec.traffic")

    def _written(self, before: Document) -> None:
        if self.service["spec"] != before:
            self.service["metadata"]["generation"] += 1
            is_new = self.service["spec"]["template"] != before["template"]
            self._reconcile(is_new=is_new)
        self._publish(self.service)

    def _reconcile(self, *, is_new: bool = True) -> None:
        self._work.append(self._observe)
        if is_new:
            self._work += [self._create, self._name, self._start, self._finish]
        self._work.append(self._route)

    def _control(self) -> None:
        while not self._stopped:
            time.sleep(0.002)
            with self._changed:
                if self._work and not self.is_unwatched:
                    self._work[0]()
                    self._work.popleft()

    def _publish(self, document: Document) -> None:
        self._versions += 1
        document["metadata"]["resourceVersion"] = str(self._versions)
        kind = "services" if document is self.service else "revisions"
        self._events.append((self._versions, kind, copy.deepcopy(document)))
        self._changed.notify_all()

    def _new_service(self, first: str) -> Document:
        return {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": {"name": NAME, "generation": 1, "resourceVersion": "1"},
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {"name": "proxy", "image": "proxy"},
                            {"name": "user", "image": first, "ports": [{"containerPort": 8080}]},
                        ],
                        "timeoutSeconds": 30,
                    }
                },
                "traffic": [{"latestRevision": True, "percent": 100}],
            },
            "status": {"url": f"http://{DOMAIN}"},
        }

    def _observe(self) -> None:
        status = self.service["status"]
        status["observedGeneration"] = self.service["metadata"]["generation"]
        kinds = ("Ready", "ConfigurationsReady", "RoutesReady")
        status["conditions"] = [condition(kind, "Unknown", "OutOfDate") for kind in kinds]
        self._publish(self.service)

    def _create(self) -> None:
        number = len(self.revisions) + 1
        name = revision_name(number)
        self.revisions[name] = {
            "metadata": {
                "name": name,
                "generation": 1,
                "resourceVersion": "0",
                "creationTimestamp": f"2026-11-24T10:00:{number:02d}Z",
                "labels": {"serving.knative.dev/service": NAME},
            },
            "spec": copy.deepcopy(self.service["spec"]["template"]["spec"]),
            "status": {},
        }
        self._publish(self.revisions[name])

    def _name(self) -> None:
        self.service["status"]["latestCreatedRevisionName"] = list(self.revisions)[-1]
        self._publish(self.service)

    def _start(self) -> None:
        self._conclude(list(self.revisions.values())[-1], "Unknown")

    def _finish(self) -> None:
        revision = list(self.revisions.values())[-1]
        image = revision["spec"]["containers"][1]["image"]
        self._conclude(revision, self.outcomes.get(image, "True"))

    def _conclude(self, revision: Document, outcome: str) -> None:
        words = {
            "True": ("", ""),
            "False": ("ExitCode1", "Container failed with: model missing"),
            "Unknown": ("Deploying", ""),
        }
        revision["status"] |= {
            "observedGeneration": 1,
            "conditions": [condition("Ready", outcome, *words[outcome])],
            "actualReplicas": int(outcome == "True"),
            "desiredReplicas": 1,
        }
        self._publish(revision)
        if outcome == "True":
            self.service["status"]["latestReadyRevisionName"] = revision["metadata"]["name"]

    def _route(self) -> None:
        status, spec = self.service["status"], self.service["spec"]
        latest = self.revisions[status["latestCreatedRevisionName"]]
        configurations = condition("ConfigurationsReady", _readiness(latest))
        names = [
            each.get("revisionName", status.get("latestReadyRevisionName", ""))
            for each in spec["traffic"]
        ]
        unfit = [
            name
            for name in names
            if name not in self.revisions or _readiness(self.revisions[name]) != "True"
        ]
        if unfit:
            routes = condition("RoutesReady", "False", "RevisionMissing", f"{unfit[0]} not found")
        else:
            routes = condition("RoutesReady", "True")
            status["traffic"] = [
                {key: value for key, value in each.items() if key != "latestRevision"}
                | {"revisionName": name, "latestRevision": each["latestRevision"]}
                | ({"url": f"http://{each['tag']}-{DOMAIN}"} if "tag" in each else {})
                for each, name in zip(spec["traffic"], names, strict=True)
            ]
        both = {configurations["status"], routes["status"]}
        ready = "False" if "False" in both else "Unknown" if "Unknown" in both else "True"
        status["conditions"] = [condition("Ready", ready), configurations, routes]
        self._publish(self.service)


def _readiness(revision: Document) -> str:
    conditions = revision["status"].get("conditions") or [{"status": "Unknown"}]
    return str(conditions[0]["status"])
