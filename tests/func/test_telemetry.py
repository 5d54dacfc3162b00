"""Logs: their form, and what never stands in them."""

from __future__ import annotations

import json
import logging

import pytest

from func.settings import Settings
from func.logs import JsonFormatter, TextFormatter, configure_logging


@pytest.fixture
def _restore_logging():
    """Put the root logger back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def record(message: str = "hello", **extra: object) -> logging.LogRecord:
    """Make a log record."""
    made = logging.LogRecord("test", logging.INFO, "file.py", 1, message, (), None)
    made.created = 0.0
    made.__dict__.update(extra)
    return made


def failed_record() -> logging.LogRecord:
    """Make the record of an exception whose text and message quote a user."""
    with pytest.raises(ValueError, match="utterance-marker") as caught:
        int("utterance-marker")
    return record("failed on utterance-marker", exc_info=caught._excinfo)


def test_json_line_has_time_level_message_and_fields():
    """A record becomes one JSON object."""
    line = JsonFormatter().format(record(fields={"status": 200, "intent": "grüße"}))

    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "INFO",
        "message": "hello",
        "status": 200,
        "intent": "grüße",
    }


def test_text_line_has_the_same_for_people():
    """A record becomes one line of plain text."""
    line = TextFormatter().format(record(fields={"status": 200}))

    assert line == "1970-01-01T00:00:00.000+00:00 INFO hello status=200"


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()], ids=["json", "text"])
def test_exception_is_told_by_type_and_place_only(formatter):
    """Neither the text of an exception nor the message around it is logged."""
    line = formatter.format(failed_record())

    assert "utterance-marker" not in line
    assert "ValueError" in line
    assert f"{__file__}:" in line


def test_exception_without_frames_is_told_by_type():
    """An exception that was never raised has no place."""
    error = ValueError("x")
    line = JsonFormatter().format(record(exc_info=(ValueError, error, None)))

    assert json.loads(line)["error"] == "ValueError"
    assert json.loads(line)["place"] is None


@pytest.mark.parametrize(
    ("log_format", "start"),
    [pytest.param("json", "{", id="json"), pytest.param("text", "20", id="text")],
)
@pytest.mark.usefixtures("_restore_logging")
def test_logs_go_to_standard_error_in_the_form_that_is_set(capsys, log_format, start):
    """The settings choose the form; the level leaves out what is below it."""
    configure_logging(Settings(log_format=log_format, log_level="WARNING"))
    logging.getLogger("func.test").info("quiet")
    logging.getLogger("func.test").warning("loud")

    logged = capsys.readouterr().err
    assert logged.startswith(start)
    assert "loud" in logged
    assert "quiet" not in logged


def test_each_request_is_logged_once(client, caplog):
    """The line tells method, route, status, duration, kind and result; never the text."""
    with caplog.at_level(logging.INFO):
        client.post("/predict?q=query-marker", json={"text": "hello text-marker"})

    [logged] = [entry.fields for entry in caplog.records if entry.getMessage() == "request"]
    assert logged.pop("duration_ms") >= 0
    assert 0 < logged.pop("confidence") <= 1
    assert logged == {
        "method": "POST",
        "route": "/predict",
        "status": 200,
        "kind": "http",
        "intent": "greeting",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/path-marker", id="unknown-path"),
        pytest.param("MARKER", "/predict", id="unknown-method"),
    ],
)
def test_unknown_paths_and_methods_are_not_quoted(client, caplog, method, path):
    """Of what matched nothing, only the status is logged."""
    with caplog.at_level(logging.INFO):
        client.open(path, method=method)

    [logged] = [entry.fields for entry in caplog.records if entry.getMessage() == "request"]
    assert "marker" not in json.dumps(logged).lower()
    assert logged["status"] in (404, 405)


@pytest.mark.parametrize(
    ("content_type", "body", "kind", "utterances"),
    [
        pytest.param("application/json", b'{"texts": ["a", "b"]}', "http", 2, id="texts"),
        pytest.param("application/cloudevents-batch+json", b"[{}, {}]", "batch", 2, id="events"),
    ],
)
def test_batches_are_logged_with_their_size(client, caplog, content_type, body, kind, utterances):
    """A batch is one line that tells how much it held."""
    with caplog.at_level(logging.INFO):
        client.post("/", data=body, content_type=content_type)

    [logged] = [entry.fields for entry in caplog.records if entry.getMessage() == "request"]
    assert (logged["kind"], logged["utterances"]) == (kind, utterances)
