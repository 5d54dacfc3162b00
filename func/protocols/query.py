"""The query: utterances to classify, and the options of their predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from func.errors import InvalidQueryError, RequestError
from func.messages import ParsedRequest, Response
from func.protocols.batch_limit import check_batch_size
from func.protocols.json_codec import whole_number
from func.protocols.utterance import normalised_length, text_of
from func.settings import Settings
from model.inference.prediction import Prediction

MISSING_TEXT = "Missing 'text' parameter"
TEXT_FIELDS = ("text", "message", "messages")  # a request's first one of these counts


class Query(NamedTuple):
    """Utterances to classify, and the options of their predictions.

    The constructors raise InvalidQueryError for a missing or wrong field, and TooLargeError for a
    text or batch that exceeds its limit.

    Attributes:
        utterances: at least one; exactly one unless ``is_batch``.
        is_batch: whether the response is a list.
        top_k: the number of alternatives to rank for each; 0 for none.
        explain: whether to return the n-grams that support the intent.
    """

    utterances: Sequence[str]
    is_batch: bool = False
    top_k: int = 0
    explain: bool = False

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], settings: Settings) -> Self:
        """Return the query of a JSON object.

        ``message`` is an alias of ``text``, and ``messages`` a conversation in place of either.
        """
        name = next((name for name in TEXT_FIELDS if name in fields), None)
        is_batch = "texts" in fields
        if is_batch and name:
            raise InvalidQueryError(f"Send either '{name}' or 'texts', not both")
        if is_batch:
            utterances = _texts(fields["texts"], settings, "texts")
        elif name == "messages":
            utterances = [conversation_text(fields[name], settings)]
        elif name:
            utterances = [text_of(fields[name], settings, f"'{name}'")]
        else:
            raise InvalidQueryError(MISSING_TEXT)
        top_k, explain = _top_k(fields.get("top_k", 0)), _explain(fields.get("explain", False))
        return cls(utterances, is_batch, top_k, explain)

    @classmethod
    def from_texts(cls, texts: list[Any], top_k: object, settings: Settings, name: str) -> Self:
        """Return the query of unchecked texts and options; errors call the texts ``name``."""
        return cls(_texts(texts, settings, name), is_batch=True, top_k=_top_k(top_k))

    @classmethod
    def from_text(cls, text: str, settings: Settings) -> Self:
        """Return the query of a body that is the utterance itself."""
        return cls([text_of(text, settings, "The text")])

    @property
    def work(self) -> int:
        """An estimate of the time to predict from n-grams and to render, in microseconds.

        Fitted to measurements of the shipped model; a machine may be slower, but the proportions
        hold. Known words take a third less, many unknown ones up to two thirds more. The length
        that counts is that after Unicode normalisation.
        """
        count, length = len(self.utterances), sum(map(normalised_length, self.utterances))
        # No model ranks more alternatives than it has intents.
        work = 80 + count * (15 + 2 * min(self.top_k, 1000)) + 3 * length // 4
        return work + 200 * count + length if self.explain else work

    def to_request(
        self,
        render: Callable[[Sequence[Prediction]], Response],
        reject: Callable[[RequestError], Response],
        *,
        more_work: int = 0,
        may_escalate: bool = False,
    ) -> ParsedRequest:
        """Return the request for this query's predictions; ``more_work`` adds to its work."""
        return ParsedRequest(
            render,
            reject,
            self.utterances,
            self.top_k,
            self.work + more_work,
            may_escalate=may_escalate,
        )


def conversation_text(messages: object, settings: Settings) -> str:
    """Return the text of a conversation that is to be classified; "" if no human spoke.

    Raises:
        InvalidQueryError: ``messages`` is not a conversation.
        TooLargeError: the text exceeds the limit.
    """
    from func.protocols.conversation import text_to_classify  # noqa: PLC0415 - most send a text

    text = text_to_classify(messages, settings.max_text_length)
    return text_of(text, settings, "The newest message") if text else ""


def _texts(value: object, settings: Settings, name: str) -> list[str]:
    if not isinstance(value, list):
        raise InvalidQueryError(f"'{name}' must be a list of strings")
    if not value:
        raise InvalidQueryError(f"'{name}' must not be empty")
    check_batch_size(len(value), settings, f"'{name}'")
    return [text_of(text, settings, f"'{name}[{index}]'") for index, text in enumerate(value)]


def _top_k(value: object) -> int:
    number = whole_number(value)
    if number is None or number < 0:
        raise InvalidQueryError("'top_k' must be a whole number, 0 or more")
    return number


def _explain(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidQueryError("'explain' must be true or false")
    return value
