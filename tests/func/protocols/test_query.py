"""Queries: the meaning of a request's fields, and their validation."""

from __future__ import annotations

import pytest

from func.errors import InvalidQueryError, TooLargeError
from func.protocols.query import Query
from func.settings import Settings

SETTINGS = Settings(max_text_length=10, max_batch_size=2)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"text": "hi"}, Query(["hi"]), id="text"),
        pytest.param({"message": "hi"}, Query(["hi"]), id="message-is-an-alias"),
        pytest.param({"text": "hi", "message": "ho"}, Query(["hi"]), id="text-goes-first"),
        pytest.param({"texts": ["a", "b"]}, Query(["a", "b"], is_batch=True), id="batch"),
        pytest.param({"texts": ["a"]}, Query(["a"], is_batch=True), id="batch-of-one"),
        pytest.param({"text": "hi", "top_k": 3}, Query(["hi"], top_k=3), id="top-k"),
        pytest.param({"text": "hi", "top_k": 3.0}, Query(["hi"], top_k=3), id="top-k-as-3.0"),
        pytest.param({"text": "hi", "explain": True}, Query(["hi"], explain=True), id="explain"),
        pytest.param({"text": "x" * 10}, Query(["x" * 10]), id="at-the-limit"),
        pytest.param({"text": "hi", "user": 7}, Query(["hi"]), id="other-fields-are-left-alone"),
    ],
)
def test_fields_become_a_query(fields, expected):
    """A JSON object that follows the contract becomes a query."""
    assert Query.from_fields(fields, SETTINGS) == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({}, "Missing 'text' parameter", id="nothing"),
        pytest.param({"top_k": 1}, "Missing 'text' parameter", id="no-text"),
        pytest.param({"text": None}, "'text' must be a string", id="null"),
        pytest.param({"text": 7}, "'text' must be a string", id="number"),
        pytest.param({"message": ["hi"]}, "'message' must be a string", id="list-in-message"),
        pytest.param({"text": ""}, "'text' must not be empty", id="empty"),
        pytest.param({"text": " \n\t"}, "'text' must not be empty", id="white-space"),
        pytest.param({"text": "a\ud800"}, "'text' must be valid Unicode", id="lone-surrogate"),
        pytest.param(
            {"text": "a", "texts": ["b"]}, "Send either 'text' or 'texts', not both", id="both"
        ),
        pytest.param({"texts": "a"}, "'texts' must be a list of strings", id="texts-no-list"),
        pytest.param({"texts": []}, "'texts' must not be empty", id="no-texts"),
        pytest.param({"texts": ["a", 1]}, "'texts[1]' must be a string", id="number-among-texts"),
        pytest.param({"texts": [" "]}, "'texts[0]' must not be empty", id="empty-among-texts"),
        pytest.param(
            {"text": "a", "top_k": "3"},
            "'top_k' must be a whole number, 0 or more",
            id="top-k-text",
        ),
        pytest.param(
            {"text": "a", "top_k": True},
            "'top_k' must be a whole number, 0 or more",
            id="top-k-true",
        ),
        pytest.param(
            {"text": "a", "top_k": -1},
            "'top_k' must be a whole number, 0 or more",
            id="top-k-below",
        ),
        pytest.param(
            {"text": "a", "explain": 1}, "'explain' must be true or false", id="explain-number"
        ),
    ],
)
def test_bad_fields_are_rejected(fields, message):
    """A missing field, and one of a wrong type or value, raises an error that names it."""
    with pytest.raises(InvalidQueryError) as caught:
        Query.from_fields(fields, SETTINGS)

    assert caught.value.message == message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"text": "x" * 11}, "'text' must have at most 10 characters", id="long-text"),
        pytest.param(
            {"texts": ["a", "x" * 11]},
            "'texts[1]' must have at most 10 characters",
            id="long-text-among-texts",
        ),
        pytest.param({"texts": ["a"] * 3}, "'texts' must hold at most 2 texts", id="many-texts"),
    ],
)
def test_limits_are_named(fields, message):
    """A value beyond a limit raises an error that names the limit."""
    with pytest.raises(TooLargeError) as caught:
        Query.from_fields(fields, SETTINGS)

    assert caught.value.message == message


def test_plain_text_is_the_utterance():
    """A plain-text body is the utterance, unchanged."""
    assert Query.from_text("hi you\n", SETTINGS) == Query(["hi you\n"])


def test_empty_plain_text_is_refused():
    """White space alone is rejected."""
    with pytest.raises(InvalidQueryError, match=r"^The text must not be empty$"):
        Query.from_text(" ", SETTINGS)
