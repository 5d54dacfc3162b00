"""CloudEvents over HTTP: reading and writing as the specification's binding requires."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from func.errors import BadRequestError, MalformedEventError, UnsupportedMediaTypeError
from func.protocols.cloudevents import Event, Mode, parse_batch, parse_structured
from func.settings import Settings

REQUIRED = {"specversion": "1.0", "id": "1", "source": "/test", "type": "test.type"}
HEADERS = {f"ce-{name}": value for name, value in REQUIRED.items()}

allowed_texts = st.text(
    st.characters(
        blacklist_categories=("Cc", "Cs", "Cn"),
    ),
    min_size=1,
)


def read_binary(**headers: str) -> Event:
    """Read an event with the required headers and the changes to them."""
    return Event.from_binary((HEADERS | headers).items(), "application/json", b"{}")


@pytest.mark.parametrize(
    ("content_type", "attributes", "mode"),
    [
        pytest.param("application/json", set(), None, id="plain-http"),
        pytest.param("application/json", {"specversion"}, Mode.BINARY, id="binary"),
        pytest.param("", {"id"}, Mode.BINARY, id="binary-without-specversion"),
        pytest.param("application/cloudevents+json", set(), Mode.STRUCTURED, id="structured"),
        pytest.param("Application/CloudEvents+JSON", set(), Mode.STRUCTURED, id="in-any-case"),
        pytest.param("application/cloudevents+xml", set(), Mode.STRUCTURED, id="other-format"),
        pytest.param("application/cloudevents-batch+json", set(), Mode.BATCH, id="batch"),
        pytest.param("application/cloudevents+json", {"id"}, Mode.STRUCTURED, id="type-goes-first"),
    ],
)
def test_mode_follows_the_headers(content_type, attributes, mode):
    """Content-Type decides on the mode; ce- headers count only if it names no event format."""
    assert Mode.of(content_type, {f"HTTP_CE_{name.upper()}" for name in attributes}) is mode


def test_binary_event_is_read():
    """In binary mode, headers are attributes, and Content-Type is the datacontenttype."""
    event = Event.from_binary(
        {**HEADERS, "CE-Subject": "s", "X-Other": "o"}.items(), "text/plain", b"hello"
    )

    assert event.attributes == REQUIRED | {"subject": "s", "datacontenttype": "text/plain"}
    assert event.data == b"hello"


def test_binary_event_without_body_has_no_data():
    """An event without a body and without Content-Type has no data."""
    event = Event.from_binary(HEADERS.items(), None, b"")

    assert event == Event(REQUIRED, None)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        pytest.param("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀", id="percent-encoded"),
        pytest.param("100%2525", "100%25", id="decoded-once"),
        pytest.param('"a b"', "a b", id="quoted"),
        pytest.param(r'"a \"b\" \\ c"', r'a "b" \ c', id="quoted-with-escapes"),
        pytest.param('"%C3%BC"', "ü", id="quoted-and-encoded"),
        pytest.param("\u00c3\u00bc", "ü", id="raw-utf-8-as-wsgi-gives-it"),
        pytest.param("\u00fc%C3%BC", "üü", id="raw-latin-1"),
        pytest.param('"', '"', id="lone-quote"),
        pytest.param("%zz", "%zz", id="no-encoding-at-all"),
    ],
)
def test_header_values_are_decoded(sent, read):
    """Header values are unquoted, then percent-decoded once."""
    assert read_binary(**{"ce-subject": sent}).attributes["subject"] == read


@given(allowed_texts)
def test_any_attribute_survives_binary_mode(text):
    """Written headers are printable ASCII; reading them returns the same attributes."""
    event = Event(REQUIRED | {"datacontenttype": "application/json", "subject": text}, {})
    headers, _ = event.to_binary()

    assert headers["ce-subject"].isascii()
    assert headers["ce-subject"].isprintable()
    assert not {" ", '"'} & set(headers["ce-subject"])
    assert read_binary(**headers).attributes["subject"] == text


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        pytest.param({"ce-id": ""}, "The attribute 'id' is missing or empty", id="empty-id"),
        pytest.param(
            {"ce-type": '""'}, "The attribute 'type' is missing or empty", id="empty-type-in-quotes"
        ),
        pytest.param(
            {"ce-specversion": "0.3"}, "The attribute 'specversion' must be 1.0", id="old-version"
        ),
        pytest.param(
            {"ce-subject": "%ff"},
            "An attribute is not valid percent-encoded UTF-8",
            id="invalid-utf-8",
        ),
        pytest.param(
            {"ce-subject": "a%0d%0ab"},
            "The attribute 'subject' holds a character that CloudEvents forbids",
            id="line-break",
        ),
        pytest.param(
            {"ce-subject": "%EF%BF%BE"},
            "The attribute 'subject' holds a character that CloudEvents forbids",
            id="noncharacter",
        ),
        pytest.param(
            {"ce-my-own": "x"},
            "An attribute's name must be of lower-case letters and digits",
            id="name",
        ),
    ],
)
def test_malformed_binary_event_is_refused(headers, message):
    """A missing, misnamed or wrongly encoded attribute makes the event malformed."""
    with pytest.raises(MalformedEventError) as caught:
        read_binary(**headers)

    assert caught.value.message == message


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
def test_missing_required_attribute_is_named(name):
    """The error names the required attribute that is missing."""
    headers = {key: value for key, value in HEADERS.items() if key != f"ce-{name}"}

    with pytest.raises(MalformedEventError, match=f"'{name}'"):
        Event.from_binary(headers.items(), None, b"")


@pytest.mark.parametrize(
    ("members", "attributes", "data"),
    [
        pytest.param({"data": {"a": 1}}, {}, {"a": 1}, id="json-data"),
        pytest.param({"data": None}, {}, None, id="null-data"),
        pytest.param({"data_base64": "aGk="}, {}, b"hi", id="base64-data"),
        pytest.param({"flag": True}, {"flag": "true"}, None, id="boolean"),
        pytest.param({"count": -3}, {"count": "-3"}, None, id="integer"),
        pytest.param({"count": -3.0}, {"count": "-3"}, None, id="integer-with-a-fraction-of-0"),
        pytest.param({"subject": None}, {}, None, id="null-is-absent"),
    ],
)
def test_json_event_is_read(members, attributes, data):
    """In JSON, attributes have types, and data is a value or Base64."""
    assert Event.from_json(REQUIRED | members) == Event(REQUIRED | attributes, data)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param([], "An event must be a JSON object", id="no-object"),
        pytest.param(
            REQUIRED | {"data": 1, "data_base64": "aGk="},
            "An event has either 'data' or 'data_base64', not both",
            id="data-twice",
        ),
        pytest.param(
            REQUIRED | {"data_base64": "%"},
            "'data_base64' must be a string in Base64",
            id="no-base64",
        ),
        pytest.param(
            REQUIRED | {"data_base64": 7},
            "'data_base64' must be a string in Base64",
            id="base64-no-string",
        ),
        pytest.param(
            REQUIRED | {"ratio": 0.5},
            "The attribute 'ratio' must be a string, a boolean or a 32-bit integer",
            id="float",
        ),
        pytest.param(
            REQUIRED | {"count": 2**31},
            "The attribute 'count' must be a string, a boolean or a 32-bit integer",
            id="long-integer",
        ),
        pytest.param(
            REQUIRED | {"Subject": "x"},
            "An attribute's name must be of lower-case letters and digits",
            id="upper-case-name",
        ),
        pytest.param(
            REQUIRED | {"subject": "\ud800"},
            "The attribute 'subject' holds a character that CloudEvents forbids",
            id="surrogate",
        ),
        pytest.param(
            REQUIRED | {"subject": "x" * 32_769},
            "The attribute 'subject' must have at most 32768 characters",
            id="long",
        ),
        pytest.param(
            REQUIRED | {"specversion": 1}, "The attribute 'specversion' must be 1.0", id="version-1"
        ),
        pytest.param(
            REQUIRED | {"type": False}, "The attribute 'type' must be a string", id="type-of-truth"
        ),
    ],
)
def test_malformed_json_event_is_refused(value, message):
    """A JSON value that violates the event format is malformed."""
    with pytest.raises(MalformedEventError) as caught:
        Event.from_json(value)

    assert caught.value.message == message


def test_event_is_written_as_json():
    """In structured mode, attributes and data are members of one object."""
    event = Event(REQUIRED | {"intent": "greeting"}, {"confidence": 1.0})

    assert event.to_json() == REQUIRED | {"intent": "greeting", "data": {"confidence": 1.0}}


def test_structured_message_is_read():
    """A message in structured mode contains one event."""
    body = b'{"specversion":"1.0","id":"1","source":"/test","type":"test.type"}'

    event = parse_structured("application/cloudevents+json; charset=utf-8", body, Settings())

    assert event == Event(REQUIRED)


def test_batch_is_split_before_its_events_are_parsed():
    """A malformed element of a batch does not affect the other events."""
    body = b'[{"id": "1"}, 2]'

    values = parse_batch("application/cloudevents-batch+json", body, Settings())

    assert values == [{"id": "1"}, 2]


@pytest.mark.parametrize(
    ("parse", "content_type", "body", "error", "message"),
    [
        pytest.param(
            parse_structured,
            "application/cloudevents+xml",
            b"<event/>",
            UnsupportedMediaTypeError,
            "The event format must be application/cloudevents+json",
            id="xml",
        ),
        pytest.param(
            parse_batch,
            "application/cloudevents-batch+avro",
            b"",
            UnsupportedMediaTypeError,
            "The event format must be application/cloudevents-batch+json",
            id="avro-batch",
        ),
        pytest.param(
            parse_structured,
            "application/cloudevents+json",
            b"{",
            BadRequestError,
            "The body is not valid JSON",
            id="cut-off",
        ),
        pytest.param(
            parse_batch,
            "application/cloudevents-batch+json",
            b"{}",
            MalformedEventError,
            "A batch must be a JSON array of events",
            id="batch-no-array",
        ),
    ],
)
def test_message_in_another_form_is_refused(parse, content_type, body, error, message):
    """Unsupported formats and broken bodies raise errors that say so."""
    with pytest.raises(error) as caught:
        parse(content_type, body, Settings())

    assert caught.value.message == message
