"""The client of a fallback: it asks about several texts at once, within one deadline."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, wait
from functools import partial
from threading import Lock
from typing import Protocol

from func.authentication import read_tokens
from func.fallback.circuit_breaker import CircuitBreaker
from func.fallback.contracts import CONTRACTS, MAX_OPTIONS, Answer, Kind, read_answer
from func.fallback.counts import FallbackCounts, Result
from func.messages import JSON, Predictor
from func.outgoing.daemon_threads import DaemonThreads
from func.outgoing.errors import NoAnswerError
from func.outgoing.http_client import remaining
from func.settings import Settings
from model.inference.prediction import OUT_OF_SCOPE, Alternative, Prediction

logger = logging.getLogger(__name__)

FALLBACK = "fallback"  # answered a doubtful text


class Poster(Protocol):
    """Sends requests to the fallback."""

    def post(self, body: bytes, headers: dict[str, str], deadline: float) -> bytes:
        """Return the body of the response, or raise NoAnswerError."""

    def close(self) -> None:
        """Close all connections."""


class FallbackClient:
    """Asks the fallback; safe to call from many threads."""

    def __init__(
        self, client: Poster, kind: Kind, settings: Settings, breaker: CircuitBreaker | None = None
    ) -> None:
        """Create a client of a fallback with this contract."""
        self._client, self._kind, self._settings = client, kind, settings
        self._breaker = breaker or CircuitBreaker()
        self._threads = DaemonThreads(settings.fallback_max_in_flight, "fallback")
        self._lock = Lock()
        self._results: Counter[Result] = Counter()

    def counts(self) -> FallbackCounts:
        """Return a copy of the counters."""
        with self._lock:
            return FallbackCounts(self._results.copy(), self._breaker.is_open)

    def close(self) -> None:
        """Close the connections to the fallback."""
        self._client.close()

    def count(self, result: Result, texts: int = 1) -> None:
        """Count texts by their result."""
        with self._lock:
            self._results[result] += texts

    def deadline(self) -> float:
        """Return the time, by ``time.monotonic``, until which a request that begins now waits."""
        return time.monotonic() + self._settings.fallback_timeout_s

    def ask_all(
        self, texts: Sequence[str], model: Predictor, deadline: float
    ) -> list[Prediction | None]:
        """Return the fallback's prediction for each text; None where there is none in time.

        It chooses among the intents of ``model``.
        """
        futures: list[Future[Prediction | None]] = [Future() for _ in texts]
        for text, future in zip(texts, futures, strict=True):
            self._threads.submit(partial(self._settle, future, text, model, deadline))
        done, _ = wait(futures, timeout=remaining(deadline))
        return [future.result() if future in done else None for future in futures]

    def _settle(
        self, future: Future[Prediction | None], text: str, model: Predictor, deadline: float
    ) -> None:
        prediction, result = self._ask(text, model, deadline)
        self.count(result)
        future.set_result(prediction)

    def _ask(
        self, text: str, model: Predictor, deadline: float
    ) -> tuple[Prediction | None, Result]:
        """Return the prediction of a text, if there is one, and the result to count."""
        if time.monotonic() >= deadline:  # other texts came first
            return None, "busy"
        if not self._breaker.allows():
            return None, "open"
        try:
            prediction = self._predict(text, model, deadline)
        except NoAnswerError as error:
            if error.reason == "unknown_intent":
                self._breaker.record_success()
            else:
                self._breaker.record_failure(error.retry_after_s)
            return None, error.reason
        except Exception as error:  # noqa: BLE001 - the model's own answer must go out
            # Neither the text nor the token may be logged, and either could be in the message.
            logger.error("The fallback can't be asked: %s", type(error).__name__)  # noqa: TRY400
            self._breaker.record_failure()
            return None, "unreachable"
        self._breaker.record_success()
        return prediction, "answered"

    def _predict(self, text: str, model: Predictor, deadline: float) -> Prediction:
        [own] = model.predict([text], top_k=len(model.card.labels) + 1)
        intents = offered(own)
        question = CONTRACTS[self._kind].ask(self._settings.fallback_model, text, intents)
        content = self._client.post(json.dumps(question).encode(), self._headers(), deadline)
        return combined(read_answer(content, self._kind, intents), own)

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": JSON, "Accept": JSON}
        if path := self._settings.fallback_token_file:
            # A read takes microseconds, and Kubernetes replaces mounted secrets.
            token = next(iter(read_tokens(path)), b"")
            headers["Authorization"] = f"Bearer {token.decode('latin-1')}"
        return headers


def offered(own: Prediction) -> list[str]:
    """Return the intents that a fallback may choose from: the model's most likely first.

    ``own`` must rank all intents.
    """
    known = [each.intent for each in own.alternatives if each.intent != OUT_OF_SCOPE]
    return [*known[: MAX_OPTIONS - 1], OUT_OF_SCOPE]


def combined(answer: Answer, own: Prediction) -> Prediction:
    """Return the fallback's answer as a prediction.

    Where the fallback states no probabilities, or leaves some out, they remain the model's.
    """
    chances = own.probabilities()
    if answer.probabilities.keys() >= chances.keys():
        chances = dict(answer.probabilities)
    ranked = sorted(chances.items(), key=lambda item: -item[1])
    confidence = (answer.probabilities or chances).get(answer.intent, 0.0)
    alternatives = tuple(Alternative(*item) for item in ranked)
    return own._replace(
        intent=answer.intent,
        confidence=confidence,
        alternatives=alternatives,
        answered_by=FALLBACK,
    )
