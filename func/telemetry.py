"""Logs: one line a request, with nothing in it that a user typed."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from func.settings import Settings

logger = logging.getLogger(__name__)

_encode = json.JSONEncoder(ensure_ascii=False).encode

METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))


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


def configure_logging(settings: Settings) -> None:
    """Send the records of all loggers to standard error, in the form that is set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    # Below these levels they tell paths, and the depth of the queue with each request.
    logging.getLogger("waitress").setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def log_request(
    method: str | None,
    route: str | None,
    status: int,
    start: float,
    told: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Log a request that was answered.

    Args:
        method: of the request; one that HTTP does not know is not quoted.
        route: the path, if it is one of ours; None for any other.
        status: of the answer.
        start: when the request came in, by ``time.perf_counter``.
        told: what else the line tells.
    """
    fields = {
        "method": method if method in METHODS else None,
        "route": route,
        "status": int(status),
        "duration_ms": round((time.perf_counter() - start) * 1000, 2),
        **told,
    }
    logger.info("request", extra={"fields": fields})


def log_refusal(status: int) -> None:
    """Log a request that the server refused before the app saw it."""
    fields = {"method": None, "route": None, "status": int(status)}
    logger.info("request", extra={"fields": fields})


def log_overload(count: int) -> None:
    """Log how many requests were refused since the last time because of overload."""
    logger.warning("overloaded", extra={"fields": {"status": 503, "refused": count}})


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
