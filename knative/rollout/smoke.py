"""Smoke test: requests with known answers against the function at a URL."""

from __future__ import annotations

import json
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from knative.rollout.errors import NoAnswerError, WrongAnswerError

# A gateway answers these while it does not know the host yet or has no pod for the request.
GATEWAY_STATUSES = frozenset({404, 502, 503, 504})
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An utterance and its expected intent."""

    text: str
    intent: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``UTTERANCE=INTENT``.

        Raises:
            ValueError: either part is missing.
        """
        utterance, _, intent = text.rpartition("=")
        if not (utterance.strip() and intent.strip()):
            raise ValueError(text)
        return cls(text=utterance.strip(), intent=intent.strip())


# From the shipped training data; models trained on other data need other cases.
SHIPPED_CASES = (
    Case(text="Can you help me reset my password?", intent="password_reset"),
    Case(text="where is my parcel", intent="order_tracking"),
    Case(text="I want to cancel my subscription", intent="subscription_cancel"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The address of the function.

    Attributes:
        url: to connect to.
        host: for the Host header and, over TLS, the certificate; empty means the host of the URL.
    """

    url: str
    host: str = ""

    def __str__(self) -> str:
        return f"{self.url} (Host: {self.host})" if self.host else self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A check that the function has passed, and its duration."""

    check: str
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTest:
    """The checks of a smoke test.

    Attributes:
        cases: utterances with expected intents; at least one.
        gateway: the address at which to reach all URLs; empty means their own.
        timeout_s: of each request.
        token: bearer token for each request; empty sends none.
    """

    cases: tuple[Case, ...] = SHIPPED_CASES
    gateway: str = ""
    timeout_s: float = 10.0
    token: str = field(default="", repr=False)

    def run(self, endpoint: Endpoint) -> Iterator[Passed]:
        """Check health, a prediction per case and a CloudEvent, in this order.

        Raises:
            NoAnswerError: the function does not answer.
            WrongAnswerError: its answer is unexpected.
        """
        checks = [_Health(), *map(_Prediction, self.cases), _Event(self.cases[0])]
        for check in checks:
            yield self._passed(endpoint, check)

    def probe(self, endpoint: Endpoint) -> Passed:
        """Check one prediction, which is cheap enough to be repeated.

        Raises:
            NoAnswerError, WrongAnswerError: as for ``run``.
        """
        return self._passed(endpoint, _Prediction(self.cases[0]))

    def intents(self, endpoint: Endpoint, texts: Sequence[str]) -> list[str]:
        """Return the intents of utterances, as one batch.

        Raises:
            NoAnswerError, WrongAnswerError: as for ``run``.
        """
        check = _Batch(texts)
        self._passed(endpoint, check)
        return check.intents

    def at(self, url: str) -> Endpoint:
        """Return the endpoint of a URL, through the gateway if there is one."""
        if not self.gateway:
            return Endpoint(url=url)
        return Endpoint(url=self.gateway, host=urlsplit(url).netloc)

    def _passed(self, endpoint: Endpoint, check: _Check) -> Passed:
        started = time.perf_counter()
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = _exchange(endpoint, check, bearer, self.timeout_s)
        duration_ms = (time.perf_counter() - started) * 1000
        if fault := check.fault(answer):
            raise WrongAnswerError(f"{check.name} at {endpoint}", fault)
        return Passed(check=check.name, duration_ms=duration_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def __str__(self) -> str:
        moved = f" to {self.headers['Location']}" if "Location" in self.headers else ""
        return f"{self.status}{moved}: {self.body[:200].decode(errors='replace').strip()}"


class _Check(ABC):
    name: str
    method = "POST"
    path = "/predict"
    headers: Mapping[str, str] = JSON
    body: bytes | None = None

    @abstractmethod
    def fault(self, answer: _Answer) -> str:
        """Return why an answer is wrong; empty if it is right."""


class _Health(_Check):
    name = "health"
    method = "GET"
    path = "/health"

    def fault(self, answer: _Answer) -> str:
        right = answer.status == HTTPStatus.OK and answer.json() == {"status": "ok"}
        return "" if right else f"answered {answer}"


class _Prediction(_Check):
    def __init__(self, case: Case) -> None:
        self.name = f"prediction of {case.intent}"
        self.case = case
        self.body = json.dumps({"text": case.text}).encode()

    def fault(self, answer: _Answer) -> str:
        if answer.status != HTTPStatus.OK:
            return f"answered {answer}"
        prediction = answer.json()
        if prediction.get("intent") != self.case.intent:
            return f"'{self.case.text}' was classified as {prediction.get('intent')}"
        confidence = prediction.get("confidence")
        if not (isinstance(confidence, float | int) and 0 <= confidence <= 1):
            return f"confidence is {confidence}"
        return ""


class _Batch(_Check):
    name = "predictions to compare"

    def __init__(self, texts: Sequence[str]) -> None:
        self._count = len(texts)
        self.body = json.dumps({"texts": texts}).encode()
        self.intents: list[str] = []

    def fault(self, answer: _Answer) -> str:
        predictions = answer.json().get("predictions")
        if answer.status != HTTPStatus.OK or not isinstance(predictions, list):
            return f"answered {answer}"
        self.intents = [str(each.get("intent")) for each in predictions if isinstance(each, dict)]
        return "" if len(self.intents) == self._count else "some utterances have no prediction"


class _Event(_Prediction):
    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.name = f"event of {case.intent}"
        self.id = str(uuid.uuid4())
        attributes = {"specversion": "1.0", "id": self.id, "source": "/smoke", "type": "smoke.test"}
        self.headers = JSON | {f"ce-{name}": value for name, value in attributes.items()}

    def fault(self, answer: _Answer) -> str:
        if fault := super().fault(answer):
            return fault
        kind, intent = answer.headers.get("Ce-Type"), answer.headers.get("Ce-Intent")
        if not (kind or "").endswith(".intent.classified") or intent != self.case.intent:
            return f"the event is of type {kind}, its intent is {intent}"
        if answer.json().get("request", {}).get("id") != self.id:
            return "the event does not name the request that it answers"
        return ""


def _exchange(
    endpoint: Endpoint, check: _Check, bearer: Mapping[str, str], timeout_s: float
) -> _Answer:
    parts = urlsplit(endpoint.url)
    host = endpoint.host or parts.netloc
    name = urlsplit(f"//{host}").hostname
    tls = {"server_hostname": name, "assert_hostname": name} if parts.scheme == "https" else {}
    headers = {**check.headers, **bearer, "Host": host}
    try:
        with urllib3.connection_from_url(endpoint.url, timeout=timeout_s, **tls) as pool:
            response = pool.request(
                check.method,
                parts.path.rstrip("/") + check.path,
                body=check.body,
                headers=headers,
                retries=False,
                redirect=False,
            )
    except (HTTPError, OSError) as error:
        raise NoAnswerError(f"{check.name} at {endpoint}", f"no answer ({error})") from error
    answer = _Answer(status=response.status, headers=response.headers, body=response.data)
    if answer.status in GATEWAY_STATUSES:
        raise NoAnswerError(f"{check.name} at {endpoint}", f"answered {answer}")
    return answer
