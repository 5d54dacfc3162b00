"""Conversations: which of their texts a person wrote, and which of these are classified.

Roles and contents are those of chat APIs. The newest human text is classified. Where it says
nothing of its own, as "yes" or "the second one", the human text before it is taken along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from func.errors import InvalidQueryError

HUMAN_ROLES = frozenset(("user", "human"))
TEXT_PARTS = frozenset(("text", "input_text"))
MAX_FILLER_LENGTH = 60  # of a text in characters
# Agents put their own instructions to the model into the messages of their users.
_REMINDER, _REMINDER_END = "<system-reminder>", "</system-reminder>"
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
# Words that only refer to what was said before. Thanks, greetings and names of things are not
# among them: they can be an intent.
_FILLERS = (
    "1 2 3 4 5 a again ahead all alright also and any anything are as both bottom but can "
    "correct could course do does done either else exactly false fine first five for former "
    "four fourth go good great guess he her here him i in indeed is it it's its just kind last "
    "latter let's like looks maybe me mean meant middle mine more my nah neither next no none "
    "nope not number of ok okay on one ones option or other perfect perhaps please prefer "
    "pretty previous proceed really right said same say says second see she so some sounds "
    "still sure that that's the their them then there these they thing think third this those "
    "three to too top true two uh um up us want was way we well what which will with would "
    "wrong yeah yep yes you your"
)
FILLERS = frozenset(_FILLERS.split())


def is_conversation(value: object) -> TypeGuard[Sequence[Mapping[str, Any]]]:
    """Return whether a value is a list of messages, each an object with a role or a type."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and ("role" in item or "type" in item) for item in value)
    )


def text_to_classify(messages: object, max_length: int) -> str:
    """Return the text of a conversation that is to be classified; "" if no human spoke.

    Args:
        messages: objects with a ``role`` and a ``content``: a string, or a list of parts.
        max_length: earlier texts that would exceed it are left out.

    Raises:
        InvalidQueryError: ``messages`` is not a conversation.
    """
    if not is_conversation(messages):
        raise InvalidQueryError("'messages' must be a list of objects with a 'role'")
    text = ""
    for earlier in human_texts(messages):
        if text and len(earlier) + 1 + len(text) > max_length:
            break
        text = f"{earlier}\n{text}" if text else earlier
        if not is_filler(earlier):
            break
    return text


def is_filler(text: str) -> bool:
    """Return whether a text only refers to what was said before it."""
    if len(text) > MAX_FILLER_LENGTH:
        return False
    return all(word.replace("\u2019", "'") in FILLERS for word in _WORD.findall(text.lower()))


def human_texts(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the texts that people wrote, the newest first."""
    for message in reversed(messages):
        role = message.get("role", message.get("type"))
        if isinstance(role, str) and role in HUMAN_ROLES:
            text = _without_reminders("\n".join(_parts(message.get("content")))).strip()
            if text:
                yield text


def _without_reminders(text: str) -> str:
    # A regular expression would hold the interpreter's lock for the whole of a large text.
    before, *others = text.split(_REMINDER)
    return before + "".join(other.partition(_REMINDER_END)[2] for other in others)


def _parts(content: object) -> Iterator[str]:
    """Yield the texts of a message's content; other parts, such as tool results, have none."""
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            kind, text = part.get("type"), part.get("text")
            if isinstance(kind, str) and kind in TEXT_PARTS and isinstance(text, str):
                yield text
