"""The keys that are kept: when they are fetched, and how often."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from jwt import PyJWK

from func.errors import KeysUnavailableError, NotLoadedError
from func.oidc.issuer_keys import MAX_AGE_S, MIN_INTERVAL_S, RETRY_S, IssuerKeys
from func.outgoing.errors import NoAnswerError
from tests.support.oidc.issuer import PUBLISHED

KEY = PyJWK.from_dict(PUBLISHED)


class World:
    """An issuer, the time, and a thread that works when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.published: dict[str, PyJWK] = {"a": KEY}
        self.error: Exception | None = None
        self.tasks: list[Callable[[], None]] = []
        self.fetches = 0
        self.keys = IssuerKeys(self.fetch, submit=self.tasks.append, clock=lambda: self.now)

    def fetch(self) -> dict[str, PyJWK]:
        self.fetches += 1
        if self.error:
            raise self.error
        return dict(self.published)

    def work(self) -> None:
        """Do what has been left to a thread."""
        while self.tasks:
            self.tasks.pop(0)()


@pytest.fixture
def world():
    """Keys whose first fetch has begun."""
    return World()


@pytest.fixture
def loaded(world):
    """Keys that have been fetched."""
    world.work()
    return world


def test_keys_are_fetched_from_the_start(world):
    """A request that comes before they are there learns when to try again."""
    with pytest.raises(NotLoadedError) as caught:
        world.keys.find("a")
    loading = caught.value.load()
    assert not loading.done()
    world.work()

    assert loading.done()
    assert world.keys.find("a") is KEY
    assert world.fetches == 1


def test_requests_at_once_share_a_fetch(world):
    """However many requests wait, the issuer is asked once."""
    futures = set()
    for _ in range(3):
        with pytest.raises(NotLoadedError) as caught:
            world.keys.find("a")
        futures.add(caught.value.load())

    assert len(futures) == len(world.tasks) == 1


def test_fetch_goes_on_without_the_requests_that_wait_for_it(world):
    """The keys are there for those that come next."""
    with pytest.raises(NotLoadedError) as caught:
        world.keys.find("a")
    caught.value.load().cancel()
    world.work()

    assert world.keys.find("a") is KEY


def test_unknown_key_has_the_keys_fetched_again(loaded):
    """An issuer that has begun to sign with another key is understood at once."""
    loaded.now += MIN_INTERVAL_S
    loaded.published["b"] = KEY
    with pytest.raises(NotLoadedError):
        loaded.keys.find("b")
    loaded.work()

    assert loaded.keys.find("b") is KEY


def test_unknown_keys_do_not_flood_the_issuer(loaded):
    """Anybody can send tokens that name such keys."""
    assert loaded.keys.find("b") is None
    assert loaded.fetches == 1
    assert not loaded.tasks


def test_withdrawn_key_is_forgotten(loaded):
    """Old keys are used while they are fetched again, so that no request waits."""
    loaded.now += MAX_AGE_S
    loaded.published = {"b": KEY}
    assert loaded.keys.find("a") is KEY
    loaded.work()

    assert loaded.keys.find("a") is None
    assert loaded.keys.find("b") is KEY


def test_known_keys_outlive_an_outage_of_the_issuer(loaded):
    """After a failure, the next fetch waits for a moment."""
    loaded.now += MAX_AGE_S
    loaded.error = NoAnswerError("unreachable")
    for _ in range(2):
        assert loaded.keys.find("a") is KEY
        loaded.work()
    assert loaded.fetches == 2
    loaded.now += RETRY_S
    loaded.keys.find("a")
    loaded.work()

    assert loaded.fetches == 3


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(NoAnswerError("timeout"), id="no-answer"),
        pytest.param(RuntimeError("secret-marker"), id="fault"),
    ],
)
def test_no_key_is_known_while_the_issuer_is_away(world, caplog, error):
    """Nobody can say whether the token is valid; a moment later the issuer is asked again."""
    world.error = error
    world.work()
    with pytest.raises(KeysUnavailableError):
        world.keys.find("a")
    world.error = None
    world.now += RETRY_S
    with pytest.raises(NotLoadedError):
        world.keys.find("a")
    world.work()

    assert world.keys.find("a") is KEY
    assert "The issuer's keys can't be fetched" in caplog.text


def test_thread_may_wait_for_the_keys():
    """A thread of its own fetches them."""
    keys = IssuerKeys(lambda: {"a": KEY})

    assert keys.wait_for("a") is KEY
    assert keys.wait_for("b") is None
