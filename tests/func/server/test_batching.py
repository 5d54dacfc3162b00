"""Requests that come in together, and what becomes of each."""

from __future__ import annotations

import json
import re
import select
import socket
from contextlib import ExitStack

import pytest

from func.app import App
from func.handler import IntentFunction
from func.messages import Response
from func.server.batching import MAX_TOGETHER, Batch
from tests.func.server.test_connection import QUICK, predict_request, receive_answers
from tests.support.servers import address, build_server, channels, send_meanwhile, wait_for
from tests.support.timeouts import TIMEOUT_S

INTENT = re.compile(rb'"intent":"(\w+)"')
STATUS = re.compile(rb"HTTP/1.1 (\d+)")
EVENT = (
    b"POST / HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nce-specversion: 1.0\r\n"
    b"ce-id: 1\r\nce-source: /test\r\nce-type: test\r\nContent-Length: 29\r\n\r\n"
    b'{"text": "where is my order"}'
)


def question(text: str, **fields: object) -> bytes:
    """Encode a request for the intent of a text."""
    return predict_request(json.dumps({"text": text, **fields}).encode())


@pytest.fixture
def predicted(small_model, monkeypatch):
    """What the model was asked for: the utterances of each time."""
    asked: list[list[str]] = []
    predict = small_model.predict

    def record(utterances: list[str], **options: object) -> object:
        asked.append(utterances)
        return predict(utterances, **options)

    monkeypatch.setattr(small_model, "predict", record)
    return asked


@pytest.fixture
def poison(small_model, monkeypatch):
    """A text that no prediction can be made with."""
    predict, text = small_model.predict, "poison"

    def fail(utterances: list[str], **options: object) -> object:
        assert text not in utterances, "secret-marker"
        return predict(utterances, **options)

    monkeypatch.setattr(small_model, "predict", fail)
    return text


@pytest.fixture
def send_together(in_process, hold):
    """Send requests that are all read in the same turn of the event loop, and give the answers."""

    def send(requests: list[bytes]) -> list[bytes]:
        server = in_process()
        with ExitStack() as stack:
            first, *others = (
                stack.enter_context(socket.create_connection(address(server), timeout=TIMEOUT_S))
                for _ in range(len(requests) + 1)
            )
            send_meanwhile(hold, first, dict(zip(others, requests, strict=True)))
            receive_answers(first, 1)
            return [connection.recv(65536) for connection in others]

    return send


def test_what_comes_in_together_is_predicted_together(send_together, predicted):
    """One prediction is made for all requests, whatever their forms, and each gets its own."""
    texts = b'{"texts": ["hello", "reset my password"]}'
    plain, several, best, ranked, event = send_together(
        [
            *(question("hello"), predict_request(texts)),
            *(question("reset password", top_k=count) for count in (1, 3)),
            EVENT,
        ]
    )

    assert sorted(map(len, predicted)) == [1, 6]
    assert INTENT.findall(plain) == [b"greeting"]
    assert INTENT.findall(several) == [b"greeting", b"password_reset"]
    assert INTENT.findall(best) == [b"password_reset"] * 2
    assert len(INTENT.findall(ranked)) == 1 + 3
    assert b"ce-intent: order_tracking\r\n" in event


def test_each_is_told_of_as_if_alone(send_together, caplog):
    """Each line of the log tells of its own request, and of the time that it had to wait."""
    with caplog.at_level("INFO"):
        send_together([question("reset password"), EVENT, predict_request(b"{")])
        wait_for(lambda: caplog.messages.count("request") == 4)

    log_fields = [record.fields for record in caplog.records if record.getMessage() == "request"]
    assert [(each["status"], each["kind"], each.get("intent")) for each in log_fields] == [
        *((200, "http", "greeting"), (200, "http", "password_reset")),
        *((200, "binary", "order_tracking"), (400, "http", None)),
    ]
    assert all(each["duration_ms"] > 0 for each in log_fields)


def test_errors_are_answered_beside_predictions(send_together, predicted):
    """What can't be understood is told so, and has no part in the prediction of the others."""
    bad, good = send_together([predict_request(b"{"), question("reset my password")])

    assert STATUS.findall(bad) == [b"400"]
    assert b"password_reset" in good
    assert ["reset my password"] in predicted


def test_who_is_at_fault_fails_alone(send_together, poison, caplog):
    """Where a prediction for all fails, each is tried by itself."""
    answers = send_together([question("hello"), question(poison), question("bye")])

    assert [STATUS.findall(answer) for answer in answers] == [[b"200"], [b"500"], [b"200"]]
    assert "A joint prediction failed; each request gets its own" in caplog.messages
    assert "secret-marker" not in b"".join(answers).decode()


def test_who_fails_alone_is_tried_once(send_together, poison, predicted, caplog):
    """There is nobody else whose fault it could be."""
    [answer] = send_together([question(poison)])

    assert STATUS.findall(answer) == [b"500"]
    assert predicted.count([poison]) == 1
    assert caplog.messages.count("A request failed") == 1


def test_so_many_are_answered_before_more_is_read(send_together, predicted):
    """The first do not wait for the last of very many."""
    answers = send_together([QUICK] * (MAX_TOGETHER + 1))

    assert b"".join(answers).count(b"200 OK") == MAX_TOGETHER + 1
    assert [len(utterances) for utterances in predicted] == [1, MAX_TOGETHER, 1]


def test_so_much_is_answered_before_more_is_read(send_together, predicted):
    """Nor do they wait for the last of very long ones."""
    send_together([question("x" * 4500) for _ in range(3)])

    assert [len(utterances) for utterances in predicted] == [1, 2, 1]


@pytest.fixture
def channel(small_model):
    """A connection of a server that does not run yet."""
    server = build_server(small_model)
    with socket.create_connection(address(server), timeout=TIMEOUT_S):
        server._waitress.handle_accept()
        [channel] = channels(server)
        yield channel
    server.stop()
    server.run()


def test_answers_to_who_is_gone_are_dropped(channel, caplog):
    """A connection may end before its answer is found, which is no error."""
    channel.handle_close()
    channel.deliver(Response())

    assert caplog.messages == []


def test_what_is_not_taken_at_once_is_sent_later(channel, monkeypatch):
    """The event loop watches for when there is room again."""
    monkeypatch.setattr(channel, "send", lambda _: 0)
    channel.deliver(Response())

    assert channel.total_outbufs_len
    assert channel._map._watched[channel._fileno] == select.EPOLLOUT


def test_connection_that_fails_is_closed(channel, caplog, monkeypatch):
    """Whatever goes wrong in sending concerns one connection only."""

    def fail(_: bytes) -> int:
        raise OSError("secret-marker")

    monkeypatch.setattr(channel, "send", fail)
    channel.deliver(Response())

    assert not channel.connected
    assert caplog.messages == ["A connection failed"]


def test_connections_end_where_no_answer_is_found(
    channel, small_model, settings, monkeypatch, caplog
):
    """A fault outside of all that is answered closes the connections, and the server goes on."""
    app = App(IntentFunction(small_model, settings))
    monkeypatch.setattr(app.telemetry, "record_all", None)
    batch = Batch(app)
    batch.add(channel, {"CONTENT_LENGTH": "1", "REQUEST_METHOD": "GET", "PATH_INFO": "/health"})
    batch.answer()

    assert not channel.connected
    assert len(batch) == 0
    assert caplog.messages == ["A connection failed"]
