"""Logs: a line for each record, with nothing in it that a user typed."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from func.settings import Settings

_encode = json.JSONEncoder(ensure_ascii=False).encode


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


class RequestLogger:
    """Logs a line for each request, at less than half of what ``logging`` takes for a record."""

    def __init__(self) -> None:
        self._logger = logging.getLogger("func.telemetry")
        # A record of logging looks up its place, thread and process, which no line shows.
        self._template = self._logger.makeRecord(
            self._logger.name, logging.INFO, __file__, 0, "request", (), None
        ).__dict__

    def log(self, fields: Mapping[str, object]) -> None:
        """Log the line of a request."""
        if not self._logger.isEnabledFor(logging.INFO):
            return
        record = logging.LogRecord.__new__(logging.LogRecord)
        record.__dict__ = {**self._template, "created": time.time(), "fields": fields}
        self._logger.handle(record)


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


def _time(since_epoch_s: float) -> str:
    """Write a time by RFC 3339."""
    whole_s = int(since_epoch_s)
    return f"{_second(whole_s)}.{int((since_epoch_s - whole_s) * 1000):03d}+00:00"


@lru_cache(maxsize=1)
def _second(whole_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole_s))
