"""Errors of the command, each with its exit code.

KnativeError                      1  nothing was changed, or all traffic is on the stable revision
├── ImageError                    2  the image is not named by digest
├── UnreadableUtterancesError     2  the file to compare answers with holds no utterances
├── ConfigurationError            1  no cluster is configured
├── UnreachableError              1  the Kubernetes API does not answer
├── InvalidResponseError          1  the Kubernetes API answers with no Kubernetes object
├── MalformedObjectError          1  an object of the Kubernetes API is not of the form of its kind
├── RefusedError                  1  the Kubernetes API refuses a request
│   └── NotFoundError             1
├── UnsuitableServiceError        1  the state of the Service does not allow a rollout
├── WaitTimeoutError              1  a condition was not met in time
├── RevisionFailedError           1  a revision has failed, or its pods cannot become ready
├── RouteFailedError              1  Knative cannot route the requested traffic
├── SmokeError                    1  the function fails a smoke test
│   ├── NoAnswerError                no answer, or one of the gateway
│   ├── WrongAnswerError             an unexpected answer of the function
│   └── DifferingAnswersError        other answers than those of the stable revision
├── RolledBackError      1, 128 + n  a rollout ended early; all traffic is on the stable revision
├── StrandedError                 3  traffic may not be on the stable revision
└── TakenOverError                4  somebody else moves the traffic and keeps it

InterruptionError          128 + n  a signal; no handler of KnativeError catches it
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class KnativeError(Exception):
    """Base of all errors of this package.

    Attributes:
        exit_code: of the command.
    """

    exit_code = 1


class ImageError(KnativeError):
    """An image is not named by digest, so that its content could differ between pods.

    Attributes:
        image: the name.
    """

    exit_code = 2

    def __init__(self, image: str) -> None:
        self.image = image
        super().__init__(f"{image} is not named by digest: it must be NAME@sha256:<64 hex digits>")


class UnreadableUtterancesError(KnativeError):
    """A file can't be read, or holds no utterances.

    Attributes:
        path: the file.
    """

    exit_code = 2

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path} holds no utterances that can be read: it must be a CSV file with the column "
            "text, or a file with one text a line, in UTF-8"
        )


class ConfigurationError(KnativeError):
    """Neither a kubeconfig nor a service account names a cluster."""

    def __init__(self, reason: str) -> None:
        reason = reason.rstrip(".")
        super().__init__(
            f"No cluster is configured: {reason}. "
            "Name a kubeconfig with --kubeconfig or KUBECONFIG."
        )


class UnreachableError(KnativeError):
    """The Kubernetes API did not answer within the patience.

    Attributes:
        reason: of the last failure.
        patience_s: how long requests were repeated, seconds.
    """

    def __init__(self, reason: str, patience_s: float) -> None:
        self.reason, self.patience_s = reason, patience_s
        super().__init__(
            f"The Kubernetes API has not answered for {patience_s:g} s: {reason}\n"
            "Check the server in the kubeconfig, and whether `kubectl version` reaches it."
        )


class InvalidResponseError(KnativeError):
    """A successful response of the Kubernetes API holds no Kubernetes object.

    Attributes:
        body: of the response.
    """

    def __init__(self, body: bytes) -> None:
        self.body = body
        start = " ".join(body[:100].decode(errors="replace").split())
        super().__init__(
            f"The Kubernetes API answers with no Kubernetes object: {start!r}. Check that the "
            "server in the kubeconfig is the API itself, not a proxy or a login page"
        )


class MalformedObjectError(KnativeError):
    """An object of the Kubernetes API is not of the form of its kind.

    Attributes:
        kind: such as ``Service``.
        reason: what is wrong with it.
    """

    def __init__(self, kind: str, reason: str) -> None:
        self.kind, self.reason = kind, reason
        super().__init__(
            f"The Kubernetes API answers with a malformed {kind} ({reason}). Check that the "
            "server in the kubeconfig is the API itself, and its versions: python -m knative doctor"
        )


@contextmanager
def reading(kind: str) -> Iterator[None]:
    """Convert the errors of code that reads a document, and finds another form, into ours.

    Raises:
        MalformedObjectError: the document is malformed.
    """
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise MalformedObjectError(kind, f"{type(error).__name__}: {error}") from error


class RefusedError(KnativeError):
    """The Kubernetes API refuses a request.

    Attributes:
        status: of the HTTP answer.
        reason: the API's message.
    """

    def __init__(self, status: int, reason: str, remedy: str = "") -> None:
        self.status, self.reason = status, reason
        super().__init__(f"The Kubernetes API refuses ({status}): {reason}{remedy}")


class NotFoundError(RefusedError):
    """The object does not exist."""


class UnsuitableServiceError(KnativeError):
    """The state of the Service does not allow a rollout."""


class WaitTimeoutError(KnativeError):
    """A condition was not met in time.

    Attributes:
        condition: the condition, in words.
        timeout_s: how long the command waited, seconds.
        last_seen: the last observed state.
    """

    def __init__(self, condition: str, timeout_s: float, last_seen: str, hint: str = "") -> None:
        self.condition, self.timeout_s, self.last_seen = condition, timeout_s, last_seen
        message = f"Timed out after {timeout_s:g} s waiting until {condition}; last: {last_seen}"
        super().__init__(f"{message}\n{hint}" if hint else message)


class RevisionFailedError(KnativeError):
    """A revision has failed, or its pods cannot become ready.

    Attributes:
        revision: its name.
        condition: the failed condition of the revision or of a pod, with reason and message.
    """

    def __init__(self, revision: str, condition: str) -> None:
        self.revision, self.condition = revision, condition
        super().__init__(f"{revision} has failed: {condition}")


class RouteFailedError(KnativeError):
    """Knative cannot route the requested traffic.

    Attributes:
        condition: the failed condition, with reason and message.
    """

    def __init__(self, condition: str) -> None:
        self.condition = condition
        super().__init__(f"Traffic cannot be routed: {condition}")


class SmokeError(KnativeError):
    """The function fails a smoke test.

    Attributes:
        check: its name.
        reason: why it failed.
    """

    def __init__(self, check: str, reason: str) -> None:
        self.check, self.reason = check, reason
        super().__init__(f"{check}: {reason}")


class NoAnswerError(SmokeError):
    """The function itself has not answered; it may do so later."""


class WrongAnswerError(SmokeError):
    """The function has answered, and not as expected."""


class DifferingAnswersError(SmokeError):
    """The candidate's answers differ from the stable revision's by more than they may."""

    def __init__(self, summary: str, max_changed: float, max_loss: float) -> None:
        allowed = (
            f"at most {max_changed:g} % may change (--max-changed), and accuracy may fall by "
            f"{max_loss:g} points (--max-loss)"
        )
        super().__init__("comparison", f"{summary}; {allowed}")


class RolledBackError(KnativeError):
    """A rollout ended early, and all traffic is on the stable revision.

    Attributes:
        cause: why it ended.
        traffic: in words, confirmed by the status.
    """

    def __init__(self, cause: BaseException, traffic: str) -> None:
        self.cause, self.traffic = cause, traffic
        if isinstance(cause, InterruptionError):
            self.exit_code = cause.exit_code
        super().__init__(f"{_text(cause)}\nTraffic is {traffic}.")


class StrandedError(KnativeError):
    """Traffic may not be on the stable revision.

    Attributes:
        failure: why the move back failed or could not be confirmed.
        last_seen: the last observed traffic.
        revision: that all traffic was to move to.
        cause: why the rollout ended; None for a rollback.
    """

    exit_code = 3

    def __init__(
        self,
        failure: KnativeError,
        last_seen: str,
        revision: str,
        cause: BaseException | None = None,
    ) -> None:
        self.failure, self.last_seen, self.revision = failure, last_seen, revision
        self.cause = cause
        reason = f"{_text(cause)}\n" if cause else ""
        super().__init__(
            f"{reason}It is not confirmed that traffic has moved back: {failure}\n"
            f"Traffic when it was last read: {last_seen}. See `python -m knative status`; "
            f"`python -m knative rollback --to {revision}` repeats the move."
        )


class TakenOverError(KnativeError):
    """Somebody else moves the traffic, which stays as they set it.

    Attributes:
        reason: how this was noticed.
        traffic: in words.
    """

    exit_code = 4

    def __init__(self, reason: str, traffic: str) -> None:
        self.reason, self.traffic = reason, traffic
        super().__init__(f"{reason}.\nTraffic is left as they set it: {traffic}.")


class InterruptionError(KeyboardInterrupt):
    """A signal has interrupted the command; no handler of ordinary exceptions catches it.

    Attributes:
        exit_code: of the command: the one that shells report for the signal.
    """

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number
        super().__init__(f"Interrupted by {signal.Signals(number).name}")


def _text(cause: BaseException) -> str:
    known = isinstance(cause, KnativeError | InterruptionError)
    return str(cause) if known else f"{type(cause).__name__}: {cause}"
