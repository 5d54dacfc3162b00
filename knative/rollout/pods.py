"""The pods of a revision: whether they can still become ready, and why not.

Knative may leave a revision's conditions at Unknown (Deploying) until its progress deadline while
the pods crash; the pods themselves report the reason within seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from knative.rollout.errors import RefusedError, RevisionFailedError, reading

REVISION_LABEL = "serving.knative.dev/revision"
USER_CONTAINER = "user-container"
# Reasons that a container waits for, and that a new attempt rarely mends.
FAILURES = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)

Document = Mapping[str, Any]


def container_failures(pod: Document) -> Iterator[str]:
    """Yield a line for each container of a pod that cannot start."""
    for container in pod.get("status", {}).get("containerStatuses") or ():
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in FAILURES:
            exited = (container.get("lastState") or {}).get("terminated")
            details = _exit(exited) if exited else waiting.get("message", "")
            yield ": ".join(part for part in (waiting["reason"], details) if part)


def unschedulable_reason(pod: Document) -> str:
    """Return why the scheduler finds no node for a pod; empty if it does."""
    for condition in pod.get("status", {}).get("conditions") or ():
        if (condition["type"], condition.get("reason")) == ("PodScheduled", "Unschedulable"):
            return f"Unschedulable: {condition.get('message', '')}"
    return ""


def kubectl_hint(namespace: str, revision: str) -> str:
    """Return the commands that show the pods of a revision and the log of their last start."""
    options = f"--namespace {namespace} --selector {REVISION_LABEL}={revision}"
    return (
        f"kubectl get pods {options}\n"
        f"kubectl logs {options} --container {USER_CONTAINER} --tail 20 --prefix"
    )


class RevisionPods:
    """Checks the pods of one revision repeatedly, as far as we may read them.

    Attributes:
        is_forbidden: whether the API has refused to list pods.
    """

    def __init__(
        self, revision: str, list_pods: Callable[[], Sequence[Document]], scheduling_s: float
    ) -> None:
        """Prepare the checks.

        Args:
            revision: its name.
            list_pods: returns its pods.
            scheduling_s: how long pods may be unschedulable.
        """
        self._revision, self._list_pods = revision, list_pods
        self._scheduling_s = scheduling_s
        self._unschedulable_since: float | None = None
        self.is_forbidden = False

    def check(self) -> None:
        """Raise RevisionFailedError if a pod cannot become ready, with the pod's own reason.

        Raises:
            MalformedObjectError: a pod is malformed.
        """
        try:
            pods = self._list_pods()
        except RefusedError:
            self.is_forbidden = True
            return
        with reading("Pod"):
            failures = [failure for pod in pods for failure in container_failures(pod)]
            unschedulable = next(filter(None, map(unschedulable_reason, pods)), "")
        if failures:
            raise RevisionFailedError(self._revision, failures[0])
        self._check_scheduling(unschedulable)

    def _check_scheduling(self, reason: str) -> None:
        if not reason:
            self._unschedulable_since = None
            return
        now = time.monotonic()
        if self._unschedulable_since is None:
            self._unschedulable_since = now
        if now - self._unschedulable_since >= self._scheduling_s:
            raise RevisionFailedError(self._revision, reason)


def _exit(terminated: Document) -> str:
    reason = terminated.get("reason", "Error")
    ended = f"exit code {terminated.get('exitCode')}" + ("" if reason == "Error" else f", {reason}")
    message = str(terminated.get("message") or "").strip()
    return f"{ended}: {message}" if message else ended
