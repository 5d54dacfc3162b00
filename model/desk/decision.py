"""Decisions of people on utterances, intents and findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from model.datasets.records import Utterance

RELABEL, DELETE, REWORD, ADD, RENAME = "relabel", "delete", "reword", "add", "rename"
LATER = "later"


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of a person.

    Attributes:
        action: its name.
        utterances: that it concerns; those of new texts have no intent.
        to: the intent or, to reword, the text that they get.
        intent: of a rename, the intent that gets another name; to delete, an intent without
            utterances, which leaves the files beside the training file.
        finding: the id of the finding that it answers; "" for none.
    """

    action: str
    utterances: tuple[Utterance, ...] = ()
    to: str = ""
    intent: str = ""
    finding: str = ""

    def to_fields(self) -> dict[str, Any]:
        """Return the fields that are not empty, as JSON."""
        fields = {"finding": self.finding, "intent": self.intent, "to": self.to}
        utterances = [each._asdict() for each in self.utterances]
        return {name: value for name, value in fields.items() if value} | {"utterances": utterances}
