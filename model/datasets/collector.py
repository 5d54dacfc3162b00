"""Sort the entries of data files: examples, problems and notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from model.datasets.documents.document import ReadOptions
from model.datasets.entry import Entry, Example, LeftOut, Note
from model.errors import Problem, ProblemKind
from model.inference.prediction import OUT_OF_SCOPE


def as_left_out(kind: ProblemKind) -> ProblemKind:
    """Return the kind of entries that are left out instead of refused: nothing is to be mended."""
    return replace(kind, remedy="left out, as --leave-out-unreadable asks for")


class Collector:
    """Hands each entry to where it belongs, as the options ask for."""

    def __init__(
        self,
        options: ReadOptions,
        take: Callable[[Example], None],
        take_problem: Callable[[Problem], None],
        take_note: Callable[[Problem], None],
    ) -> None:
        """Prepare.

        Args:
            options: which intents are out-of-scope, and whether unreadable entries are left out.
            take: receives the examples.
            take_problem: receives entries that can't be read.
            take_note: receives guesses, and entries that are left out.
        """
        self._out_of_scope = {name.casefold() for name in options.out_of_scope_intents}
        self._leave_out_unreadable = options.leave_out_unreadable
        self._take, self._take_problem, self._take_note = take, take_problem, take_note
        self._left_out: dict[tuple[Path, str], LeftOut] = {}

    def add(self, entry: Entry) -> None:
        """Add an entry."""
        if isinstance(entry, Example):
            intent = self.intent_of(entry.intent)
            self._take(entry if intent == entry.intent else replace(entry, intent=intent))
        elif isinstance(entry, Note):
            self._take_note(Problem(entry.file, entry.line, entry.message))
        elif isinstance(entry, LeftOut):
            first = self._left_out.get((entry.file, entry.what))
            count = first.count + entry.count if first else entry.count
            self._left_out[entry.file, entry.what] = replace(first or entry, count=count)
        elif self._leave_out_unreadable and entry.kind is not None:
            message = f"{entry.message}; left out"
            self._take_note(replace(entry, message=message, kind=as_left_out(entry.kind)))
        else:
            self._take_problem(entry)

    def intent_of(self, label: str) -> str:
        """Return the intent of a label: out of scope if the options say so."""
        return OUT_OF_SCOPE if label.casefold() in self._out_of_scope else label

    def left_out(self) -> Iterator[Problem]:
        """Yield a remark on each kind of entry that training does not use."""
        for each in self._left_out.values():
            yield Problem(each.file, each.line, f"left out: {each.what} ({each.count})")
