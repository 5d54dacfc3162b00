"""Read utterances, their predictions and corrections from a log of CloudEvents.

For privacy, a reply does not hold the text. It names its request by source and id, and the text is
taken from there.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.datasets.dataset import normalised
from model.datasets.entry import is_filled
from model.datasets.readers import read_text
from model.errors import DataError
from model.inference.prediction import OUT_OF_SCOPE

FALLBACK = "fallback"  # in the answers of the function: another classifier gave them
TEXT_NAMES = ("text", "message")
# First line of an event that Knative's event_display has printed.
DISPLAYED = "☁️  cloudevents.Event\n"
_ATTRIBUTE = re.compile(r"^  (\w+): (.*)$", re.MULTILINE)
_DECODER = json.JSONDecoder()

# The source and the id of a request.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LoggedPrediction:
    """An utterance with its predicted intent and confidence.

    Attributes:
        answered_by: ``fallback`` if another classifier predicted the intent, ``model`` if it was
            asked in vain; "" if the model was sure.
    """

    text: str
    intent: str
    confidence: float
    answered_by: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """An utterance with the intent that a person says is right.

    Attributes:
        text: the utterance.
        intent: the right intent, which may be new, or ``out_of_scope``.
        answer: the predicted intent.
        comment: a remark; "" for none.
    """

    text: str
    intent: str
    answer: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class EventLog:
    """Content of a log.

    Attributes:
        predictions: utterances with their predictions, in the order of the replies.
        corrections: in the order of the log.
        without_text: number of replies whose request is not in the log.
        unreadable: number of events that are neither a request, a reply nor a correction.
    """

    predictions: tuple[LoggedPrediction, ...]
    corrections: tuple[Correction, ...]
    without_text: int
    unreadable: int

    def uncertain_texts(self, below: float) -> list[str]:
        """Return the different texts of which the model was unsure, in order.

        Args:
            below: a text is uncertain below this confidence, and also if it is out of scope or
                another classifier had to answer.
        """
        uncertain = {
            normalised(each.text): each.text
            for each in self.predictions
            if each.intent == OUT_OF_SCOPE or each.confidence < below or each.answered_by
        }
        return list(uncertain.values())

    @property
    def fallback_intents(self) -> dict[str, str]:
        """The intent that the fallback chose for each normalised text that it answered."""
        return {
            normalised(each.text): each.intent
            for each in self.predictions
            if each.answered_by == FALLBACK
        }


def most_frequent_intent(texts: Iterable[str], intents: Mapping[str, str]) -> str | None:
    """Return the intent of most of the texts, by normalised text; None if none of them has one."""
    found = Counter(intents[text] for text in map(normalised, texts) if text in intents)
    return max(found, key=found.__getitem__, default=None)


def read_event_log(path: Path) -> EventLog:
    """Read a log.

    Args:
        path: a file with a line of JSON for each structured CloudEvent, for the data of a reply or
            a correction, or for an object with text, intent and confidence, as ``model.predict``
            writes them; or the output of event_display.

    Raises:
        DataError: the log can't be read, or holds neither a correction nor a reply together with
            its text.
    """
    content = read_text(path)
    texts: dict[Key, str] = {}
    replies: list[tuple[Key | str, str, float, str]] = []
    corrections: list[Correction] = []
    unreadable = 0
    for event in _displayed(content) if DISPLAYED in content else _lines(content):
        source, data = _request_key(event), _data(event)
        if correction := _correction(data):
            corrections.append(correction)
        elif reply := _reply(data):
            replies.append(reply)
        elif source and (text := _text(data)):
            texts[source] = text
        else:
            unreadable += 1
    found = [
        LoggedPrediction(key if isinstance(key, str) else texts[key], intent, confidence, by)
        for key, intent, confidence, by in replies
        if isinstance(key, str) or key in texts
    ]
    if not found and not corrections:
        raise DataError.at(path, "holds no prediction together with its text")
    return EventLog(tuple(found), tuple(corrections), len(replies) - len(found), unreadable)


def _lines(content: str) -> Iterator[Any]:
    for line in content.split("\n"):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None


def _displayed(content: str) -> Iterator[Any]:
    for block in content.split(DISPLAYED)[1:]:
        head, _, data = block.partition("Data,\n")
        event: dict[str, Any] = dict(_ATTRIBUTE.findall(head))
        try:
            event["data"], _ = _DECODER.raw_decode(data.strip())
        except (ValueError, RecursionError):
            event["data"] = data.strip()
        yield event


def _request_key(event: Any) -> Key | None:
    if isinstance(event, dict) and "specversion" in event:
        return str(event.get("source")), str(event.get("id"))
    return None


def _data(event: Any) -> Any:
    """Return the data of an event; any other value is returned as it is."""
    if not isinstance(event, dict) or "specversion" not in event:
        return event
    encoded = event.get("data_base64")
    if encoded is None:
        return event.get("data")
    try:
        data = base64.b64decode(encoded).decode()
    except (ValueError, TypeError):
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data


def _text(data: Any) -> str | None:
    candidates = [data.get(name) for name in TEXT_NAMES] if isinstance(data, dict) else [data]
    return next((str(text).strip() for text in candidates if is_filled(text)), None)


def _correction(data: Any) -> Correction | None:
    """Return the correction that ``POST /feedback`` has emitted as an event's data."""
    if not isinstance(data, dict) or not isinstance(answer := data.get("answer"), dict):
        return None
    text, intent, predicted = data.get("text"), data.get("intent"), answer.get("intent")
    if not is_filled(text) or not is_filled(intent):
        return None
    comment = data.get("comment")
    return Correction(
        str(text).strip(), str(intent).strip(), str(predicted), str(comment) if comment else ""
    )


def _reply(data: Any) -> tuple[Key | str, str, float, str] | None:
    """Return the text of a reply, or else the key of its request, and the prediction."""
    if not isinstance(data, dict):
        return None
    intent, confidence, request = (data.get(key) for key in ("intent", "confidence", "request"))
    if not is_filled(intent) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        return None
    key = _text(data) or _key(request)
    answered_by = str(data.get("answered_by", ""))
    return (key, str(intent), float(confidence), answered_by) if key else None


def _key(request: Any) -> Key | None:
    if isinstance(request, Mapping) and {"source", "id"} <= request.keys():
        return str(request["source"]), str(request["id"])
    return None
