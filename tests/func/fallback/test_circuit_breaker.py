"""The circuit breaker: when it opens, and when it lets a request through again."""

from __future__ import annotations

import pytest

from func.fallback.circuit_breaker import MAX_FAILURES, MAX_OPEN_S, OPEN_S, CircuitBreaker
from tests.support.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock.monotonic)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.record_failure()


def test_it_opens_after_failures_in_a_row(breaker):
    """One failure less leaves it closed."""
    fail(breaker, MAX_FAILURES - 1)
    assert breaker.allows()
    fail(breaker, 1)
    assert breaker.is_open
    assert not breaker.allows()


def test_a_success_closes_it(breaker):
    """Failures before a success do not count."""
    fail(breaker, MAX_FAILURES - 1)
    breaker.record_success()
    fail(breaker, MAX_FAILURES - 1)
    assert not breaker.is_open


def test_one_request_passes_after_each_pause(breaker, clock):
    """It tries whether the server is back; others wait for what it finds."""
    fail(breaker, MAX_FAILURES)
    clock.sleep(OPEN_S)
    assert [breaker.allows(), breaker.allows()] == [True, False]
    fail(breaker, 1)
    assert not breaker.allows()
    clock.sleep(OPEN_S)
    assert breaker.allows()
    breaker.record_success()
    assert [breaker.allows(), breaker.allows()] == [True, True]


def test_a_server_may_ask_for_a_pause(breaker, clock):
    """One failure opens it then, for as long as the server asks for."""
    breaker.record_failure(retry_after_s=3)
    assert not breaker.allows()
    clock.sleep(3)
    assert breaker.allows()


def test_the_pause_is_limited(breaker, clock):
    """A server can't be rid of requests for hours."""
    breaker.record_failure(retry_after_s=100_000)
    clock.sleep(MAX_OPEN_S)
    assert breaker.allows()
