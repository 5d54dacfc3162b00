"""Properties of the contracts, tested with generated input."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from cloudevents.http import from_json
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from func.handler import IntentFunction
from func.settings import Settings, SettingsError
from model.inference.prediction import OUT_OF_SCOPE
from tests.support.invariants import ask, check

JSON = "application/json"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

# Examples in other tests cover these lines; to measure each generated input takes twice the time.
pytestmark = pytest.mark.no_cover

quick = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)
texts = st.text() | st.sampled_from(["hello", "where is my order"])
queries = st.dictionaries(
    st.sampled_from(["text", "message", "texts", "top_k", "explain", "x"]),
    values | texts | st.lists(texts, max_size=6),
)
names = st.from_regex("[a-z0-9]{1,20}", fullmatch=True)
attribute_values = st.text(min_size=1) | st.integers() | st.booleans() | values
events = st.fixed_dictionaries(
    {"specversion": st.just("1.0"), "id": texts, "source": texts, "type": texts},
    optional={"subject": texts, "datacontenttype": texts, "data": values | queries},
)
loose_events = events | st.dictionaries(names, attribute_values) | values
content_types = st.sampled_from(
    [JSON, STRUCTURED, BATCH, "text/plain", "text/plain; charset=latin-1", "a/b+json", ""]
)
ascii_text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)


@pytest.fixture(scope="module")
def function(small_model):
    """The function with the small model."""
    return IntentFunction(small_model, Settings(max_text_length=50, max_batch_size=4))


@pytest.fixture(scope="module")
def intents(small_model):
    """The intents that a prediction may name."""
    return frozenset((*small_model.card.labels, OUT_OF_SCOPE))


@quick
@given(body=queries | values)
def test_any_json_is_answered_or_refused(function, intents, body):
    """The response to any JSON is a prediction or a reason."""
    check(ask(function, JSON, json.dumps(body).encode()), intents)


@quick
@given(content_type=content_types, body=st.binary(max_size=300))
@example(content_type=JSON, body=b"\xef\xbb\xbf{}")
def test_any_bytes_are_answered_or_refused(function, intents, content_type, body):
    """The response to any bytes of any media type is a prediction or a reason."""
    check(ask(function, content_type, body), intents)


@quick
@given(value=loose_events)
def test_any_structured_event_is_answered_or_refused(function, intents, value):
    """Any body in structured mode gets a reply, an acknowledgement or a reason."""
    check(ask(function, STRUCTURED, json.dumps(value).encode()), intents)


@quick
@given(batch=st.lists(loose_events, max_size=5))
def test_any_batch_is_answered_or_refused(function, intents, batch):
    """Any body in batch mode gets replies, an acknowledgement or a reason."""
    check(ask(function, BATCH, json.dumps(batch).encode()), intents)


@quick
@given(
    attributes=st.dictionaries(names, ascii_text, max_size=5),
    content_type=content_types,
    body=st.binary(max_size=100) | queries.map(lambda query: json.dumps(query).encode()),
)
def test_any_binary_event_is_answered_or_refused(function, intents, attributes, content_type, body):
    """Any ce- headers lead to a reply, an acknowledgement or a reason."""
    required = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
    headers = {f"ce-{name}": value for name, value in {**required, **attributes}.items()}
    check(ask(function, content_type, body, headers), intents)


@quick
@given(id_=st.text(min_size=1), source=st.text(min_size=1).map(quote), subject=st.text(min_size=1))
def test_sound_events_get_replies_that_the_sdk_reads(function, id_, source, subject):
    """All allowed attributes return, and a redelivered event gets the same reply."""
    event = {"specversion": "1.0", "id": id_, "source": source, "type": "t", "subject": subject}
    body = json.dumps({**event, "data": {"text": "hello"}}).encode()
    first, again = (ask(function, STRUCTURED, body) for _ in range(2))
    if first.status == 400:  # the specification forbids some characters
        assert b"forbids" in first.body
    else:
        reply = from_json(first.body)
        assert reply["subject"] == subject
        assert reply.data["request"] == {"id": id_, "source": source}
        assert from_json(again.body)["id"] == reply["id"]


@quick
@given(texts=st.lists(st.text(min_size=1, max_size=50).filter(str.strip), min_size=1, max_size=4))
def test_prediction_does_not_depend_on_the_batch(function, texts):
    """A text gets the same intent alone and in a batch."""
    together = ask(function, JSON, json.dumps({"texts": texts}).encode())
    alone = [ask(function, JSON, json.dumps({"text": text}).encode()) for text in texts]

    assert {answer.status for answer in (together, *alone)} <= {200, 400}
    if together.status == 200:
        assert json.loads(together.body)["predictions"] == [json.loads(a.body) for a in alone]


@quick
@given(
    environ=st.dictionaries(
        st.sampled_from([field.upper() for field in Settings.__dataclass_fields__]) | st.text(),
        st.text() | st.integers().map(str) | st.floats().map(str),
    )
)
def test_any_environment_gives_settings_or_names_the_variable(environ: dict[str, Any]):
    """An environment is valid, or the error names the variable and the allowed values."""
    try:
        Settings.from_environ(environ)
    except SettingsError as caught:
        error = caught
    else:
        return
    assert environ.get(error.key, "").strip() == error.value
    assert error.allowed in str(error)
