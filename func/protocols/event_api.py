"""The event contract: events are parsed into queries, and their predictions become replies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from func.errors import (
    BadRequestError,
    InvalidQueryError,
    RequestError,
    UnsupportedMediaTypeError,
    UnusableDataError,
)
from func.messages import JSON, Outcome, ParsedRequest, Response
from func.models.served_model import ServedModel
from func.protocols import event_responses
from func.protocols.cloudevents import Event, Mode
from func.protocols.event_replies import Replies
from func.protocols.json_api import (
    error_response,
    explaining_work,
    query_of,
    render_predictions,
)
from func.protocols.json_codec import parse_json
from func.protocols.media_type import PLAIN_TEXT, MediaType
from func.protocols.query import Query
from func.settings import Settings
from model.inference.prediction import Prediction


class EventApi:
    """Answers events."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._replies = Replies(settings)

    def parse(self, event: Event, mode: Mode, served: ServedModel) -> ParsedRequest:
        """Return the request that an event makes; an unusable event makes a refused one.

        An event that is itself a reply of this function gets no reply: the reply would come in
        again, without end.
        """
        recorded = event_responses.recorded_attributes(event)
        reject = partial(error_response, kind=mode.value, event=recorded)
        try:
            query = self._query(event)
        except RequestError as error:
            return ParsedRequest.with_response(reject(error), reject)
        if query is None:
            nothing = event_responses.acknowledgement(Outcome(mode.value, event=recorded))
            return ParsedRequest.with_response(nothing, reject)

        def render(predictions: Sequence[Prediction]) -> Response:
            reply = self._classification(event, query, predictions, served)
            return event_responses.single(reply, mode, recorded)

        parsed = query.to_request(
            render,
            reject,
            more_work=explaining_work(query, served.model),
            may_escalate=not query.explain,
        )
        return served.answering(parsed)

    def parse_batch(
        self, values: Sequence[object], batch_id: str, served: ServedModel
    ) -> ParsedRequest:
        """Return the request that a batch of events makes.

        Each event gets a reply, in order: one of type ``….intent.rejected``, with the reason, if
        it can't be classified. Replies of this function among the events get none. ``batch_id``
        identifies the batch by its content, and replaces the id and source of a value without them.
        """
        items = [
            self._item(value, f"{batch_id} {place}", served) for place, value in enumerate(values)
        ]
        queries = [item[1] for item in items if isinstance(item, tuple)]

        def render(predictions: Sequence[Prediction]) -> Response:
            remaining = iter(predictions)
            replies = [
                self._classification_or_rejection(*item, next(remaining), served)
                if isinstance(item, tuple)
                else item
                for item in items
            ]
            return event_responses.batch(len(values), [*filter(None, replies)])

        parsed = ParsedRequest(
            render,
            partial(error_response, kind=Mode.BATCH.value),
            [query.utterances[0] for query in queries],
            max((query.top_k for query in queries), default=0),
            sum(query.work for query in queries),
            may_escalate=not any(query.explain for query in queries),
        )
        return served.answering(parsed)

    def _query(self, event: Event) -> Query | None:
        """Return the query of an event; None for a reply of this function."""
        if self._replies.include(event):
            return None
        try:
            return _parse_query(event, self._settings)
        except (BadRequestError, UnsupportedMediaTypeError) as error:
            raise UnusableDataError(error.message) from error

    def _item(
        self, value: object, place: str, served: ServedModel
    ) -> tuple[Event, Query] | Event | None:
        """Return an event of a batch with its query, or its rejection; None for our own reply."""
        try:
            event = Event.from_json(value)
            self._check_model(event, served)
            query = self._query(event)
        except RequestError as error:
            return self._replies.rejection(value, place, error)
        return (event, query) if query else None

    def _check_model(self, event: Event, served: ServedModel) -> None:
        """Raise UnusableDataError if an event of a batch names another model than the request."""
        name = event.attributes.get(self._settings.event_model_attribute)
        if name and not (served.digest and name == served.name):
            raise UnusableDataError("A batch has one model: send it to /models/NAME/predict")

    def _classification_or_rejection(
        self, event: Event, query: Query, prediction: Prediction, served: ServedModel
    ) -> Event:
        try:
            return self._classification(event, query, [prediction], served)
        except RequestError as error:
            return self._replies.rejection(dict(event.attributes), "", error)

    def _classification(
        self, event: Event, query: Query, predictions: Sequence[Prediction], served: ServedModel
    ) -> Event:
        try:
            [result] = render_predictions(query, predictions, served.model)
        except InvalidQueryError as error:
            raise UnusableDataError(error.message) from error
        return self._replies.classification(event, result, served)


def _parse_query(event: Event, settings: Settings) -> Query:
    media_type = MediaType.parse(event.attributes.get("datacontenttype", ""))
    data = event.data
    if media_type.name == PLAIN_TEXT:
        return Query.from_text(
            media_type.decode(data) if isinstance(data, bytes) else data, settings
        )
    if not media_type.is_json:
        raise UnsupportedMediaTypeError(f"The datacontenttype must be {JSON} or {PLAIN_TEXT}")
    document = parse_json(media_type.decode(data), settings) if isinstance(data, bytes) else data
    query = query_of({} if document is None else document, settings)
    if query.is_batch:
        raise InvalidQueryError("An event holds one 'text'; send an event for each text")
    return query
