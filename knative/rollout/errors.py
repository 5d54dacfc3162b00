"""Errors of the command, each with the exit code that it ends with.

KnativeError                      1  nothing was changed, or all traffic is on the stable revision
├── ImageError                    2  the image isn't named by digest
├── ConfigurationError            1  no cluster is known
├── UnreachableError              1  the Kubernetes API does not answer
├── RefusedError                  1  the Kubernetes API says no
│   └── NotFoundError             1
├── UnsuitableServiceError        1  a rollout can't begin from the state that the Service is in
├── WaitTimeoutError              1  something did not come about in time
├── RevisionFailedError           1  a revision became not ready
├── RouteFailedError              1  the traffic that was asked for can't be routed
├── SmokeError                    1  the function does not answer as it should
│   ├── NoAnswerError                it does not answer, or the gateway does not know it yet
│   └── WrongAnswerError
├── RolledBackError     1, 130, 143  a rollout ended early; all traffic is on the stable revision
├── StrandedError                 3  traffic may not be on the stable revision
└── TakenOverError                4  somebody else moves the traffic; it stays as they set it
"""

from __future__ import annotations

import signal
from typing import ClassVar


class KnativeError(Exception):
    """Base of all errors of this package.

    Attributes:
        exit_code: what the command ends with.
    """

    exit_code: ClassVar[int] = 1


class ImageError(KnativeError):
    """An image that is not named by its digest could change between two pods.

    Attributes:
        image: the name that was given.
    """

    exit_code = 2

    def __init__(self, image: str) -> None:
        self.image = image
        super().__init__(f"{image} is not named by digest: it must be NAME@sha256:<64 hex digits>")


class ConfigurationError(KnativeError):
    """Neither a kubeconfig nor a service account says which cluster to talk to."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"No cluster is known: {reason}")


class UnreachableError(KnativeError):
    """The Kubernetes API has not answered for as long as we are patient.

    Attributes:
        reason: what happened last.
        patience_s: how long it was tried.
    """

    def __init__(self, reason: str, patience_s: float) -> None:
        self.reason, self.patience_s = reason, patience_s
        super().__init__(f"The Kubernetes API has not answered for {patience_s:g} s: {reason}")


class RefusedError(KnativeError):
    """The Kubernetes API refuses.

    Attributes:
        status: of the HTTP answer.
        reason: in the API's words.
    """

    def __init__(self, status: int, reason: str, remedy: str = "") -> None:
        self.status, self.reason = status, reason
        super().__init__(f"The Kubernetes API refuses ({status}): {reason}{remedy}")


class NotFoundError(RefusedError):
    """There is no such object."""


class UnsuitableServiceError(KnativeError):
    """The Service is in a state that a rollout can't begin from."""


class WaitTimeoutError(KnativeError):
    """A condition was not met in time.

    Attributes:
        condition: what was waited for.
        timeout_s: for how long.
        last_seen: what it was like in the end.
    """

    def __init__(self, condition: str, timeout_s: float, last_seen: str) -> None:
        self.condition, self.timeout_s, self.last_seen = condition, timeout_s, last_seen
        super().__init__(f"Waited {timeout_s:g} s in vain until {condition}; last: {last_seen}")


class RevisionFailedError(KnativeError):
    """A revision is not ready, and says why.

    Attributes:
        revision: its name.
        condition: the condition that failed, with reason and message.
    """

    def __init__(self, revision: str, condition: str) -> None:
        self.revision, self.condition = revision, condition
        super().__init__(f"{revision} has failed: {condition}")


class RouteFailedError(KnativeError):
    """The traffic that was asked for can't be routed.

    Attributes:
        condition: the condition that failed, with reason and message.
    """

    def __init__(self, condition: str) -> None:
        self.condition = condition
        super().__init__(f"Traffic can't be routed: {condition}")


class SmokeError(KnativeError):
    """The function does not answer as it should.

    Attributes:
        check: what was tried.
        reason: what came instead.
    """

    def __init__(self, check: str, reason: str) -> None:
        self.check, self.reason = check, reason
        super().__init__(f"{check}: {reason}")


class NoAnswerError(SmokeError):
    """No answer of the function's own: it may come yet."""


class WrongAnswerError(SmokeError):
    """An answer, and not the right one."""


class RolledBackError(KnativeError):
    """A rollout ended early, and all traffic is on the stable revision.

    Attributes:
        cause: why it ended.
        traffic: where it is, as the status confirms it.
    """

    def __init__(self, cause: BaseException, traffic: str) -> None:
        self.cause, self.traffic = cause, traffic
        super().__init__(f"{_text(cause)}\nTraffic is {traffic}.")


class StrandedError(KnativeError):
    """Traffic may not be on the stable revision.

    Attributes:
        cause: why the rollout ended.
        failure: why traffic could not be moved back, or the move not be confirmed.
        last_seen: where traffic was when it was last read.
    """

    exit_code = 3

    def __init__(self, cause: BaseException, failure: KnativeError, last_seen: str) -> None:
        self.cause, self.failure, self.last_seen = cause, failure, last_seen
        super().__init__(
            f"{_text(cause)}\n"
            f"It is not confirmed that traffic has moved back: {failure}\n"
            f"Traffic when it was last read: {last_seen}. "
            "Look with `python -m knative status`, undo with `python -m knative rollback`."
        )


class TakenOverError(KnativeError):
    """Somebody else moves the traffic: theirs is the last word.

    Attributes:
        reason: how we know.
        traffic: where it is.
    """

    exit_code = 4

    def __init__(self, reason: str, traffic: str) -> None:
        self.reason, self.traffic = reason, traffic
        super().__init__(f"{reason}.\nTraffic is left as they set it: {traffic}.")


class InterruptionError(KeyboardInterrupt):
    """A signal asks to stop; like KeyboardInterrupt nothing takes it for an ordinary failure.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        self.number = signal.Signals(number)
        super().__init__(f"Interrupted by {self.number.name}")


def exit_code(error: BaseException) -> int:
    """Say what the command ends with: for a signal 128 and its number, as in a shell."""
    if isinstance(error, RolledBackError) and isinstance(error.cause, InterruptionError):
        return exit_code(error.cause)
    if isinstance(error, InterruptionError):
        return 128 + error.number
    return error.exit_code if isinstance(error, KnativeError) else 1


def _text(cause: BaseException) -> str:
    known = isinstance(cause, KnativeError | InterruptionError)
    return str(cause) if known else f"{type(cause).__name__}: {cause}"
