"""The sink: an event has arrived, or the sender gets an error."""

from __future__ import annotations

import socket
import threading

import pytest

from func.errors import NoSinkError, SinkRefusedError, SinkTimeoutError, SinkUnavailableError
from func.protocols.cloudevents import Event
from func.settings import Settings
from func.web.event_sink import EventSink
from tests.support.kubernetes.event_sink import running_sink
from tests.support.ports import free_port
from tests.support.timeouts import TIMEOUT_S

EVENT = Event(
    {
        "specversion": "1.0",
        "type": "t",
        "source": "/s",
        "id": "1",
        "intent": "grüßen",
        "datacontenttype": "application/json",
    },
    {"text": "hi"},
)


@pytest.fixture
def sink():
    """A sink that takes all events."""
    with running_sink() as running:
        yield running


def test_event_arrives_in_binary_mode(sink):
    """Attributes are headers, percent-encoded, and the data is the body."""
    EventSink(f"{sink.url}?tenant=a", 1).send(EVENT)

    [(path, headers, body)] = sink.received
    assert path == "/intent-namespace/intent-broker?tenant=a"
    assert headers["ce-intent"] == "gr%C3%BC%C3%9Fen"
    assert headers["content-type"] == "application/json"
    assert body == b'{"text":"hi"}'


def test_url_may_have_no_path(sink):
    """Without a path, the event goes to the root."""
    EventSink(sink.url.removesuffix("/intent-namespace/intent-broker"), 1).send(EVENT)

    assert sink.received[0][0] == "/"


def test_without_url_there_is_no_sink():
    """An event that has nowhere to go is refused."""
    with pytest.raises(NoSinkError):
        EventSink.from_settings(Settings()).send(EVENT)


@pytest.mark.parametrize("status", [307, 404, 503])
def test_other_status_than_success_is_a_refusal(sink, status):
    """A redirect is not followed, and an error is not taken for success."""
    sink.status = status

    with pytest.raises(SinkRefusedError):
        EventSink(sink.url, 1).send(EVENT)


def test_other_protocol_is_a_refusal():
    """A server that does not speak HTTP has not taken the event."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            received = b""
            while not received.endswith(b"}"):  # closing with unread bytes would be a reset
                received += connection.recv(4096)
            connection.sendall(b"220 mail\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(SinkRefusedError):
            EventSink(f"http://127.0.0.1:{server.getsockname()[1]}", 1).send(EVENT)
        thread.join(TIMEOUT_S)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_closed_port_is_no_sink(scheme):
    """A sink that can't be reached is unavailable."""
    with pytest.raises(SinkUnavailableError):
        EventSink(f"{scheme}://127.0.0.1:{free_port()}", 1).send(EVENT)


def test_silent_sink_is_not_waited_for_forever(sink):
    """After the timeout the sender gets an error, and later events are sent again."""
    sink.answers.clear()
    events = EventSink(sink.url, 1, timeout_s=0.05)

    for _ in range(2):
        with pytest.raises(SinkTimeoutError):
            events.send(EVENT)


def test_number_of_events_on_their_way_is_bounded(sink):
    """While the sink keeps as many events waiting as are allowed, others are refused."""
    sink.answers.clear()
    events = EventSink.from_settings(Settings(k_sink=sink.url, threads=2))
    first = threading.Thread(target=events.send, args=(EVENT,))
    first.start()
    assert sink.has_request.wait(TIMEOUT_S)

    with pytest.raises(SinkUnavailableError):
        events.send(EVENT)

    sink.answers.set()
    first.join(TIMEOUT_S)
    events.send(EVENT)
    assert len(sink.received) == 2
