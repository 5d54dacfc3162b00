"""Batches of requests: their limits, and what a failure leaves answered."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from func.messages import Deferred, ParsedRequest, PendingRequest, Response
from func.server.batching import MAX_REQUESTS, MAX_WORK_US, SHARED_US, Batch


class Answered:
    """Answers requests, and keeps the sizes of its batches and the responses sent."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.sent: list[tuple[str, Response | Deferred | None]] = []
        self.batch: Batch[str] = Batch(self.answer, self.send)

    def answer(self, requests: Sequence[PendingRequest]) -> list[Response]:
        self.batches.append(len(requests))
        return [request.parsed.respond(()) for request in requests]

    def send(self, sender: str, response: Response | Deferred | None) -> None:
        self.sent.append((sender, response))


@pytest.fixture
def answered() -> Answered:
    return Answered()


def request(body: bytes = b"", *, work: int = 0) -> PendingRequest:
    """Return a request whose response has the given body."""
    parsed = ParsedRequest(lambda _: Response(body), lambda _: Response(b"error"), work=work)
    return PendingRequest({}, 0.0, parsed)


def test_each_sender_gets_the_response_to_its_own_request(answered):
    """One batch answers all, in the order of their arrival."""
    answered.batch.add("first", request(b"1"))
    answered.batch.add("second", request(b"2"))
    answered.batch.flush()

    assert answered.batches == [2]
    assert answered.sent == [("first", Response(b"1")), ("second", Response(b"2"))]
    assert len(answered.batch) == 0


def test_an_empty_batch_asks_for_no_answer(answered):
    """Most iterations of the event loop have nothing to answer."""
    answered.batch.flush()

    assert answered.batches == []


def test_a_batch_holds_no_more_work_than_may_block_the_loop(answered):
    """The request that would exceed the limit begins the next batch."""
    answered.batch.add("first", request(work=MAX_WORK_US - 1))
    answered.batch.add("second", request(work=SHARED_US + 1))
    answered.batch.add("third", request(work=SHARED_US + 1))
    answered.batch.flush()

    assert answered.batches == [2, 1]


def test_work_that_a_batch_spends_once_counts_once(answered):
    """Many small requests fit into one batch."""
    for number in range(MAX_REQUESTS):
        answered.batch.add(str(number), request(work=MAX_WORK_US // MAX_REQUESTS + SHARED_US // 2))
    answered.batch.flush()

    assert answered.batches == [MAX_REQUESTS]


def test_a_flush_forgets_the_work_that_it_has_done(answered):
    """The work of one batch does not make the next one smaller."""
    answered.batch.add("first", request(work=MAX_WORK_US))
    answered.batch.flush()
    answered.batch.add("second", request(work=MAX_WORK_US // 2))
    answered.batch.add("third", request(work=MAX_WORK_US // 2))
    answered.batch.flush()

    assert answered.batches == [1, 2]


def test_a_batch_holds_no_more_requests_than_the_limit(answered):
    """The first does not wait for the last of many."""
    for number in range(MAX_REQUESTS + 1):
        answered.batch.add(str(number), request())
    answered.batch.flush()

    assert answered.batches == [MAX_REQUESTS, 1]


def test_a_failed_batch_answers_every_sender(caplog):
    """The function that sends gets None for each; the log has the failure."""
    sent: list[tuple[str, Response | Deferred | None]] = []

    def fail(_: Sequence[PendingRequest]) -> list[Response]:
        raise ValueError("a fault of the app")

    batch: Batch[str] = Batch(fail, lambda *message: sent.append(message))
    batch.add("first", request())
    batch.add("second", request())
    batch.flush()

    assert sent == [("first", None), ("second", None)]
    assert caplog.messages == ["A batch failed"]
