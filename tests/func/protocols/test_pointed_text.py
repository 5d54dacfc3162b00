"""TEXT_POINTER: texts in the events and webhooks of other systems."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import Client

from func.app import App
from func.errors import InvalidQueryError, TooLargeError
from func.handler import IntentFunction
from func.protocols.pointed_text import query_at_pointers
from func.protocols.query import Query
from func.settings import Settings
from tests.support.paths import ROOT

TEXT = "where is my order"
# The forms that the vendors document, without the fields that play no part:
# https://docs.slack.dev/reference/objects/event-object
SLACK = {
    "type": "event_callback",
    "team_id": "T123ABC456",
    "event_id": "Ev08MFMKH6",
    "event": {"type": "message", "channel": "C1", "user": "U1", "text": TEXT, "ts": "1.1"},
}
# https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events
ZENDESK_TICKET = {
    "type": "zen:event-type:ticket.created",
    "subject": "zen:ticket:141",
    "detail": {"id": "141", "subject": "My order", "description": TEXT},
    "event": {},
}
ZENDESK_COMMENT = {
    "type": "zen:event-type:ticket.comment_added",
    "subject": "zen:ticket:141",
    "detail": {"id": "141", "subject": "My order", "description": "hello"},
    "event": {"comment": {"id": "2", "body": TEXT, "is_public": True}},
}
# https://developer.zendesk.com/api-reference/webhooks/event-types/messaging-events
ZENDESK_MESSAGE = {
    "type": "zen:event-type:messaging_ticket.message_added",
    "subject": "zen:ticket:141",
    "detail": {"id": "141"},
    "event": {"actor": {"type": "end_user"}, "message": {"id": "67ab", "body": TEXT}},
}
# https://developers.intercom.com/docs/references/webhooks/webhook-models
INTERCOM_CREATED = {
    "type": "notification_event",
    "topic": "conversation.user.created",
    "data": {
        "item": {
            "type": "conversation",
            "source": {"type": "conversation", "body": f"<p>{TEXT}</p>"},
            "conversation_parts": {"conversation_parts": [], "total_count": 0},
        }
    },
}
INTERCOM_REPLIED = {
    "type": "notification_event",
    "topic": "conversation.user.replied",
    "data": {
        "item": {
            "type": "conversation",
            "source": {"type": "conversation", "body": "<p>hello</p>"},
            "conversation_parts": {
                "conversation_parts": [{"part_type": "comment", "body": f"<p>{TEXT}</p>"}]
            },
        }
    },
}
# https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
SES = {
    "notificationType": "Received",
    "mail": {"messageId": "d6iitob", "commonHeaders": {"subject": TEXT, "to": ["a@b.example"]}},
    "receipt": {"recipients": ["a@b.example"], "action": {"type": "S3"}},
}
FORMS = {
    "Slack": [SLACK],
    "Zendesk": [ZENDESK_TICKET, ZENDESK_COMMENT, ZENDESK_MESSAGE],
    "Intercom": [INTERCOM_CREATED, INTERCOM_REPLIED],
    "SES": [SES],
}
ROW = re.compile(r"^\| \[([A-Za-z]+)\]\([^)]+\) \| [^|]+ \| `([^`]+)` \|$", re.MULTILINE)
DOCUMENTED = dict(ROW.findall((ROOT / "docs" / "events.md").read_text()))
EVENT_HEADERS = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-source": "/webhooks",
    "ce-type": "webhook.received",
}


def pointed(pointers: str, **settings: Any) -> Settings:
    """Return settings with these pointers."""
    return replace(Settings.from_environ({"TEXT_POINTER": pointers}), **settings)


@pytest.fixture
def pointed_client(small_model, settings):
    """A client of the app with the pointers of Slack's events."""
    pointers = Settings.from_environ({"TEXT_POINTER": DOCUMENTED["Slack"]}).text_pointer
    return Client(App(IntentFunction(small_model, replace(settings, text_pointer=pointers))))


