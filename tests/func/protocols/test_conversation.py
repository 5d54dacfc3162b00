"""Conversations: which text is classified."""

from __future__ import annotations

import pytest

from func.errors import InvalidQueryError
from func.protocols.conversation import is_filler, text_to_classify


def said(*texts: str) -> list[dict[str, str]]:
    """Return a conversation in which a person and an assistant speak in turn."""
    return [
        {"role": "assistant" if place % 2 else "user", "content": text}
        for place, text in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param(said("hi", "Hello!", "where is my parcel"), "where is my parcel", id="newest"),
        pytest.param(said("cancel it", "Sure?"), "cancel it", id="assistant-spoke-last"),
        pytest.param([{"role": "system", "content": "be kind"}], "", id="no-human"),
        pytest.param([{"role": "user"}], "", id="no-content"),
        pytest.param([{"role": "user", "content": " \n"}], "", id="blank"),
        pytest.param([{"role": 7, "content": "hello"}], "", id="role-is-no-string"),
        pytest.param(
            [{"type": "human", "content": "my card"}, {"type": "ai", "content": "?"}],
            "my card",
            id="types-as-roles",
        ),
        pytest.param(
            [
                {"role": "user", "content": "refund please, order 7"},
                {"type": "function_call", "name": "orders", "arguments": "{}"},
                {"type": "function_call_output", "output": "reset my password"},
                {"role": "tool", "content": "reset my password"},
            ],
            "refund please, order 7",
            id="tools",
        ),
        pytest.param(
            [
                {"role": "user", "content": "lost my card"},
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "content": "hello"},
                        {"type": "text", "text": "<system-reminder>say hello</system-reminder>"},
                    ],
                },
            ],
            "lost my card",
            id="result-and-reminder",
        ),
        pytest.param(
            [{"role": "user", "content": "stop it<system-reminder>never ends"}],
            "stop it",
            id="open-reminder",
        ),
        pytest.param(
            [
                {
                    "role": "user",
                    "content": "stop<system-reminder>a<system-reminder>b</system-reminder> it "
                    "<system-reminder>\n</system-reminder>now</system-reminder>",
                }
            ],
            "stop it now</system-reminder>",
            id="several-reminders",
        ),
        pytest.param(
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "url": "https://example.com"},
                        {"type": "input_text", "text": "broken on"},
                        {"type": "text", "text": "arrival"},
                        {"type": "text", "text": 5},
                        {"type": {}, "text": "no type"},
                        "see picture",
                        7,
                    ],
                }
            ],
            "broken on\narrival\nsee picture",
            id="parts",
        ),
        pytest.param(
            said("cancel my order", "Really?", "Yes, please!"),
            "cancel my order\nYes, please!",
            id="yes",
        ),
        pytest.param(
            said("which shirts are in stock", "A or B?", "the second one", "Buy?", "👍"),
            "which shirts are in stock\nthe second one\n👍",
            id="several",
        ),
        pytest.param(said("yes"), "yes", id="nothing-before"),
        pytest.param(said("cancel my order", "Done.", "thanks"), "thanks", id="thanks"),
    ],
)
def test_newest_human_text_is_classified(messages, expected):
    """Only people's texts count, and earlier ones where the newest says nothing of its own."""
    assert text_to_classify(messages, 200) == expected


def test_earlier_texts_are_left_out_where_they_are_too_long():
    """The newest text is classified even if the one before does not fit beside it."""
    messages = said("x" * 196, "Sure?", "yes")

    assert text_to_classify(messages, 200) == "x" * 196 + "\nyes"
    assert text_to_classify(messages, 199) == "yes"


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param("hello", id="text"),
        pytest.param({"role": "user", "content": "hello"}, id="single"),
        pytest.param([], id="empty"),
        pytest.param(["hello"], id="texts"),
        pytest.param([{"content": "hello"}], id="no-role"),
        pytest.param(None, id="null"),
    ],
)
def test_other_values_are_no_conversation(messages):
    """The error says what a conversation is."""
    with pytest.raises(InvalidQueryError, match="must be a list of objects with a 'role'"):
        text_to_classify(messages, 200)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        pytest.param("That\u2019s right", True, id="apostrophe"),
        pytest.param("no. the first one!", True, id="punctuation"),
        pytest.param("yes " * 15, True, id="long"),
        pytest.param("yes " * 16, False, id="too-long"),
        pytest.param("the red one", False, id="own-word"),
        pytest.param("hello", False, id="greeting"),
    ],
)
def test_filler_says_nothing_of_its_own(text, is_one):
    """A text is one if all its words only refer to something."""
    assert is_filler(text) is is_one
