"""Sort the entries of data files: examples, problems and notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from model.datasets.documents.document import ReadOptions
from model.datasets.entry import Entry, Example, LeftOut, Note
from model.errors import Problem
from model.inference.prediction import OUT_OF_SCOPE


class Problems(Protocol):
    """A list of problems, or some that keeps a few of them."""

    def append(self, problem: Problem, /) -> None:
        """Add a problem."""


class Collector:
    """Hands each entry to where it belongs, as the options ask for."""

    def __init__(
        self,
        options: ReadOptions,
        take: Callable[[Example], None],
        problems: Problems,
        notes: Problems,
    ) -> None:
        """Prepare.

        Args:
            options: which intents are out-of-scope, and whether unreadable entries are left out.
            take: receives the examples.
            problems: receives entries that can't be read.
            notes: receives guesses, and entries that are left out.
        """
        self._out_of_scope = {name.casefold() for name in options.out_of_scope_intents}
        self._leave_out_unreadable = options.leave_out_unreadable
        self._take, self._problems, self._notes = take, problems, notes
        self._left_out: dict[tuple[Path, str], LeftOut] = {}

    def add(self, entry: Entry) -> None:
        """Add an entry."""
        if isinstance(entry, Example):
            intent = self.intent_of(entry.intent)
            self._take(entry if intent == entry.intent else replace(entry, intent=intent))
        elif isinstance(entry, Note):
            self._notes.append(Problem(entry.file, entry.line, entry.message))
        elif isinstance(entry, LeftOut):
            first = self._left_out.get((entry.file, entry.what))
            count = first.count + entry.count if first else entry.count
            self._left_out[entry.file, entry.what] = replace(first or entry, count=count)
        elif self._leave_out_unreadable and entry.kind is not None:
            self._notes.append(replace(entry, message=f"{entry.message}; left out"))
        else:
            self._problems.append(entry)

    def intent_of(self, label: str) -> str:
        """Return the intent of a label: out of scope if the options say so."""
        return OUT_OF_SCOPE if label.casefold() in self._out_of_scope else label

    def left_out(self) -> Iterator[Problem]:
        """Return a remark on each kind of entry that training does not use."""
        for each in self._left_out.values():
            yield Problem(each.file, each.line, f"left out: {each.what} ({each.count})")