def test_each_documented_system_has_its_events():
    """The rows of the table in docs/events.md and the tested events are the same."""
    assert DOCUMENTED.keys() == FORMS.keys()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param(name, data, id=f"{name}-{number}")
        for name, forms in FORMS.items()
        for number, data in enumerate(forms)
    ],
)
def test_documented_pointers_find_the_text(name, data):
    """The newest text is found, not the one that it answers."""
    query = query_at_pointers(data, pointed(DOCUMENTED[name]))

    assert [re.sub("<[^>]+>", "", text) for text in query.utterances] == [TEXT]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param({}, id="missing"),
        pytest.param({"a": None}, id="null"),
        pytest.param({"a": " \n"}, id="blank"),
        pytest.param({"a": 7}, id="number"),
        pytest.param({"a": []}, id="empty-list"),
    ],
)
def test_pointers_are_tried_in_order(first):
    """A pointer to nothing that has a text is passed over; the first that has one counts."""
    query = query_at_pointers({"c": "third", "b": "second", **first}, pointed("/a,/b,/c"))

    assert query == Query(["second"])


@pytest.mark.parametrize(
    ("data", "utterance"),
    [
        pytest.param([{"role": "user", "content": "hello"}], "hello", id="conversation"),
        pytest.param(["hello", {"more": "bye"}], "hello\nbye", id="several-texts"),
    ],
)
def test_value_may_be_of_another_form_than_a_string(data, utterance):
    """A conversation counts by its newest human text, other lists and objects by all texts."""
    assert query_at_pointers({"at": data}, pointed("/at")).utterances == [utterance]


def test_data_may_be_a_list():
    """A pointer can begin with an index."""
    assert query_at_pointers([{"text": "hello"}], pointed("/0/text")) == Query(["hello"])


def test_fields_of_the_contract_count_where_no_pointer_does():
    """Events of the function's own form are still understood, with their options."""
    query = query_at_pointers({"text": "hello", "top_k": 2}, pointed("/a"))

    assert query == Query(["hello"], top_k=2)


@pytest.mark.parametrize(
    "data", [pytest.param({"c": "hello"}, id="object"), pytest.param(["hello"], id="list")]
)
def test_error_names_the_pointers(data):
    """Whoever reads the dead letter learns where a text was looked for."""
    with pytest.raises(InvalidQueryError) as caught:
        query_at_pointers(data, pointed("/a/0,/b"))

    assert caught.value.message == "Missing 'text' parameter, and no text at /a/0 or /b"


def test_limits_hold_for_pointed_texts():
    """The error names the place of a text that is too long."""
    with pytest.raises(TooLargeError) as caught:
        query_at_pointers({"a": "hello"}, pointed("/a", max_text_length=4))

    assert caught.value.message == "The text at /a must have at most 4 characters"


def test_event_of_another_form_is_classified(pointed_client):
    """The reply is the same as to an event of the function's own form."""
    response = pointed_client.post("/", json=SLACK, headers=EVENT_HEADERS)

    assert (response.status_code, response.headers["ce-intent"]) == (200, "order_tracking")


def test_event_without_a_text_goes_to_the_dead_letters(pointed_client):
    """A broker does not try such an event again; the answer says where a text was looked for."""
    response = pointed_client.post("/", json={"event": {}}, headers=EVENT_HEADERS)

    assert (response.status_code, response.json) == (
        422,
        {"error": "Missing 'text' parameter, and no text at /event/text"},
    )


def test_batch_rejects_only_the_events_without_a_text(pointed_client):
    """Each event of a batch is looked at by itself."""
    event = {"specversion": "1.0", "id": "1", "source": "/webhooks", "type": "webhook.received"}
    response = pointed_client.post(
        "/",
        data=json.dumps([{**event, "data": SLACK}, {**event, "data": {"event": {}}}]),
        content_type="application/cloudevents-batch+json",
    )

    assert [reply["type"].rpartition(".")[2] for reply in response.json] == [
        "classified",
        "rejected",
    ]


def test_request_of_another_form_is_classified(pointed_client):
    """A webhook that sends no events can be pointed to ``/predict`` itself."""
    assert pointed_client.post("/predict", json=SLACK).json["intent"] == "order_tracking"
    assert pointed_client.post("/predict", json={"text": "hello"}).json["intent"] == "greeting"
