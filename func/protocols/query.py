"""What a request asks for, whatever form it came in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Generic, NamedTuple, Self, TypeVar

from func.errors import InvalidQueryError, TooLargeError
from func.settings import Settings
from model.inference.prediction import Prediction

MISSING_TEXT = "Missing 'text' parameter"

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Query:
    """Utterances to classify, and how much to tell about each.

    Attributes:
        utterances: at least one; just one unless ``is_batch``.
        is_batch: whether the answer is a list.
        top_k: how many alternatives to rank for each; 0 for none.
        explain: whether to give the n-grams that spoke for the intent.
    """

    utterances: Sequence[str]
    is_batch: bool = False
    top_k: int = 0
    explain: bool = False

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], settings: Settings) -> Self:
        """Read the fields of a JSON object; ``message`` is an alias of ``text``.

        Raises:
            InvalidQueryError: no text, or a field of the wrong type or value.
            TooLargeError: a text or the batch is over its limit.
        """
        name = next((name for name in ("text", "message") if name in fields), None)
        is_batch = "texts" in fields
        if is_batch and name:
            raise InvalidQueryError(f"Send either '{name}' or 'texts', not both")
        if is_batch:
            utterances = _texts(fields["texts"], settings, "texts")
        elif name:
            utterances = [_text(fields[name], settings, f"'{name}'")]
        else:
            raise InvalidQueryError(MISSING_TEXT)
        top_k, explain = _top_k(fields.get("top_k", 0)), _explain(fields.get("explain", False))
        return cls(utterances, is_batch, top_k, explain)

    @classmethod
    def from_texts(cls, texts: list[Any], top_k: object, settings: Settings, name: str) -> Self:
        """Take a batch.

        Args:
            texts: what should be texts.
            top_k: how many alternatives to rank, if that is what it is.
            settings: the limits.
            name: what the client calls the texts, for errors.

        Raises:
            InvalidQueryError: no texts, or a value of the wrong type.
            TooLargeError: a text or the batch is over its limit.
        """
        return cls(_texts(texts, settings, name), is_batch=True, top_k=_top_k(top_k))

    @classmethod
    def from_text(cls, text: str, settings: Settings) -> Self:
        """Take a whole body as the utterance.

        Raises:
            InvalidQueryError: nothing but white space.
            TooLargeError: longer than an utterance may be.
        """
        return cls([_text(text, settings, "The text")])


class Pending(NamedTuple, Generic[T]):
    """A request that was understood, and waits for its utterances to be classified.

    Attributes:
        utterances: what to classify; there may be none.
        top_k: how many alternatives to rank for each.
        answer: makes the answer of the utterances' predictions; these may rank more alternatives.
    """

    utterances: Sequence[str]
    top_k: int
    answer: Callable[[Iterable[Prediction]], T]

    def through(self, wrap: Callable[[Callable[[], T]], U]) -> Pending[U]:
        """Have the answer made inside of what may change it, or catch the errors of its making."""
        utterances, top_k, answer = self
        return Pending(utterances, top_k, lambda found: wrap(lambda: answer(found)))


def together(pending: Sequence[Pending[T]]) -> Pending[list[T]]:
    """Put requests together, so that one prediction serves them all; the answers keep the order."""

    def answers(predictions: Iterable[Prediction]) -> list[T]:
        left = iter(predictions)
        return [each.answer([*islice(left, len(each.utterances))]) for each in pending]

    utterances = [*chain.from_iterable(each.utterances for each in pending)]
    return Pending(utterances, max((each.top_k for each in pending), default=0), answers)


def is_unicode(text: str) -> bool:
    r"""Tell whether a text can be encoded: a lone surrogate, as JSON's ``\ud800``, can't."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole_number(value: object) -> int | None:
    """Read a whole number, which JSON may also write as ``3.0``; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object, settings: Settings, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidQueryError(f"{name} must be a string")
    if not value.strip():
        raise InvalidQueryError(f"{name} must not be empty")
    if len(value) > settings.max_text_length:
        raise TooLargeError(f"{name} must have at most {settings.max_text_length} characters")
    if not is_unicode(value):
        raise InvalidQueryError(f"{name} must be valid Unicode")
    return value


def _texts(value: object, settings: Settings, name: str) -> list[str]:
    if not isinstance(value, list):
        raise InvalidQueryError(f"'{name}' must be a list of strings")
    if not value:
        raise InvalidQueryError(f"'{name}' must not be empty")
    if len(value) > settings.max_batch_size:
        raise TooLargeError(f"'{name}' must hold at most {settings.max_batch_size} texts")
    return [_text(text, settings, f"'{name}[{index}]'") for index, text in enumerate(value)]


def _top_k(value: object) -> int:
    number = whole_number(value)
    if number is None or number < 0:
        raise InvalidQueryError("'top_k' must be a whole number, 0 or more")
    return number


def _explain(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidQueryError("'explain' must be true or false")
    return value
