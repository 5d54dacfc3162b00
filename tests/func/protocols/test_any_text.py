"""Texts of JSON values of any form."""

from __future__ import annotations

import pytest

from func.errors import InvalidQueryError, TooLargeError
from func.protocols.any_text import text_of_any
from func.settings import Settings

SETTINGS = Settings(max_text_length=50)
MESSAGES = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "Hi!"}]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("hello", "hello", id="string"),
        pytest.param(MESSAGES, "hello", id="conversation"),
        pytest.param({"messages": MESSAGES, "id": "7"}, "hello", id="conversation-in-an-object"),
        pytest.param(MESSAGES[1:], "", id="no-human"),
        pytest.param(
            {"subject": "charge", "n": 2, "is": True, "body": ["twice", {"by": "card"}, None]},
            "charge\ntwice\ncard",
            id="object",
        ),
        pytest.param(["a", "b"], "a\nb", id="list"),
        pytest.param({"messages": ["a"]}, "a", id="messages-without-roles"),
    ],
)
def test_text_is_found(value, expected):
    """Strings are joined in their order, and a conversation is read as one."""
    assert text_of_any(value, SETTINGS, "The state") == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(None, "The state must be a string, an object or a list", id="null"),
        pytest.param(7, "The state must be a string, an object or a list", id="number"),
        pytest.param({"n": 7}, "The state must not be empty", id="no-string"),
        pytest.param([], "The state must not be empty", id="empty"),
    ],
)
def test_value_without_text_is_refused(value, message):
    """The error names the value."""
    with pytest.raises(InvalidQueryError, match=message):
        text_of_any(value, SETTINGS, "The state")


def test_limit_is_one_of_all_strings_together():
    """A value of many short strings is as long as its text."""
    with pytest.raises(TooLargeError, match="The state must have at most 50 characters"):
        text_of_any(["x" * 25, "x" * 25], SETTINGS, "The state")
