"""System One: typed questions about one state, all answered from one prediction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from func.errors import BadRequestError, RequestError
from func.messages import Outcome, ParsedRequest, Response
from func.protocols.any_text import text_of_any
from func.protocols.dialects.answers import respond
from func.protocols.dialects.descriptions import Descriptions
from func.protocols.dialects.options import (
    MAX_OPTIONS,
    MAX_QUESTIONS,
    Options,
    Vocabulary,
    certainty,
    expected_level,
)
from func.protocols.dialects.request import DialectRequest
from func.protocols.json_codec import render_json
from func.protocols.query import Query
from model.inference.prediction import Prediction

KIND, NO_COST = "system-one", {"input_tokens": 0, "output_tokens": 0}


class InvalidFieldError(RequestError):
    """A question is wrong, or can't be answered.

    Attributes:
        location: the path to the field, from the body down.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, message: str, *location: str | int) -> None:
        self.location = location
        super().__init__(message)


class Question(NamedTuple):
    """A question whose options stand for intents.

    Attributes:
        kind: choice, noul (yes or no) or score.
        criteria: the names of a choice's options, or the descriptions of a score's levels.
    """

    kind: str
    criteria: Collection[Any]
    options: Options

    @classmethod
    def parse(cls, name: str, item: object, known: Vocabulary) -> Question:
        """Parse a question; raise InvalidFieldError if it is invalid, or can't be answered."""
        fields = item if isinstance(item, dict) else {}
        match fields.get("type"), fields.get("criteria"):
            case "choice", dict(criteria):
                options = Options.bind(criteria.items(), known)
            case "score", list(criteria):
                options = Options.bind(zip(criteria, criteria, strict=True), known)
            case "noul", criteria:
                named = criteria if isinstance(criteria, dict) else {}
                yes = named.get("true") or fields.get("instructions")
                options = Options.yes_and_no(yes, named.get("false"), known)
                criteria = ("true", "false")
            case _:
                message = "Send a choice or a score with criteria, or a noul"
                raise InvalidFieldError(message, "questions", name)
        place = ("questions", name, str(fields["type"]), "criteria")
        if not 0 < len(options.intents) <= MAX_OPTIONS:
            raise InvalidFieldError(f"Send 1 to {MAX_OPTIONS} options", *place)
        if (unbound := options.unbound) is not None:
            option = unbound if fields["type"] == "score" else [*criteria][unbound]
            raise InvalidFieldError(known.listing, *place, option)
        return cls(fields["type"], criteria, options)

    def answer(self, distribution: Mapping[str, float]) -> dict[str, Any]:
        """Return the answer to the question, by the probability of each intent."""
        shares = self.options.shares(distribution)
        if self.kind == "noul":
            return {"type": self.kind, "noul": shares[0]}
        names = [*self.criteria] if self.kind == "choice" else [*map(str, range(len(shares)))]
        chances = dict(zip(names, shares, strict=True))
        answer = {"type": self.kind, "confidence": certainty(shares), "probabilities": chances}
        if self.kind == "choice":
            return {**answer, "choice": names[shares.index(max(shares))]}
        legend = dict(zip(names, self.criteria, strict=True))
        return {**answer, "score": expected_level(shares), "legend": legend}


def parse(request: DialectRequest) -> ParsedRequest:
    """Parse ``POST /v1/systemone``."""
    fields, settings = request.fields(), request.settings
    served = request.model_named(fields.get("model"))
    items = fields.get("questions")
    if not isinstance(items, dict) or not 0 < len(items) <= MAX_QUESTIONS:
        raise InvalidFieldError(f"Send 1 to {MAX_QUESTIONS} questions, by name", "questions")
    known = Vocabulary.of_model(served.model, settings)
    questions = {name: Question.parse(name, item, known) for name, item in items.items()}
    text = text_of_any(fields.get("state"), settings, "The state")
    query = Query([text], top_k=len(known.intents))
    described = Descriptions.of(text, [q.options for q in questions.values()], served, settings)

    def render(predictions: Sequence[Prediction]) -> Response:
        distribution = described.distribution(predictions[0])
        answers = {name: question.answer(distribution) for name, question in questions.items()}
        content = {"model": described.model, "usage": NO_COST, "answers": answers}
        return respond(content, KIND, predictions, served.model.card)

    return served.answering(query.to_request(render, reject, more_work=described.work))


def reject(error: RequestError) -> Response:
    """Return the response to a failed request."""
    status = error.status
    content: dict[str, Any] = {"detail": error.message}
    if isinstance(error, (BadRequestError, InvalidFieldError)):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        place = ["body", *getattr(error, "location", ())]
        detail = {"loc": place, "msg": error.message, "type": "value_error"}
        content = {"detail": [detail]}
    body, outcome = render_json(content), Outcome(KIND)
    return Response(body, status=status, headers=error.headers, outcome=outcome)
