"""Texts that lie where TEXT_POINTER says, in data of another form than the JSON contract's."""

from __future__ import annotations

from func.errors import InvalidQueryError
from func.protocols.any_text import text_of_any
from func.protocols.json_pointer import value_at
from func.protocols.query import TEXT_FIELDS, Query
from func.settings import Settings


def query_at_pointers(document: object, settings: Settings) -> Query:
    """Return the query of the first text that the pointers name, without options.

    A text is a string that is not blank, a conversation, or another list or object with texts.
    If the pointers name none, the fields of the JSON contract count.

    Raises:
        InvalidQueryError: there is no text, or it is not valid Unicode.
        TooLargeError: the text exceeds the limit.
    """
    for pointer in settings.text_pointer:
        value = value_at(pointer, document)
        is_filled = bool(value.strip() if isinstance(value, str) else value)
        if is_filled and isinstance(value, str | list | dict):
            return Query([text_of_any(value, settings, f"The text at {pointer}")])
    if isinstance(document, dict) and any(name in document for name in (*TEXT_FIELDS, "texts")):
        return Query.from_fields(document, settings)
    pointers = " or ".join(settings.text_pointer)
    raise InvalidQueryError(f"Missing 'text' parameter, and no text at {pointers}")
