"""The text of a JSON value of any form: a string, a conversation, or what holds texts."""

from __future__ import annotations

from collections.abc import Iterator

from func.errors import InvalidQueryError
from func.protocols.conversation import is_conversation
from func.protocols.query import conversation_text
from func.protocols.utterance import text_of
from func.settings import Settings


def text_of_any(value: object, settings: Settings, name: str) -> str:
    """Return the text to classify; "" for a conversation in which no human spoke.

    An object or a list that is no conversation is read as all its strings, in their order, each in
    a line of its own; names of fields, numbers and the like are left out.

    Raises:
        InvalidQueryError: there is no text; errors call the value ``name``.
        TooLargeError: the text exceeds the limit.
    """
    messages = value.get("messages") if isinstance(value, dict) else value
    if is_conversation(messages):
        return conversation_text(messages, settings)
    if not isinstance(value, str | list | dict):
        raise InvalidQueryError(f"{name} must be a string, an object or a list")
    return text_of("\n".join(_strings(value)), settings, name)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
