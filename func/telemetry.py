"""Logs: one line a request, with nothing in it that a user typed."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request

from func.settings import Settings

logger = logging.getLogger(__name__)

METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))


class JsonFormatter(logging.Formatter):
    """A line of JSON for each record.

    Of an exception it tells the type and the place; never its text nor the values around it,
    which may hold what a user typed.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Render a record."""
        return json.dumps(_fields(record), ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """The same for people: a line of plain text for each record."""

    def format(self, record: logging.LogRecord) -> str:
        """Render a record."""
        fields = _fields(record)
        head = " ".join(str(fields.pop(key)) for key in ("time", "level", "message"))
        return " ".join((head, *(f"{key}={value}" for key, value in fields.items())))


def configure_logging(settings: Settings) -> None:
    """Send the records of all loggers to standard error, in the form that is set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    # Below these levels they tell paths, and the depth of the queue with each request.
    logging.getLogger("waitress").setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def instrument(app: Flask) -> None:
    """Log each request of an app once it is answered."""
    app.before_request(_start)
    app.after_request(_log)


def note(**fields: object) -> None:
    """Add fields to the line of the request that is being answered."""
    g.setdefault("fields", {}).update(fields)


def log_refusal(status: int) -> None:
    """Log a request that the server refused before the app saw it."""
    _log_request({"method": None, "route": None, "status": status})


def _start() -> None:
    g.start = time.perf_counter()


def _log(response: Response) -> Response:
    # The path itself may hold anything, an utterance too; the route it matched can't.
    fields = {
        "method": request.method if request.method in METHODS else None,
        "route": request.url_rule.rule if request.url_rule else None,
        "status": response.status_code,
        "duration_ms": round((time.perf_counter() - g.start) * 1000, 2),
    }
    _log_request(fields | g.get("fields", {}))
    return response


def _log_request(fields: dict[str, Any]) -> None:
    logger.info("request", extra={"fields": fields})


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
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
