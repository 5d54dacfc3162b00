"""The event contract: an event in, the event that answers it out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from func.errors import (
    BadRequestError,
    InvalidQueryError,
    RequestError,
    UnsupportedMediaTypeError,
    UnusableDataError,
)
from func.messages import JSON
from func.protocols.cloudevents import SPECVERSION, Event, is_attribute_value
from func.protocols.json_api import PLAIN_TEXT, MediaType, parse_object, render
from func.protocols.query import Pending, Query, together
from func.settings import Settings
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE, Prediction

T = TypeVar("T")

CLASSIFIED = "intent.classified"
OUT_OF_SCOPE_TYPE = "intent.out_of_scope"
REJECTED = "intent.rejected"

# Distributed tracing, correlation and partitioning: what belongs together stays together.
_CARRIED = ("subject", "traceparent", "tracestate", "correlationid", "partitionkey")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://intentclassifier.org/events")


class EventApi:
    """Answers events by a model."""

    def __init__(self, model: IntentModel, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        prefix = settings.event_type_prefix
        self._classified, self._out_of_scope, self._rejected = (
            f"{prefix}.{kind}" for kind in (CLASSIFIED, OUT_OF_SCOPE_TYPE, REJECTED)
        )

    def understand(self, event: Event) -> Pending[Event] | None:
        """Read what an event asks to classify.

        Returns:
            What gives the reply; None for an event that is itself a reply of this function, which
            must not be answered: the answer would come in again, without end. The reply's making
            raises UnusableDataError for an explanation that the model can't give.

        Raises:
            UnusableDataError: the event's data holds no text.
            TooLargeError: the text is over its limit.
        """
        if event.attributes["type"] in (self._classified, self._out_of_scope, self._rejected):
            return None
        query = _if_usable(lambda: _parse_query(event, self._settings))

        def reply(predictions: Iterable[Prediction]) -> Event:
            [answer] = _if_usable(lambda: render(query, predictions, self._model))
            return self._classification(event, answer)

        return Pending(query.utterances, query.top_k, reply)

    def understand_batch(self, values: Sequence[object], batch_id: str) -> Pending[list[Event]]:
        """Read what the events of a batch ask to classify.

        Args:
            values: what should be events.
            batch_id: the same whenever the same batch comes in; stands in for the id and source
                of what has none.

        Returns:
            What gives a reply for each, in order; one of type ``….intent.rejected``, with the
            reason, for what can't be classified. Replies of this function among them are left out.
        """
        parts = [
            self._understand_or_reject(value, f"{batch_id} {position}")
            for position, value in enumerate(values)
        ]

        def replies(make: Callable[[], list[Event]]) -> list[Event]:
            made = iter(make())
            replies = (next(made) if isinstance(part, Pending) else part for part in parts)
            return [reply for reply in replies if reply is not None]

        return together([part for part in parts if isinstance(part, Pending)]).through(replies)

    def _understand_or_reject(self, value: object, place: str) -> Pending[Event] | Event | None:
        def or_rejection(make: Callable[[], T]) -> T | Event:
            try:
                return make()
            except RequestError as error:
                return self._rejection(value, place, error)

        understood = or_rejection(lambda: self.understand(Event.from_json(value)))
        return understood.through(or_rejection) if isinstance(understood, Pending) else understood

    def _rejection(self, value: object, place: str, error: RequestError) -> Event:
        reason = {"error": error.message, "status": int(error.status)}
        found = _salvage(value)
        is_identified = {"id", "source"} <= found.keys()
        reply_id = _derived_id(found) if is_identified else str(uuid.uuid5(_NAMESPACE, place))
        return self._reply(self._rejected, reply_id, found, reason)

    def _classification(self, event: Event, answer: Mapping[str, Any]) -> Event:
        intent = answer["intent"]
        kind = self._out_of_scope if intent == OUT_OF_SCOPE else self._classified
        reply_id = _derived_id(event.attributes)
        extensions = {"intent": intent, "certainty": self._certainty(answer)}
        return self._reply(kind, reply_id, event.attributes, answer, **extensions)

    def _certainty(self, answer: Mapping[str, Any]) -> str:
        # Attributes can't be fractions, and a Trigger's plain filter knows no "less than".
        is_doubtful = (
            answer["intent"] == OUT_OF_SCOPE or answer["confidence"] < self._settings.low_confidence
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
            # By the correlation extension, the cause of the reply is the request itself.
            carried["causationid"] = request["id"]
        attributes = {
            "specversion": SPECVERSION,
            "type": kind,
            "source": self._settings.event_source,
            "id": reply_id,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "datacontenttype": JSON,
            **carried,
            **extensions,
        }
        origin = {name: request[name] for name in ("id", "source") if name in request}
        return Event(attributes, {**data, "request": origin})


def _if_usable(make: Callable[[], T]) -> T:
    try:
        return make()
    except (BadRequestError, UnsupportedMediaTypeError) as error:
        raise UnusableDataError(error.message) from error


def _salvage(value: object) -> dict[str, str]:
    """Take from what may be no event what tells its sender which one was rejected."""
    if not isinstance(value, dict):
        return {}
    names = ("id", "source", *_CARRIED)
    return {name: value[name] for name in names if is_attribute_value(value.get(name))}


def _derived_id(request: Mapping[str, str]) -> str:
    """Derive a reply's id, so that a request that is delivered twice gets the same reply.

    Neither attribute can hold a line break, so the pair is told apart from any other pair.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{request['source']}\n{request['id']}"))


def _parse_query(event: Event, settings: Settings) -> Query:
    media_type = MediaType.parse(event.attributes.get("datacontenttype", ""))
    data = event.data
    if media_type.name == PLAIN_TEXT:
        text = media_type.decode(data) if isinstance(data, bytes) else data
        return Query.from_text(text, settings)
    if not media_type.is_json:
        raise UnsupportedMediaTypeError(f"The datacontenttype must be {JSON} or {PLAIN_TEXT}")
    fields = parse_object(media_type.decode(data), settings) if isinstance(data, bytes) else data
    query = Query.from_fields(fields if isinstance(fields, dict) else {}, settings)
    if query.is_batch:
        raise InvalidQueryError("An event holds one 'text'; send an event for each text")
    return query
