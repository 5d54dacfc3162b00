"""The entries of a data file: utterances, problems, and notes on the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from model.errors import Problem, ProblemKind

TRAIN = "train"
DESCRIPTION = "description"  # the part of texts that describe their intent
DESCRIPTIONS = "intent_descriptions.csv"  # holds no utterances to learn from

UNREADABLE = ProblemKind(
    "entries that can't be read", "mend them, or do without them: --leave-out-unreadable"
)
BAD_NAMES = ProblemKind(
    "intents whose names hold line breaks or control characters",
    "rename them: an intent is a CloudEvents attribute and an HTTP header",
)

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can hold half a character; UTF-8 can't
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled utterance and its place in a file.

    Attributes:
        text: the utterance.
        intent: its label.
        file: the file.
        line: the line where the entry begins, from 1.
        part: the part of the data set that a file of several parts names, or ``DESCRIPTION``.
    """

    text: str
    intent: str
    file: Path
    line: int
    part: str = TRAIN

    def problem(self, message: str, kind: ProblemKind | None = None) -> Problem:
        """Return a problem of this example."""
        return Problem(self.file, self.line, message, kind)


@dataclass(frozen=True, slots=True)
class Note:
    """A remark that refuses nothing: a guess that was made, or an entry without content.

    Attributes:
        file, line, message: as those of a problem.
        is_of_guess: whether it says which columns are guessed, as no header names them.
    """

    file: Path
    line: int
    message: str
    is_of_guess: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the format has and training does not use, as synonyms or responses."""

    file: Path
    line: int
    what: str
    count: int = 1


Entry = Example | Problem | Note | LeftOut


def is_filled(value: object) -> bool:
    """Return whether a value is a text that is not blank and valid Unicode."""
    return isinstance(value, str) and bool(value.strip()) and not _SURROGATE.search(value)


def entry_of(
    text: object, intent: object, file: Path, line: int, part: str = TRAIN
) -> Example | Problem:
    """Return an example, or the problem that a text or an intent is missing or unusable."""
    missing = [name for name, value in (("text", text), ("intent", intent)) if not is_filled(value)]
    if isinstance(intent, list) and intent:
        names = ", ".join(map(str, intent))
        message = f"has several intents: {names}; an utterance has one intent"
        return Problem(file, line, message, UNREADABLE)
    if missing:
        return Problem(file, line, f"no {' and no '.join(missing)}", UNREADABLE)
    label = str(intent).strip()
    if _CONTROL.search(label):
        return Problem(file, line, f"the intent {label!r} holds a control character", BAD_NAMES)
    return Example(str(text).strip(), label, file, line, part)
