"""Records in the shapes of other tools: fine-tuning of chat models, Prodigy, spaCy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.tables.columns import INTENT, TEXT, usual_column

# The keys of a conversation, of a message's author, and of its text: OpenAI's, and ShareGPT's.
CONVERSATIONS = (("messages", "role", "content"), ("conversations", "from", "value"))
USERS, ASSISTANTS = ("user", "human"), ("assistant", "gpt")
TASK = "_task_hash"  # which Prodigy adds to each question
SCORES = "cats"  # spaCy's scores of all labels: 1 of those that the text has, 0 of the others
CHOSEN = "accept"  # Prodigy's word for a good answer, and the key of the labels that were chosen


def record_of(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the record of an object; None of a label that an annotator rejected or ignored.

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


def _answer(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if fields.get("answer") != CHOSEN:
        return None
    return {TEXT: fields.get("text"), INTENT: fields.get(CHOSEN, fields.get("label"))}


def _conversation(fields: Mapping[str, Any], key: str, author: str, text: str) -> Mapping[str, Any]:
    messages = [each for each in fields[key] if isinstance(each, dict)]
    said, answered = (
        next((each.get(text) for each in reversed(messages) if each.get(author) in names), None)
        for names in (USERS, ASSISTANTS)
    )
    keys = list(fields)
    label = usual_column(keys, INTENT)
    return {TEXT: said, INTENT: answered if label is None else fields[keys[label]]}


def _scored(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    scores = fields[SCORES].items()
    labels = [label for label, score in scores if isinstance(score, int | float) and score > 1 / 2]
    others = {name: value for name, value in fields.items() if name != SCORES}
    return others | {INTENT: labels[0] if len(labels) == 1 else labels}
