"""A request in a dialect, and the model that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from func.errors import InvalidQueryError
from func.models.served_model import ServedModel
from func.protocols.media_type import parse_fields
from func.settings import MODEL_NAME, Settings


class DialectRequest(NamedTuple):
    """A request before its dialect parses it.

    Attributes:
        content_type: "" for an absent header.
        body: decompressed.
        settings: the limits.
        default: the model of requests that name no other one.
        find: returns a model by its name, or raises as ``IntentFunction.find_model`` does; None if
            there are no other models.
        name: of the model, if the path names it.
    """

    content_type: str
    body: bytes
    settings: Settings
    default: ServedModel
    find: Callable[[str], ServedModel] | None = None
    name: str = ""

    def fields(self) -> Mapping[str, Any]:
        """Return the JSON object that the body holds; raise as ``parse_fields`` does."""
        return parse_fields(self.content_type, self.body, self.settings)

    def model_named(self, name: object) -> ServedModel:
        """Return a model by the name that a request has for it.

        Without other models each name means the default one: clients have names of their own.

        Raises:
            InvalidQueryError: the name is no text.
            NotFoundError, UnavailableError, NotLoadedError: as ``find`` does.
        """
        if self.find is None or name in (None, "", MODEL_NAME):
            return self.default
        if not isinstance(name, str):
            raise InvalidQueryError("'model' must be a string")
        return self.find(name)
