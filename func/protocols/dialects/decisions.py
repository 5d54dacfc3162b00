"""OpenAI's Decisions: questions about an input, each with its answer or a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from func.errors import InvalidQueryError
from func.messages import ParsedRequest, Response
from func.protocols.any_text import text_of_any
from func.protocols.dialects.answers import openai_error, respond
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
from func.protocols.query import Query
from model.inference.prediction import Prediction

KIND = "openai-decisions"
NO_COST = {
    **dict.fromkeys(("input_tokens", "output_tokens", "total_tokens"), 0),
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens_details": {"reasoning_tokens": 0},
}
ROWS = {"choice": ("choices", "value", (str, bool)), "score": ("levels", "label", (str,))}

reject = partial(openai_error, kind=KIND)


class Question(NamedTuple):
    """A question, and the intents that its options stand for.

    Attributes:
        kind, name: predicate, choice or score; None if it has no name.
        labels: the values of a choice, or the labels of a score's levels.
        options: in the order of the labels; of a predicate, yes and no.
    """

    kind: str
    name: str | None
    labels: Sequence[str | bool]
    options: Options

    def answer(self, distribution: Mapping[str, float]) -> dict[str, Any]:
        """Return the answer to the question, by the probability of each intent."""
        if self.options.unbound is not None:
            return {"type": "refusal", "name": self.name}
        shares = self.options.shares(distribution)
        answer: dict[str, Any] = {"type": self.kind, "name": self.name}
        if self.kind == "predicate":
            return answer | {"probability": shares[0]}
        answer["confidence"] = certainty(shares)
        rows = zip(self.labels, shares, strict=True)
        if self.kind == "choice":
            answer["choice"] = self.labels[shares.index(max(shares))]
            answer["probabilities"] = [{"value": value, "probability": p} for value, p in rows]
        else:
            answer["score"] = expected_level(shares)
            answer["probabilities"] = [
                {"label": label, "value": level, "probability": p}
                for level, (label, p) in enumerate(rows)
            ]
        return answer


def parse(request: DialectRequest) -> ParsedRequest:
    """Parse ``POST /v1/decisions``."""
    fields, settings = request.fields(), request.settings
    served = request.model_named(fields.get("model"))
    items = fields.get("questions")
    if not isinstance(items, list) or not 0 < len(items) <= MAX_QUESTIONS:
        raise InvalidQueryError(f"'questions' must be a list of 1 to {MAX_QUESTIONS} questions")
    known = Vocabulary.of_model(served.model, settings)
    questions = [_question(item, f"'questions[{n}]'", known) for n, item in enumerate(items)]
    text = text_of_any(fields.get("input"), settings, "'input'")
    query = Query([text], top_k=len(known.intents))
    described = Descriptions.of(text, [q.options for q in questions], served, settings)

    def render(predictions: Sequence[Prediction]) -> Response:
        distribution = described.distribution(predictions[0])
        answers = [question.answer(distribution) for question in questions]
        content = {"model": described.model, "usage": NO_COST, "answers": answers}
        return respond(content, KIND, predictions, served.model.card)

    return served.answering(query.to_request(render, reject, more_work=described.work))


def _question(item: object, place: str, known: Vocabulary) -> Question:
    fields = item if isinstance(item, dict) else {}
    kind, name = fields.get("type"), fields.get("name")
    if not isinstance(name, str | None):
        raise InvalidQueryError(f"The name of {place} must be a string")
    if kind == "predicate":
        yes = _statement(fields.get("instructions"))
        return Question("predicate", name, (), Options.yes_and_no(yes, None, known))
    if not isinstance(kind, str) or kind not in ROWS:
        raise InvalidQueryError(f"{place} must have the type predicate, choice or score")
    key, label, types = ROWS[kind]
    rows = fields.get(key)
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_OPTIONS:
        raise InvalidQueryError(f"{place} must have 1 to {MAX_OPTIONS} {key}")
    if not all(isinstance(row, dict) and isinstance(row.get(label), types) for row in rows):
        raise InvalidQueryError(f"Each of the {key} of {place} must have a '{label}'")
    pairs = [(row[label], row.get("description")) for row in rows]
    return Question(kind, name, [label for label, _ in pairs], Options.bind(pairs, known))


def _statement(instructions: object) -> object:
    """Return the statement of a predicate: a text, or the data of its only part."""
    match instructions:
        case [{"type": "input_json", "data": data}]:
            return data
        case [{"type": "input_text", "text": text}]:
            return text
        case _:
            return instructions
