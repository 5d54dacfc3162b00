"""Logs: a line for each record, with nothing in it that a user typed."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
import traceback
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TextIO

from func.settings import Settings
from func.telemetry.request_record import RequestRecord

logger = logging.getLogger(__name__)

REQUEST = "request"
Traced = tuple[RequestRecord, str | None]  # with the id of its trace, if it has one

_encode = json.JSONEncoder(ensure_ascii=False).encode
# Intents are few, and so are the confidences of most answers.
_scalar = lru_cache(maxsize=4096, typed=True)(_encode)


class JsonFormatter(logging.Formatter):
    """A line of JSON for each record.

    Of an exception it tells the type and the place; never its text nor the values around it,
    which may hold what a user typed.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Render a record."""
        return _encode(_fields(record))


class TextFormatter(logging.Formatter):
    """The same for people: a line of plain text for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """Render a record."""
        fields = _fields(record)
        head = " ".join(str(fields.pop(key)) for key in ("time", "level", "message"))
        return " ".join((head, *(f"{key}={value}" for key, value in fields.items())))


class RequestLog:
    """Logs requests by ``logging``, as anything else is."""

    def __init__(self, revision: str = "") -> None:
        self._revision = {"revision": revision} if revision else {}

    def write(self, answered: Iterable[Traced]) -> None:
        """Log a line for each request."""
        for exchange, trace_id in answered:
            extra = {"fields": self._fields(exchange, trace_id)}
            record = logger.makeRecord(
                logger.name, logging.INFO, __file__, 0, REQUEST, (), None, extra=extra
            )
            record.created = exchange.ended_at_s
            logger.handle(record)

    def _fields(self, exchange: RequestRecord, trace_id: str | None) -> dict[str, object]:
        return {
            "method": exchange.method,
            "route": exchange.route,
            "status": int(exchange.answer.status),
            "duration_ms": _milliseconds(exchange.duration_s),
            **exchange.answer.log_fields,
            **self._revision,
            **({"trace_id": trace_id} if trace_id else {}),
            **({"cold": True} if exchange.is_cold else {}),
        }


class LineLog(RequestLog):
    """Writes the same lines as JsonFormatter does, in a quarter of the time."""

    def __init__(self, stream: TextIO, revision: str = "") -> None:
        self._stream = stream
        self._tail = f', "revision": {_encode(revision)}' if revision else ""

    def write(self, answered: Iterable[Traced]) -> None:
        """Write a line for each request, all at once, so that none is torn."""
        lines = "".join([self._line(exchange, trace_id) for exchange, trace_id in answered])
        with contextlib.suppress(OSError):  # as logging goes on without a log, too
            self._stream.write(lines)
            self._stream.flush()

    def _line(self, exchange: RequestRecord, trace_id: str | None) -> str:
        method, route, answer, duration_s, ended_at_s, _, is_cold = exchange
        log_fields = "".join(
            [f', "{name}": {_scalar(value)}' for name, value in answer.log_fields.items()]
        )
        trace = f', "trace_id": "{trace_id}"' if trace_id else ""
        cold = ', "cold": true' if is_cold else ""
        return (
            f'{{"time": "{_time(ended_at_s)}", {_head(method, route, int(answer.status))}, '
            f'"duration_ms": {_milliseconds(duration_s)}{log_fields}{self._tail}{trace}{cold}}}\n'
        )


def configure_logging(settings: Settings) -> None:
    """Send the records of all loggers to standard error, in the form that is set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    # Below these levels they tell paths, and the depth of the queue with each request.
    logging.getLogger("waitress").setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "time": _time(record.created),
        "level": record.levelname,
        "message": record.getMessage(),
    }
    if record.exc_info and record.exc_info[0]:
        frames = traceback.extract_tb(record.exc_info[2])
        # Other packages write what they were given into the message.
        fields["message"] = "Unexpected error"
        fields["error"] = record.exc_info[0].__name__
        fields["place"] = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None
    return fields | getattr(record, "fields", {})


@lru_cache(maxsize=1)
def _time(since_epoch_s: float) -> str:
    """Write a time by RFC 3339; what is answered together has the same."""
    whole_s = int(since_epoch_s)
    return f"{_second(whole_s)}.{int((since_epoch_s - whole_s) * 1000):03d}+00:00"


@lru_cache(maxsize=1)
def _second(whole_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole_s))


@lru_cache
def _head(method: str | None, route: str | None, status: int) -> str:
    fields = {"level": "INFO", "message": REQUEST, "method": method, "route": route}
    return _encode({**fields, "status": status})[1:-1]


def _milliseconds(seconds: float) -> float:
    return round(seconds * 100_000) / 100  # in a quarter of the time of round(…, 2)
