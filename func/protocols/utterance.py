"""The checks of a text that is to be classified: its type, its length and its characters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from func.errors import InvalidQueryError, TooLargeError
from func.settings import Settings
from model.inference.strict_json import is_unicode

# Unicode normalisation sorts marks in a row, in time that grows with the square of their number.
# UAX 15 has the same limit in its Stream-Safe Text Format.
MAX_MARKS = 30
# All marks are among these characters, with two that decompose into them.
_MAYBE_MARKS = re.compile(rf"[\W\uff9e\uff9f]{{{MAX_MARKS + 1},}}")


def text_of(value: object, settings: Settings, name: str) -> str:
    """Return a value that is an utterance; errors call it ``name``.

    Raises:
        InvalidQueryError: it is no string, empty, or not valid Unicode.
        TooLargeError: it exceeds the limit.
    """
    if not isinstance(value, str):
        raise InvalidQueryError(f"{name} must be a string")
    if not value.strip():
        raise InvalidQueryError(f"{name} must not be empty")
    most = settings.max_text_length
    if len(value) > most:
        raise TooLargeError(f"{name} must have at most {most} characters")
    if not is_unicode(value):
        raise InvalidQueryError(f"{name} must be valid Unicode")
    if has_too_many_marks(value):
        raise TooLargeError(f"{name} must have at most {MAX_MARKS} combining marks in a row")
    # The model normalises texts, and one character can become eighteen.
    if normalised_length(value) > most:
        raise TooLargeError(f"{name} must have at most {most} characters when normalised (NFKD)")
    return value


def normalised_length(text: str) -> int:
    """Return the length of a text after compatibility decomposition (Unicode form NFKD)."""
    return len(text) if text.isascii() else len(unicodedata.normalize("NFKD", text))


def has_too_many_marks(text: str) -> bool:
    """Return whether more combining marks follow each other than any script needs."""
    if text.isascii():
        return False
    for run in _MAYBE_MARKS.findall(text):
        count = 0
        for character in run:
            count = count + 1 if _is_mark(character) else 0
            if count > MAX_MARKS:
                return True
    return False


@lru_cache(4096)  # a text of signs alone repeats few of them
def _is_mark(character: str) -> bool:
    return all(map(unicodedata.combining, unicodedata.normalize("NFKD", character)))
