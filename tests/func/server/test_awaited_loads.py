"""How many may wait for loads, and what becomes of a load that nobody waits for."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from func.errors import OverloadedError
from func.server.awaited_loads import AwaitedLoads


@pytest.fixture
def ended() -> list[Future[None]]:
    """The loads that have ended, once for each notice."""
    return []


@pytest.fixture
def awaited(ended) -> AwaitedLoads[str]:
    """Loads for which two may wait."""
    return AwaitedLoads(2, ended.append)


@pytest.fixture
def loading() -> Future[None]:
    """A load that has not begun."""
    return Future()


def test_those_who_wait_for_a_load_go_on_in_order(awaited, ended, loading):
    """One notice comes for all of them; those who wait for another load wait on."""
    awaited.add("first", lambda: loading)
    awaited.add("second", lambda: loading)
    loading.set_result(None)
    assert ended == [loading]
    assert awaited.pop(loading) == ["first", "second"]
    awaited.add("third", Future)
    assert awaited.pop(loading) == []
    assert len(awaited) == 1


def test_beyond_the_limit_no_load_begins(awaited):
    """Whoever is refused has caused no work."""
    begun = []

    def load() -> Future[None]:
        begun.append(1)
        return Future()

    assert [awaited.add(str(number), load) for number in range(4)] == [True, True, False, False]
    assert len(begun) == 2


def test_a_load_that_can_not_begin_has_no_waiter(awaited):
    """As many as may are pending for others."""

    def refuse() -> Future[None]:
        raise OverloadedError

    assert not awaited.add("first", refuse)
    assert len(awaited) == 0


def test_who_leaves_frees_a_place(awaited, loading):
    """The others still wait for the load that they share."""
    awaited.add("first", lambda: loading)
    awaited.add("second", lambda: loading)
    awaited.leave("first")
    assert awaited.add("third", lambda: loading)
    assert not loading.cancelled()
    assert awaited.pop(loading) == ["second", "third"]


def test_a_load_is_dropped_when_the_last_leaves(awaited, ended, loading):
    """Who has never waited changes nothing."""
    awaited.add("first", lambda: loading)
    awaited.leave("other")
    assert not loading.cancelled()
    awaited.leave("first")
    assert loading.cancelled()
    assert ended == [loading]


def test_who_leaves_a_load_under_way_leaves_nothing_behind(awaited, ended, loading):
    """However many come and go until it ends, there is one notice."""
    loading.set_running_or_notify_cancel()
    for number in range(100):
        assert awaited.add(str(number), lambda: loading)
        awaited.leave(str(number))
    loading.set_result(None)
    assert ended == [loading]
    assert awaited.pop(loading) == []
