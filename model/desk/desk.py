"""The desk: decisions on utterances, written at once, and undone one by one."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from threading import RLock
from typing import Any

from model.datasets.checked import UNDO
from model.datasets.records import Utterance
from model.desk.changes import changes_of
from model.desk.data_files import Change, DataFiles
from model.desk.decision import LATER, Decision
from model.desk.decision_log import DecisionLog
from model.desk.errors import DecisionError
from model.desk.findings import (
    DOUBTFUL,
    EMPTIED,
    KINDS,
    OF_INTENTS,
    Finding,
    of_corpus,
    of_corrections,
    of_left_over,
)
from model.feedback.event_log import Correction


@dataclass(frozen=True, slots=True)
class _Step:
    """A decision that can be undone, and the changes that undo it."""

    number: int
    decision: Decision
    undoing: Sequence[Change]


class Desk:
    """Utterances, findings and decisions; all methods may be called from several threads.

    Attributes:
        data: the file or folder that training reads.
    """

    def __init__(self, data: Path, corrections: Sequence[Correction] = ()) -> None:
        """Read a training file, or a folder with a file ``train``, and the log of decisions.

        Raises:
            DataError: the data can't be edited.
        """
        self.data = data
        self._lock = RLock()
        self._steps: list[_Step] = []
        self._later: dict[str, None] = {}
        self._examined: tuple[Finding, ...] = ()
        self._doubtful: tuple[Finding, ...] = ()
        self._corrections = tuple(corrections)
        self._findings: dict[str, Finding] = {}
        self.reload()

    def reload(self) -> None:
        """Read all files again; earlier decisions can't be undone any more.

        Raises:
            DataError: the data can't be edited; the desk keeps its state.
        """
        with self._lock:
            self._files = DataFiles(self.data)
            self._log = DecisionLog(self._files.train.path)
            self._steps.clear()
            self._find()

    def add_findings(self, examined: Sequence[Finding], doubtful: Sequence[Finding]) -> None:
        """Replace the findings of cross-validation, and those on doubtful messages."""
        with self._lock:
            self._examined, self._doubtful = tuple(examined), tuple(doubtful)
            self._find()

    def state(self) -> dict[str, Any]:
        """Return counts and conditions as JSON."""
        with self._lock:
            last = self._steps[-1].decision if self._steps else None
            opened = self._open()
            return {
                "file": str(self._files.train.path),
                "log": str(self._log.path),
                "utterances": self._files.train.size,
                "intents": len(self._files.train.counts),
                "decisions": self._log.count,
                "undo": last and last.action,
                "changed_outside": self._files.has_changed_outside,
                "open": {kind: sum(each.kind == kind for _, each in opened) for kind in KINDS},
            }

    def queue(self, kind: str | None, offset: int, limit: int) -> dict[str, Any]:
        """Return a part of the open findings of a kind, or of all, and their number."""
        with self._lock:
            found = [each for each in self._open() if kind in {None, each[1].kind}]
        page = found[offset : offset + limit]
        fields = [{"id": number} | finding.to_fields() for number, finding in page]
        return {"total": len(found), "findings": fields}

    def intents(self) -> dict[str, int]:
        """Return the number of utterances of each intent, by name."""
        with self._lock:
            return dict(sorted(self._files.train.counts.items()))

    def descriptions(self) -> dict[str, str]:
        """Return the descriptions of intents, where the data has them."""
        with self._lock:
            return self._files.describe()

    def utterances(
        self, intent: str | None, search: str, offset: int, limit: int
    ) -> dict[str, Any]:
        """Return a part of the utterances of an intent, or of all, that contain a text."""
        with self._lock:
            found = self._files.train.select(intent, search)
            page = [each._asdict() for each in islice(found, offset, offset + limit)]
            total = offset + len(page) + sum(1 for _ in found)
        return {"total": total, "utterances": page}

    def selected(self, intent: str | None, search: str) -> tuple[Utterance, ...]:
        """Return all utterances of an intent, or of all, that contain a text."""
        with self._lock:
            return tuple(self._files.train.select(intent, search))

    def decide(self, decision: Decision) -> None:
        """Carry out a decision, and log it.

        Raises:
            DecisionError: it can't be carried out.
            ChangedOutsideError: another program has changed a file; nothing is written.
            OSError: a file can't be written.
        """
        with self._lock:
            if decision.action == LATER:
                self._later.pop(decision.finding, None)
                self._later[decision.finding] = None
                self._steps.append(_Step(0, decision, ()))
                return
            undoing = self._files.apply(changes_of(decision, self._files))
            try:
                number = self._log.append(decision.action, decision.to_fields())
            except OSError:
                self._files.apply(undoing)
                raise
            self._steps.append(_Step(number, decision, undoing))
            self._find()

    def undo(self) -> Decision:
        """Undo the last decision that is not undone yet, and return it.

        Raises:
            DecisionError: there is none.
            ChangedOutsideError: another program has changed a file; nothing is written.
            OSError: a file can't be written.
        """
        with self._lock:
            if not self._steps:
                raise DecisionError("There is nothing to undo")
            step = self._steps[-1]
            self._files.apply(step.undoing)
            if step.decision.action == LATER:
                self._later.pop(step.decision.finding, None)
            else:
                self._log.append(UNDO, {"of": step.number})
            self._steps.pop()
            self._find()
            return step.decision

    def _find(self) -> None:
        """Collect the findings, in the order of the queue."""
        train = self._files.train
        corrections = of_corrections(self._corrections, train)
        left_over = of_left_over(self._files.left_over())
        found = [*left_over, *of_corpus(train), *corrections, *self._examined, *self._doubtful]
        ordered = sorted(found, key=lambda each: KINDS.index(each.kind))
        self._findings = {each.id: each for each in ordered}

    def _open(self) -> list[tuple[str, Finding]]:
        """Return the findings that are not decided, with their ids; those for later come last."""
        kept, dismissed = self._log.kept, self._log.dismissed
        found = [
            (number, finding)
            for number, each in self._findings.items()
            if number not in kept or each.kind == DOUBTFUL
            if (finding := self._undecided(each, dismissed))
        ]
        order = {finding: place for place, finding in enumerate(self._later, 1)}
        return sorted(found, key=lambda each: order.get(each[0], 0))

    def _undecided(self, finding: Finding, dismissed: Container[str]) -> Finding | None:
        """Return a finding that is still as it was found; of a group of texts, those left."""
        if finding.kind == EMPTIED:
            return finding
        if finding.kind in OF_INTENTS:
            return finding if all(map(self._files.train.count, finding.intents)) else None
        left = tuple(each for each in finding.utterances if self._is_left(each, dismissed))
        is_complete = finding.kind == DOUBTFUL or len(left) == len(finding.utterances)
        return replace(finding, utterances=left) if left and is_complete else None

    def _is_left(self, utterance: Utterance, dismissed: Container[str]) -> bool:
        if utterance.intent:
            return utterance in self._files.train
        return utterance.text not in dismissed and not self._files.holds_text(utterance.text)
