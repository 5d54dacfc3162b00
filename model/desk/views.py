"""The views behind the desk's page: JSON in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from model.datasets.records import Utterance
from model.desk.decision import Decision
from model.desk.errors import DecisionError
from model.desk.session import Session
from model.inference.strict_json import is_unicode

MAX_ROWS = 200

Json = dict[str, Any]


class Views:
    """The views of a session; each returns JSON for the current request."""

    def __init__(self, session: Session) -> None:
        self._session, self._desk = session, session.desk
        self._training = session.training

    def state(self) -> Json:
        """Return counts, conditions and the progress of training."""
        training, output = self._training.status(), str(self._session.output)
        return self._desk.state() | {"training": training, "output": output}

    def findings(self) -> Json:
        """Return a part of the open findings of a kind, or of all."""
        return self._desk.queue(_string(request.args, "kind") or None, *_range())

    def intents(self) -> Json:
        """Return the intents: numbers of utterances, descriptions and neighbours."""
        return {
            "intents": self._desk.intents(),
            "descriptions": self._desk.descriptions(),
            "neighbours": self._session.neighbours,
        }

    def utterances(self) -> Json:
        """Return a part of the utterances that are searched for."""
        return self._desk.utterances(*_selection(request.args), *_range())

    def decide(self) -> Json:
        """Carry out a decision on the utterances that it names or that a search finds."""
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise DecisionError("The body must be a JSON object")
        search = body.get("selection")
        selected = self._desk.selected(*_selection(search)) if isinstance(search, dict) else None
        self._desk.decide(_decision(body, selected))
        return self.state()

    def undo(self) -> Json:
        """Undo the last decision, and return it."""
        return self._desk.undo().to_fields()

    def reload(self) -> Json:
        """Read all files again."""
        self._desk.reload()
        return self.state()

    def train(self) -> Json:
        """Start a training."""
        self._training.start()
        return self._training.status()

    def cancel(self) -> Json:
        """Cancel the training."""
        self._training.cancel()
        return self._training.status()

    def comparison(self) -> Json:
        """Return the comparison of the last two models."""
        if self._training.comparison is None:
            raise DecisionError("Train a second time to compare")
        return self._training.comparison

    def adopt(self) -> Json:
        """Copy the newest model to the output folder."""
        self._training.adopt(self._session.output)
        return {"output": str(self._session.output)}


def _decision(body: Mapping[str, Any], selected: tuple[Utterance, ...] | None) -> Decision:
    found = body.get("utterances", [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise DecisionError("'utterances' must be a list of objects")
    named = tuple(Utterance(_string(each, "text"), _string(each, "intent")) for each in found)
    action, to, intent, finding = (
        _string(body, name) for name in ("action", "to", "intent", "finding")
    )
    return Decision(action, named if selected is None else selected, to, intent, finding)


def _string(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str) or not is_unicode(value):
        raise DecisionError(f"'{name}' must be a string of valid Unicode")
    return value


def _selection(fields: Mapping[str, Any]) -> tuple[str | None, str]:
    return _string(fields, "intent") or None, _string(fields, "search")


def _range() -> tuple[int, int]:
    offset, limit = (request.args.get(name, 0, int) for name in ("offset", "limit"))
    return max(0, offset), min(max(1, limit), MAX_ROWS)
