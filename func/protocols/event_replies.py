"""Replies: the events that answer events, with their types, ids and attributes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from func.errors import RequestError
from func.messages import JSON
from func.models.served_model import ServedModel
from func.protocols.cloudevents import SPECVERSION, Event, is_attribute_value
from func.settings import Settings
from model.inference.prediction import OUT_OF_SCOPE

CLASSIFIED = "intent.classified"
OUT_OF_SCOPE_TYPE = "intent.out_of_scope"
REJECTED = "intent.rejected"
CORRECTED = "intent.corrected"
MODEL_VERSION = "modelversion"

# Attributes of tracing, correlation and partitioning: a reply belongs where its request does.
_CARRIED = ("subject", "traceparent", "tracestate", "correlationid", "partitionkey")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://intentclassifier.org/events")


class Replies:
    """Makes the replies to events, as the settings ask for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        prefix = settings.event_type_prefix
        self._classified, self._out_of_scope, self._rejected, self._corrected = (
            f"{prefix}.{kind}" for kind in (CLASSIFIED, OUT_OF_SCOPE_TYPE, REJECTED, CORRECTED)
        )

    def include(self, event: Event) -> bool:
        """Return whether an event is this function's own: a reply, or a correction."""
        own = (self._classified, self._out_of_scope, self._rejected, self._corrected)
        return event.attributes["type"] in own

    def classification(self, event: Event, result: Mapping[str, Any], served: ServedModel) -> Event:
        """Return the reply to an event whose text ``served`` classified."""
        kind = self._out_of_scope if result["intent"] == OUT_OF_SCOPE else self._classified
        reply_id = _derived_id(event.attributes)
        extensions = {"intent": result["intent"], "certainty": self._certainty(result)}
        if "act" in result:
            extensions["act"] = "true" if result["act"] else "false"
        if "answered_by" in result:
            extensions["answeredby"] = result["answered_by"]
        if served.digest:
            attribute = self._settings.event_model_attribute
            extensions |= {attribute: served.name, MODEL_VERSION: served.version}
        return self._reply(kind, reply_id, event.attributes, result, **extensions)

    def rejection(self, value: object, place: str, error: RequestError) -> Event:
        """Return the reply to an event of a batch that can't be classified.

        ``place`` identifies the value that should be an event if its id or source is missing.
        """
        reason = {"error": error.message, "status": int(error.status)}
        known = _identifying_attributes(value)
        is_identified = {"id", "source"} <= known.keys()
        reply_id = _derived_id(known) if is_identified else str(uuid.uuid5(_NAMESPACE, place))
        return self._reply(self._rejected, reply_id, known, reason)

    def _certainty(self, result: Mapping[str, Any]) -> str:
        # Attributes can't be fractions, and a Trigger's plain filter has no "less than".
        # The model's own certainty counts: by it, texts are collected for its next training.
        is_doubtful = (
            result["intent"] == OUT_OF_SCOPE
            or result["confidence"] < self._settings.low_confidence
            or "answered_by" in result
        )
        return "low" if is_doubtful else "high"

    def _reply(
        self,
        kind: str,
        reply_id: str,
        request: Mapping[str, str],
        data: Mapping[str, Any],
        **extensions: str,
    ) -> Event:
        carried = {name: request[name] for name in _CARRIED if request.get(name)}
        if "id" in request and {"correlationid", "causationid"} & request.keys():
            # By the correlation extension, the request is the cause of the reply.
            carried["causationid"] = request["id"]
        attributes = {
            "specversion": SPECVERSION,
            "type": kind,
            "source": self._settings.event_source,
            "id": reply_id,
            "time": current_time(),
            "datacontenttype": JSON,
            **carried,
            **extensions,
        }
        origin = {name: request[name] for name in ("id", "source") if name in request}
        return Event(attributes, {**data, "request": origin})


def current_time() -> str:
    """Return the current time in UTC, as the attribute ``time`` holds it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _identifying_attributes(value: object) -> dict[str, str]:
    """Return those attributes of a malformed event by which its sender recognises it."""
    if not isinstance(value, dict):
        return {}
    names = ("id", "source", *_CARRIED)
    return {name: value[name] for name in names if is_attribute_value(value.get(name))}


def _derived_id(request: Mapping[str, str]) -> str:
    """Return a reply's id: a request that is delivered twice gets the same one.

    Neither attribute can hold a line break, so different pairs give different ids.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{request['source']}\n{request['id']}"))
