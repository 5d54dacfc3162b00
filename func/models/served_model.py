"""A model that is asked for by name, with the version that is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from func.errors import NotFoundError
from func.messages import ParsedRequest, Response
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction

NAME_HEADER = "Intent-Model"
VERSION_HEADER = "Intent-Model-Version"
VERSION_DIGITS = 12


class NoSuchModelError(NotFoundError):
    """No model is published under the name."""

    message = "No such model"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A loaded version of a published model.

    Attributes:
        name: under which it is published.
        digest: names the version; "" for the default model, whose responses bear no name.
        model: answers; requests that have begun keep it while a newer version takes over.
        size: an estimate of the memory that it takes, in bytes.
        encoder: the digest and size of its sentence encoder, which other models may share.
    """

    name: str
    digest: str
    model: IntentModel
    size: int
    encoder: tuple[str, int] = ("", 0)

    @property
    def version(self) -> str:
        """The beginning of the digest."""
        return self.digest[:VERSION_DIGITS]

    def answering(self, parsed: ParsedRequest) -> ParsedRequest:
        """Return the request with this model's predictions, and its name in the response."""
        if not self.digest:
            return parsed

        def render(predictions: Sequence[Prediction]) -> Response:
            return self.signed(parsed.render(predictions))

        return parsed._replace(render=render, model=self.model)

    def signed(self, response: Response) -> Response:
        """Return the response with the model's name and version, in headers and records."""
        names = ((NAME_HEADER, self.name), (VERSION_HEADER, self.version))
        outcome = response.outcome._replace(model=self.name, model_version=self.version)
        return response._replace(headers=(*response.headers, *names), outcome=outcome)
