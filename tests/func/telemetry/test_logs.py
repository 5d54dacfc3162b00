"""Logs: their formats, and the user data that they must not contain."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest

from func.messages import Outcome, Response
from func.settings import Settings
from func.telemetry.logs import (
    JsonFormatter,
    LineLog,
    RequestLog,
    TextFormatter,
    configure_logging,
)
from func.telemetry.request_record import RequestRecord
from tests.support.servers import run_server


@pytest.fixture
def _restore_logging():
    """Restore the root logger after each test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def record(message: str = "hello", **extra: object) -> logging.LogRecord:
    """Return a log record."""
    made = logging.LogRecord("test", logging.INFO, "file.py", 1, message, (), None)
    made.created = 0.0
    made.__dict__.update(extra)
    return made


def failed_record() -> logging.LogRecord:
    """Return the record of an exception whose text and message quote a user."""
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


def test_text_line_has_the_same_content():
    """A record becomes one line of plain text."""
    line = TextFormatter().format(record(fields={"status": 200}))

    assert line == "1970-01-01T00:00:00.000+00:00 INFO hello status=200"


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()], ids=["json", "text"])
def test_exception_is_logged_by_type_and_place_only(formatter):
    """Neither the exception's text nor the message around it is logged."""
    line = formatter.format(failed_record())

    assert "utterance-marker" not in line
    assert "ValueError" in line
    assert f"{__file__}:" in line


def test_exception_without_frames_is_logged_by_type():
    """An exception that was never raised is logged without a place."""
    error = ValueError("x")
    line = JsonFormatter().format(record(exc_info=(ValueError, error, None)))

    assert json.loads(line)["error"] == "ValueError"
    assert json.loads(line)["place"] is None


@pytest.mark.parametrize(
    ("log_format", "start"),
    [pytest.param("json", "{", id="json"), pytest.param("text", "20", id="text")],
)
@pytest.mark.usefixtures("_restore_logging")
def test_settings_choose_format_and_level_of_the_logs(capsys, log_format, start):
    """Logs go to standard error in the chosen format, without records below the level."""
    configure_logging(Settings(log_format=log_format, log_level="WARNING"))
    logging.getLogger("func.test").info("quiet")
    logging.getLogger("func.test").warning("loud")

    logged = capsys.readouterr().err
    assert logged.startswith(start)
    assert "loud" in logged
    assert "quiet" not in logged


SINGLE = Response(outcome=Outcome(predictions=[{"intent": "grüße", "confidence": 0.75}]))
BATCH = Response(outcome=Outcome("batch", [{"intent": "grüße", "confidence": 0.75}], 7))
PLAIN = RequestRecord("POST", "/predict", SINGLE, 0.00123, 1.5, {}, is_cold=False)


@pytest.mark.parametrize("revision", ["", "intent-00001"])
@pytest.mark.parametrize("trace_id", [None, "0af7651916cd43dd8448eb211c80319c"])
@pytest.mark.parametrize(
    "answered",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(PLAIN._replace(is_cold=True), id="cold"),
        pytest.param(PLAIN._replace(method=None, route=None, response=Response()), id="unknown"),
        pytest.param(PLAIN._replace(duration_s=0.0, ended_at_s=1795779901.999), id="times"),
        pytest.param(PLAIN._replace(response=BATCH), id="batch"),
        pytest.param(PLAIN._replace(route="/health", response=Response()), id="probe"),
    ],
)
def test_fast_path_writes_the_same_lines_as_the_formatter(caplog, answered, trace_id, revision):
    """Lines written without ``logging``, for speed, equal the formatter's."""
    stream = io.StringIO()
    LineLog(stream, revision).write([(answered, trace_id)])
    with caplog.at_level(logging.DEBUG):
        RequestLog(revision).write([(answered, trace_id)])

    assert stream.getvalue() == JsonFormatter().format(caplog.records[0]) + "\n"


def test_lines_of_many_requests_are_written_at_once():
    """Each write consists of whole lines."""
    stream = io.StringIO()
    LineLog(stream).write([(PLAIN, None)] * 3)

    assert [json.loads(line)["status"] for line in stream.getvalue().splitlines()] == [200] * 3


def test_log_that_can_not_be_written_is_no_error():
    """A full disk prevents no response."""
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it would fail as well
    LineLog(full).write([(PLAIN, None)])
    with pytest.raises(OSError, match="No space left"):
        full.close()


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_warnings_of_libraries_are_log_lines(log_format):
    """A real process writes a Python warning as one line in the form that is set."""
    code = (
        "import sys, warnings; from func.settings import Settings; "
        "from func.telemetry.logs import configure_logging; "
        "configure_logging(Settings(log_format=sys.argv[1])); warnings.warn('loud', stacklevel=1)"
    )
    ended = run_server({}, "-c", code, log_format)

    [line] = ended.stderr.splitlines()
    assert "WARNING" in line
    assert "UserWarning: loud" in line
