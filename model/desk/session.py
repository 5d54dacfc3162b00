"""A session at the desk: the data, the events of a service, and the models trained so far."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model.datasets.dataset import normalised
from model.desk.desk import Desk
from model.desk.findings import Finding, of_groups
from model.desk.training import Training
from model.feedback.clusters import Group, group
from model.feedback.event_log import EventLog, read_event_log
from model.inference.intent_model import IntentModel
from model.training.fitted_model import MODEL_NAME

# Memory for the comparison of all pairs grows with their square.
MAX_GROUPED = 2000


class Session:
    """Connects desk and training: each training renews the findings.

    Attributes:
        desk: the data and the decisions.
        training: of models.
        output: the folder for a model that is adopted.
        neighbours: for each intent those that models confuse it with, the likeliest first.
    """

    def __init__(
        self, data: Path, output: Path, events: Path | None = None, below: float = 0.5
    ) -> None:
        """Read the data and the events.

        Args:
            data: a training file, or a folder with a file ``train``.
            output: the folder for a model that is adopted.
            events: a log of CloudEvents, whose doubtful messages and corrections are findings.
            below: the confidence that counts as low.

        Raises:
            DataError: the data can't be edited, or the events can't be read.
        """
        self.output, self.neighbours = output, dict[str, list[str]]()
        self._events = read_event_log(events) if events else EventLog((), (), 0, 0)
        self._below = below
        self.desk = Desk(data, self._events.corrections)
        self.training = Training(data, self._take_over)

    def _take_over(self, result: dict[str, Any]) -> None:
        """Renew all findings that need predictions."""
        self.neighbours = result["neighbours"]
        examined = [Finding.from_fields(each) for each in result["findings"]]
        doubtful = of_groups(self._doubtful(), self._events.fallback_intents)
        self.desk.add_findings(examined, [*doubtful])

    def _doubtful(self) -> list[Group]:
        """Return the doubtful messages of the log that nobody has corrected, in groups."""
        corrected = {normalised(each.text) for each in self._events.corrections}
        uncertain = self._events.uncertain_texts(self._below)
        texts = [each for each in uncertain if normalised(each) not in corrected][-MAX_GROUPED:]
        if not texts or self.training.model is None:
            return []
        return group(texts, IntentModel.load(self.training.model / MODEL_NAME))
