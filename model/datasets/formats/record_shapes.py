"""Records in the shapes of other tools: fine-tuning of chat models, Prodigy, spaCy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from model.tables.columns import INTENT, TEXT, usual_column

# The keys of a conversation, of a message's author, and of its text: OpenAI's, and ShareGPT's.
CONVERSATIONS = (("messages", "role", "content"), ("conversations", "from", "value"))
USERS, ASSISTANTS = ("user", "human"), ("assistant", "gpt")
TASK = "_task_hash"  # which Prodigy adds to each question
SCORES = "cats"  # spaCy's scores of all labels: 1 of those that the text has, 0 of the others
CHOSEN = "accept"  # Prodigy's word for a good answer, and the key of the labels that were chosen


def record_of(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the text and the intent of such an object; None if an annotator accepted no label.

    Of a conversation, the text is the user's last message, and the intent the answer to it, unless
    an intent stands beside them. Of spaCy's scores, the intent is the only label that scores more
    than a half, unless an intent stands beside them. Other objects, and those with a text beside
    the conversation, are returned as they are.
    """
    if TASK in fields:
        return _answer(fields)
    for key, author, text in CONVERSATIONS:
        if isinstance(fields.get(key), list) and usual_column(list(fields), TEXT) is None:
            return _conversation(fields, key, author, text)
    if isinstance(fields.get(SCORES), dict) and usual_column(list(fields), INTENT) is None:
        return _scored(fields)
    return fields


def is_of_another_shape(keys: Sequence[str]) -> bool:
    """Return whether records with these keys may be of another tool's shape."""
    conversations = [key for key, _, _ in CONVERSATIONS]
    own = (INTENT, [SCORES]), (TEXT, conversations)
    return any(usual_column(keys, role) is None and set(names) & set(keys) for role, names in own)


def _answer(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if fields.get("answer") != CHOSEN:
        return None
    return {TEXT: fields.get("text"), INTENT: fields.get(CHOSEN, fields.get("label"))}


def _conversation(fields: Mapping[str, Any], key: str, author: str, text: str) -> Mapping[str, Any]:
    said = answered = None
    for message in (each for each in fields[key] if isinstance(each, dict)):
        if message.get(author) in USERS:
            said, answered = message.get(text), None
        elif message.get(author) in ASSISTANTS:
            answered = message.get(text)
    return {TEXT: said, INTENT: _usual(fields, INTENT, answered)}


def _scored(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    scores = fields[SCORES].items()
    labels = [label for label, score in scores if isinstance(score, int | float) and score > 1 / 2]
    return {TEXT: _usual(fields, TEXT), INTENT: labels}


def _usual(fields: Mapping[str, Any], role: str, default: Any = None) -> Any:
    """Return the value of the key with a usual name, or the default without such a key."""
    at = usual_column(list(fields), role)
    return default if at is None else fields[list(fields)[at]]
