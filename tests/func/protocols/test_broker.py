"""No event is lost: each row of the table in docs/events.md, with the broker's own rules."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from func.oidc import issuer_keys
from func.server.dispatcher import Dispatcher
from model.training.fitted_model import MODEL_NAME
from tests.func.conftest import Hold
from tests.support.broker import Broker, Delivery
from tests.support.oidc.issuer import issuer_server
from tests.support.paths import ROOT
from tests.support.ports import free_port
from tests.support.servers import RunningServer, address
from tests.support.timeouts import TIMEOUT_S

HEADERS = {
    "ce-specversion": "1.0",
    "ce-id": "42",
    "ce-source": "/chat",
    "ce-type": "chat.message",
    "Content-Type": "application/json",
}
BODY = b'{"text": "where is my order"}'
STRUCTURED = "application/cloudevents+json"
EVENT = {"specversion": "1.0", "id": "42", "source": "/chat", "type": "chat.message"}


@dataclass(frozen=True)
class World:
    """The processes and ports that a scenario can use."""

    in_process: Callable[..., Any]
    hold: Hold
    model: Any
    monkeypatch: pytest.MonkeyPatch
    environ: Mapping[str, str]
    running: list[RunningServer] = field(default_factory=list)

    def deliver(
        self, headers: Mapping[str, str] = HEADERS, body: bytes = BODY, **settings: Any
    ) -> Delivery:
        """Deliver an event to a healthy function."""
        return Broker(address(self.in_process(**settings))[1]).deliver(headers, body)

    def start(self) -> RunningServer:
        """Start a process, always on the same port."""
        self.running.append(RunningServer.start(dict(self.environ)))
        return self.running[-1]


def structured(world: World, **members: Any) -> Delivery:
    return world.deliver({"Content-Type": STRUCTURED}, json.dumps({**EVENT, **members}).encode())


def delivered_twice(world: World) -> Delivery:
    broker = Broker(address(world.in_process())[1])
    first, second = (broker.deliver(HEADERS, BODY) for _ in range(2))
    assert first == second
    return second


def overloaded_for_a_moment(world: World) -> Delivery:
    is_over = threading.Event()
    world.monkeypatch.setattr(Dispatcher, "is_over_limit", lambda _: not is_over.is_set())
    port = address(world.in_process())[1]
    return Broker(port, before_retry=is_over.set).deliver(HEADERS, BODY)


def fault(world: World, times: int) -> Delivery:
    left = iter(range(times))
    predict = world.model.predict

    def fail(*args: Any, **options: Any) -> Any:
        for _ in left:
            raise RuntimeError("secret-marker")
        return predict(*args, **options)

    world.monkeypatch.setattr(world.model, "predict", fail)
    return world.deliver()


def killed(world: World) -> Delivery:
    first = world.start()
    broker = Broker(first.port, before_retry=world.start)
    expected = broker.deliver(HEADERS, BODY)
    first.process.kill()
    first.wait()
    again = broker.deliver(HEADERS, BODY)
    assert again.reply_id == expected.reply_id
    return again


def stopped_while_answering(world: World) -> Delivery:
    server = world.in_process()
    deliveries = []
    with world.hold as is_held:
        broker = Broker(address(server)[1])
        sender = threading.Thread(target=lambda: deliveries.append(broker.deliver(HEADERS, BODY)))
        sender.start()
        assert is_held.wait(TIMEOUT_S)
        server.stop()
    sender.join()
    return deliveries[0]


def with_token(world: World, *, is_away: bool = False, **claims: Any) -> Delivery:
    with issuer_server() as issuer:
        issuer.status = 503 if is_away else 200
        port = address(world.in_process(**issuer.settings))[1]
        headers = {**HEADERS, "Authorization": issuer.header(**claims)}

        def come_back() -> None:
            issuer.status = 200
            world.monkeypatch.setattr(issuer_keys, "RETRY_S", 0.0)

        return Broker(port, before_retry=come_back).deliver(headers, BODY)


SCENARIOS: Mapping[str, Callable[[World], Delivery]] = {
    "the event holds a text": lambda world: world.deliver(),
    "the text is out of scope": lambda world: world.deliver(body=b'{"text": "zzz qqq"}'),
    "the event comes a second time": delivered_twice,
    "the event is in structured mode": lambda world: structured(world, data={"text": "hello"}),
    "it is one of the function's own replies": lambda world: structured(
        world, type="org.intentclassifier.intent.classified"
    ),
    "an attribute that has to be there is missing": lambda world: structured(world, id=None),
    "an attribute holds what the specification forbids": lambda world: structured(
        world, subject="a\u0007b"
    ),
    "its body is no JSON, in structured mode": lambda world: world.deliver(
        {"Content-Type": STRUCTURED}, b"{"
    ),
    "it is in another format than JSON": lambda world: world.deliver(
        {"Content-Type": "application/cloudevents+xml"}, b"<event/>"
    ),
    "its data holds no text": lambda world: world.deliver(body=b'{"words": "hello"}'),
    "its data is no JSON": lambda world: world.deliver(body=b"{"),
    "its text is longer than `MAX_TEXT_LENGTH`": lambda world: world.deliver(max_text_length=5),
    "it is larger than `MAX_BODY_BYTES`": lambda world: world.deliver(
        body=b" " * 70_000 + BODY, max_body_bytes=65_536
    ),
    "its headers are larger than `MAX_HEADER_BYTES`": lambda world: world.deliver(
        {**HEADERS, "ce-subject": "x" * 9_000}, max_header_bytes=8_192
    ),
    "the function is overloaded for a moment": overloaded_for_a_moment,
    "the function has a fault": lambda world: fault(world, 3),
    "the function has a fault once": lambda world: fault(world, 1),
    "the process is killed and comes again": killed,
    "the process is gone for good": lambda _: Broker(free_port()).deliver(HEADERS, BODY),
    "the process gets SIGTERM while it answers": stopped_while_answering,
    "its token is of `OIDC_ISSUER` for `OIDC_AUDIENCE`": with_token,
    "its token is for another audience, or has expired": lambda world: with_token(world, exp=1),
    "the issuer of its token is away for a moment": lambda world: with_token(world, is_away=True),
}
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
SECTION = (ROOT / "docs" / "events.md").read_text().partition("## Delivery")[2].partition("##")[0]
ROWS = ROW.findall(SECTION)[1:]


@pytest.fixture
def world(in_process, hold, small_model, monkeypatch, small_folder):
    """A function that a scenario can put into any condition."""
    environ = {"MODEL_PATH": str(small_folder / MODEL_NAME), "PORT": str(free_port())}
    world = World(in_process, hold, small_model, monkeypatch, environ)
    yield world
    for server in world.running:
        server.process.kill()
        server.wait()


def test_each_row_has_its_scenario():
    """The rows of the documented table and the tested scenarios are the same."""
    assert [condition for condition, _, _ in ROWS] == list(SCENARIOS)


@pytest.mark.parametrize(("condition", "answers", "outcome"), ROWS, ids=[row[0] for row in ROWS])
def test_answers_and_deliveries_are_as_documented(world, condition, answers, outcome):
    """The function responds as the table says, and the broker handles it as the table says."""
    delivery = SCENARIOS[condition](world)

    assert ", ".join(map(str, delivery.answers)) == answers
    assert delivery.outcome == outcome
