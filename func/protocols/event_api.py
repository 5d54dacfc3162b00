"""The event contract: an event comes in, and the event that answers it goes out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from func.errors import (
    BadRequestError,
    InvalidQueryError,
    RequestError,
    UnsupportedMediaTypeError,
    UnusableDataError,
)
from func.messages import JSON, Outcome, ParsedRequest, Response
from func.protocols import event_replies
from func.protocols.cloudevents import SPECVERSION, Event, Mode, is_attribute_value
from func.protocols.json_api import error_response, render_predictions
from func.protocols.json_codec import parse_json
from func.protocols.media_type import PLAIN_TEXT, MediaType
from func.protocols.query import Query
from func.settings import Settings
from model.inference.intent_model import IntentModel
from model.inference.prediction import OUT_OF_SCOPE, Prediction

CLASSIFIED = "intent.classified"
OUT_OF_SCOPE_TYPE = "intent.out_of_scope"
REJECTED = "intent.rejected"
NOT_AN_OBJECT = (
    f"The data must be a JSON object with a 'text'; plain text needs datacontenttype {PLAIN_TEXT}"
)

# Attributes of tracing, correlation and partitioning: a reply belongs where its request does.
_CARRIED = ("subject", "traceparent", "tracestate", "correlationid", "partitionkey")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://intentclassifier.org/events")


class EventApi:
    """Answers events with a model."""

    def __init__(self, model: IntentModel, settings: Settings) -> None:
        self._model = model
        self._settings = settings
        prefix = settings.event_type_prefix
        self._classified, self._out_of_scope, self._rejected = (
            f"{prefix}.{kind}" for kind in (CLASSIFIED, OUT_OF_SCOPE_TYPE, REJECTED)
        )

    def parse(self, event: Event, mode: Mode) -> ParsedRequest:
        """Return the request that an event makes; an unusable event makes a refused one.

        An event that is itself a reply of this function gets no reply: the reply would come in
        again, without end.
        """
        recorded = event_replies.recorded_attributes(event)
        reject = partial(error_response, kind=mode.value, event=recorded)
        try:
            query = self._query(event)
        except RequestError as error:
            response = reject(error)
            return ParsedRequest(lambda _: response, reject)
        if query is None:
            nothing = event_replies.acknowledgement(Outcome(mode.value, event=recorded))
            return ParsedRequest(lambda _: nothing, reject)

        def render(predictions: Sequence[Prediction]) -> Response:
            reply = self._classification(event, query, predictions)
            return event_replies.single(reply, mode, recorded)

        return ParsedRequest(render, reject, query.utterances, query.top_k, query.work)

    def parse_batch(self, values: Sequence[object], batch_id: str) -> ParsedRequest:
        """Return the request that a batch of events makes.

        Each event gets a reply, in order: one of type ``….intent.rejected``, with the reason, if
        it can't be classified. Replies of this function among the events get none.

        Args:
            values: the JSON values that should be events.
            batch_id: identifies the batch by its content; replaces the id and source of a value
                that lacks them.
        """
        items = [self._item(value, f"{batch_id} {place}") for place, value in enumerate(values)]
        queries = [item[1] for item in items if isinstance(item, tuple)]

        def render(predictions: Sequence[Prediction]) -> Response:
            remaining = iter(predictions)
            replies = [
                self._classification_or_rejection(*item, next(remaining))
                if isinstance(item, tuple)
                else item
                for item in items
            ]
            return event_replies.batch(len(values), [*filter(None, replies)])

        return ParsedRequest(
            render,
            partial(error_response, kind=Mode.BATCH.value),
            [query.utterances[0] for query in queries],
            max((query.top_k for query in queries), default=0),
            sum(query.work for query in queries),
        )

    def _query(self, event: Event) -> Query | None:
        """Return the query of an event; None for a reply of this function."""
        if event.attributes["type"] in (self._classified, self._out_of_scope, self._rejected):
            return None
        try:
            return _parse_query(event, self._settings)
        except (BadRequestError, UnsupportedMediaTypeError) as error:
            raise UnusableDataError(error.message) from error

    def _item(self, value: object, place: str) -> tuple[Event, Query] | Event | None:
        """Return an event of a batch with its query, or its rejection; None for our own reply."""
        try:
            event = Event.from_json(value)
            query = self._query(event)
        except RequestError as error:
            return self._rejection(value, place, error)
        return (event, query) if query else None

    def _classification_or_rejection(
        self, event: Event, query: Query, prediction: Prediction
    ) -> Event:
        try:
            return self._classification(event, query, [prediction])
        except RequestError as error:
            return self._rejection(dict(event.attributes), "", error)

    def _rejection(self, value: object, place: str, error: RequestError) -> Event:
        reason = {"error": error.message, "status": int(error.status)}
        known = _identifying_attributes(value)
        is_identified = {"id", "source"} <= known.keys()
        reply_id = _derived_id(known) if is_identified else str(uuid.uuid5(_NAMESPACE, place))
        return self._reply(self._rejected, reply_id, known, reason)

    def _classification(
        self, event: Event, query: Query, predictions: Sequence[Prediction]
    ) -> Event:
        try:
            [result] = render_predictions(query, predictions, self._model)
        except InvalidQueryError as error:
            raise UnusableDataError(error.message) from error
        kind = self._out_of_scope if result["intent"] == OUT_OF_SCOPE else self._classified
        reply_id = _derived_id(event.attributes)
        extensions = {"intent": result["intent"], "certainty": self._certainty(result)}
        return self._reply(kind, reply_id, event.attributes, result, **extensions)

    def _certainty(self, result: Mapping[str, Any]) -> str:
        # Attributes can't be fractions, and a Trigger's plain filter has no "less than".
        is_doubtful = (
            result["intent"] == OUT_OF_SCOPE or result["confidence"] < self._settings.low_confidence
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
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "datacontenttype": JSON,
            **carried,
            **extensions,
        }
        origin = {name: request[name] for name in ("id", "source") if name in request}
        return Event(attributes, {**data, "request": origin})


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


def _parse_query(event: Event, settings: Settings) -> Query:
    media_type = MediaType.parse(event.attributes.get("datacontenttype", ""))
    data = event.data
    if media_type.name == PLAIN_TEXT:
        return Query.from_text(
            media_type.decode(data) if isinstance(data, bytes) else data, settings
        )
    if not media_type.is_json:
        raise UnsupportedMediaTypeError(f"The datacontenttype must be {JSON} or {PLAIN_TEXT}")
    fields = parse_json(media_type.decode(data), settings) if isinstance(data, bytes) else data
    if not isinstance(fields, dict | None):
        raise InvalidQueryError(NOT_AN_OBJECT)
    query = Query.from_fields(fields or {}, settings)
    if query.is_batch:
        raise InvalidQueryError("An event holds one 'text'; send an event for each text")
    return query
