"""Corrections: the right intent of a text, as a person states it, as a request and an event."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from func.errors import InvalidQueryError, TooLargeError, UnsupportedMediaTypeError
from func.messages import JSON
from func.protocols.cloudevents import SPECVERSION, Event, is_attribute_value
from func.protocols.event_replies import CORRECTED, current_time
from func.protocols.media_type import parse_fields
from func.protocols.query import MISSING_TEXT
from func.protocols.utterance import text_of
from func.settings import Settings
from model.inference.prediction import OUT_OF_SCOPE
from model.inference.strict_json import is_unicode

MAX_COMMENT_LENGTH = 1000
MAX_INTENT_LENGTH = 100

# The name of a new intent: words of letters, digits and signs that occur in names.
_NEW_NAME = re.compile(r"\w(?:[\w ./:+-]*\w)?")


@dataclass(frozen=True, slots=True)
class Correction:
    """A prediction, and the intent that a person says is right.

    Attributes:
        text: the classified text.
        answer: the predicted intent.
        confidence: its confidence, 0 to 1.
        intent: the right intent: a known one, ``out_of_scope``, or a new name.
        comment: a remark; "" for none.
    """

    text: str
    answer: str
    confidence: float
    intent: str
    comment: str = ""

    @classmethod
    def from_fields(
        cls, fields: Mapping[str, Any], labels: Collection[str], settings: Settings
    ) -> Self:
        """Return the correction of a JSON object; ``labels`` are the intents of the model.

        Raises:
            InvalidQueryError: a field is missing or has a wrong value.
            TooLargeError: the text or the comment exceeds its limit.
        """
        if "text" not in fields:
            raise InvalidQueryError(MISSING_TEXT)
        text = text_of(fields["text"], settings, "'text'")
        answer = fields.get("answer")
        if not isinstance(answer, dict):
            raise InvalidQueryError("'answer' must be an object with 'intent' and 'confidence'")
        predicted = _intent(answer.get("intent"), labels, "'answer.intent'")
        confidence = _confidence(answer.get("confidence"))
        intent = _intent(fields.get("intent"), labels, "'intent'")
        return cls(text, predicted, confidence, intent, _comment(fields.get("comment")))

    def to_event(self, settings: Settings) -> Event:
        """Return the event that reports the correction."""
        attributes = {
            "specversion": SPECVERSION,
            "type": f"{settings.event_type_prefix}.{CORRECTED}",
            "source": settings.event_source,
            "id": str(uuid.uuid4()),
            "time": current_time(),
            "datacontenttype": JSON,
            "intent": self.intent,
            **dict(settings.k_ce_overrides),
        }
        answer = {"intent": self.answer, "confidence": self.confidence}
        data = {"text": self.text, "answer": answer, "intent": self.intent}
        return Event(attributes, data | ({"comment": self.comment} if self.comment else {}))


def parse_correction(
    content_type: str, body: bytes, labels: Collection[str], settings: Settings
) -> Correction:
    """Parse a request; raise as ``Correction.from_fields`` does.

    Raises:
        UnsupportedMediaTypeError: its media type is not JSON, or missing. A browser sends a request
            without one to any server, without asking it first.
        BadRequestError: the body is not a JSON object.
    """
    if not content_type:
        raise UnsupportedMediaTypeError(f"The Content-Type must be {JSON}")
    return Correction.from_fields(parse_fields(content_type, body, settings), labels, settings)


def _intent(value: object, labels: Collection[str], name: str) -> str:
    if not isinstance(value, str):
        raise InvalidQueryError(f"{name} must be a string")
    is_new_name = len(value) <= MAX_INTENT_LENGTH and _NEW_NAME.fullmatch(value)
    if value not in labels and value != OUT_OF_SCOPE and not is_new_name:
        raise InvalidQueryError(
            f"{name} must be a known intent, {OUT_OF_SCOPE}, or a new name: at most "
            f"{MAX_INTENT_LENGTH} letters, digits, spaces and . / : + - _ between them"
        )
    if not is_attribute_value(value):
        raise InvalidQueryError(f"{name} holds a character that CloudEvents forbids")
    return value


def _confidence(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= (confidence := float(str(value))) <= 1:
        raise InvalidQueryError("'answer.confidence' must be a number from 0 to 1")
    return confidence


def _comment(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not is_unicode(value):
        raise InvalidQueryError("'comment' must be a string of valid Unicode")
    if len(value) > MAX_COMMENT_LENGTH:
        raise TooLargeError(f"'comment' must have at most {MAX_COMMENT_LENGTH} characters")
    return value.strip()
