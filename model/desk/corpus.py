"""A file of labelled utterances that is edited line by line and written atomically."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from model.atomic_files import mode_of, write_atomically
from model.datasets.dataset import normalised
from model.datasets.documents.document import ReadOptions
from model.datasets.entry import entry_of
from model.datasets.records import Record, Utterance, head_of, parse
from model.desk.errors import ChangedOutsideError, DecisionError
from model.errors import DataError, Problem

# New records by their numbers; None deletes a record.
Edits = Mapping[int, Record | None]


class Corpus:
    """The utterances of a CSV or JSONL file.

    An edit changes the lines of its utterances; all other bytes stay as they are.

    Attributes:
        path: the file, with symbolic links resolved.
    """

    def __init__(self, path: Path, options: ReadOptions = ReadOptions()) -> None:
        """Read a file, which need not exist yet.

        Raises:
            DataError: the file can't be read or edited.
        """
        self.path = path.resolve()
        self._seen = _stamp(self.path)
        content = _content(self.path)
        self._is_new = content is None
        self._digest = None if content is None else _digest(content)
        self._head = head_of(self.path)
        existing = self._head if content is None else content
        self._format, records = parse(self.path, existing, options)
        self._records: list[Record | None] = [*records]
        # Dictionaries serve as ordered sets.
        self._by_intent: dict[str, dict[int, None]] = defaultdict(dict)
        self._by_text: dict[str, dict[int, None]] = defaultdict(dict)
        for number, record in enumerate(records):
            self._index(number, record)

    def __contains__(self, utterance: Utterance) -> bool:
        """Return whether the file holds a text with this intent."""
        return bool(self._numbers_of(utterance))

    @property
    def size(self) -> int:
        """The number of utterances."""
        return sum(map(len, self._by_intent.values()))

    @property
    def counts(self) -> dict[str, int]:
        """The number of utterances of each intent."""
        return {intent: len(numbers) for intent, numbers in self._by_intent.items() if numbers}

    def count(self, intent: str) -> int:
        """Return the number of utterances of an intent."""
        return len(self._by_intent.get(intent, ()))

    @property
    def has_changed_outside(self) -> bool:
        """Return whether another program has written the file since it was read."""
        stamp = _stamp(self.path)
        if stamp == self._seen:
            return False
        if self._current_digest() != self._digest:
            return True
        self._seen = stamp
        return False

    def utterances_of(self, text: str) -> list[Utterance]:
        """Return the utterances of a text, ignoring case and spaces."""
        return [*self._utterances(self._by_text.get(normalised(text), ()))]

    def select(self, intent: str | None = None, search: str = "") -> Iterator[Utterance]:
        """Return the utterances of one intent, or of all, whose texts contain `search`."""
        everything: Iterable[int] = range(len(self._records))
        numbers = everything if intent is None else sorted(self._by_intent.get(intent, ()))
        wanted = normalised(search)
        for each in self._utterances(numbers):
            if not wanted or wanted in normalised(each.text):
                yield each

    def contradictions(self) -> Iterator[list[Utterance]]:
        """Return the utterances of each text that has several intents."""
        repeated = (numbers for numbers in self._by_text.values() if len(numbers) > 1)
        for same in map(dict.fromkeys, map(self._utterances, repeated)):
            if len({each.intent for each in same}) > 1:
                yield [*same]

    def replacing(self, utterance: Utterance, new: Utterance | None) -> dict[int, Record | None]:
        """Return the edits that replace all records of an utterance, or delete them.

        Raises:
            DecisionError: the utterance is not in the file, or the new one is not valid.
        """
        numbers = self._numbers_of(utterance)
        if not numbers:
            raise DecisionError("The file does not hold this utterance any more")
        if new is None:
            return dict.fromkeys(numbers)
        checked = self._checked(new)
        return {
            number: Record(self._format.edited(record.raw, checked), checked)
            for number in numbers
            if (record := self._records[number])
        }

    def appending(self, utterances: Sequence[Utterance]) -> dict[int, Record | None]:
        """Return the edits that add utterances at the end.

        Raises:
            DecisionError: an utterance is not valid.
        """
        edits: dict[int, Record | None] = {}
        last, record = next(
            ((n, each) for n, each in reversed([*enumerate(self._records)]) if each), (0, None)
        )
        if record and not record.raw.endswith(b"\n"):
            edits[last] = Record(record.raw + b"\n", record.utterance)
        for number, each in enumerate(map(self._checked, utterances), len(self._records)):
            edits[number] = Record(self._format.created(each), each)
        return edits

    def apply(self, edits: Edits) -> dict[int, Record | None]:
        """Write edits to the file, and return those that undo them.

        Raises:
            ChangedOutsideError: another program has changed the file; it stays as it is.
            OSError: the file can't be written; it stays as it is.
        """
        if self._current_digest() != self._digest:
            raise ChangedOutsideError(self.path)
        records = [*self._records, *[None] * (max(edits, default=0) + 1 - len(self._records))]
        inverse = {number: records[number] for number in edits}
        for number, record in edits.items():
            records[number] = record
        content = b"".join(each.raw for each in records if each)
        self._write(content)
        self._records = records
        for number, record in edits.items():
            self._remove_from_index(number, inverse[number])
            self._index(number, record)
        return inverse

    def _write(self, content: bytes) -> None:
        if self._is_new and content == self._head:  # training refuses a file without utterances
            self.path.unlink(missing_ok=True)
            self._digest = None
        else:
            write_atomically(self.path, content, mode_of(self.path))
            self._digest = _digest(content)
        self._seen = _stamp(self.path)

    def _current_digest(self) -> str | None:
        try:
            return _digest(self.path.read_bytes())
        except OSError:
            return None

    def _numbers_of(self, utterance: Utterance) -> list[int]:
        same = self._by_text.get(normalised(utterance.text), ())
        return [
            number
            for number in same
            if (record := self._records[number]) and record.utterance == utterance
        ]

    def _utterances(self, numbers: Iterable[int]) -> Iterator[Utterance]:
        for number in numbers:
            record = self._records[number]
            if record and record.utterance:
                yield record.utterance

    def _checked(self, utterance: Utterance) -> Utterance:
        entry = entry_of(utterance.text, utterance.intent, self.path, 0)
        if isinstance(entry, Problem):
            raise DecisionError(f"The utterance can't be written: {entry.message}")
        return Utterance(entry.text, entry.intent)

    def _index(self, number: int, record: Record | None) -> None:
        if record and record.utterance:
            self._by_text[normalised(record.utterance.text)][number] = None
            self._by_intent[record.utterance.intent][number] = None

    def _remove_from_index(self, number: int, record: Record | None) -> None:
        if record and record.utterance:
            del self._by_text[normalised(record.utterance.text)][number]
            del self._by_intent[record.utterance.intent][number]


def _content(path: Path) -> bytes | None:
    """Return a file's bytes; None if it does not exist."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError.at(path, "can't be read") from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return values of which at least one changes whenever the file is written."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
