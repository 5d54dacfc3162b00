"""A file to read: on the disk, or within a folder or an archive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from model.datasets.documents.json_document import parse_json
from model.datasets.documents.yaml_document import Node, compose_yaml, to_value
from model.datasets.entry import Note
from model.errors import DataError, Problem
from model.tables.encoding import Encoding, decode_text

HEAD_BYTES = 65_536
YAML_SUFFIXES = (".yml", ".yaml")
# Of JSON, YAML and Markdown, which are read at once and take up to twenty times their size.
MAX_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read data.

    Attributes:
        format: the name of the format to insist on; None to recognise it.
        text_column, intent_column: names or numbers of a table's columns; None for usual names.
        sheet: of a spreadsheet; None for the first one with cells.
        out_of_scope_intents: intents whose utterances are out-of-scope examples.
        leave_out_unreadable: whether entries that can't be read are left out with a warning.
        min_utterances: intents with fewer utterances are left out of a data set.
    """

    format: str | None = None
    text_column: str | None = None
    intent_column: str | None = None
    sheet: str | None = None
    out_of_scope_intents: Sequence[str] = ()
    leave_out_unreadable: bool = False
    min_utterances: int = 1


@dataclass(frozen=True)
class Document:
    """A file, and the files beside it.

    Attributes:
        path: its name; within an archive it continues the archive's.
        options: how to read it.
        archived: the content of each file of the archive that it is in.
    """

    path: Path
    options: ReadOptions = ReadOptions()
    archived: Mapping[Path, bytes] | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def suffix(self) -> str:
        """The name's suffix in lower case."""
        return self.path.suffix.lower()

    @cached_property
    def head(self) -> bytes:
        """The first bytes."""
        if self.archived is not None:
            return self.archived[self.path][:HEAD_BYTES]
        with self._read_errors(), self.path.open("rb") as file:
            return file.read(HEAD_BYTES)

    @cached_property
    def content(self) -> bytes:
        """The whole file."""
        if self.archived is not None:
            return self.archived[self.path]
        with self._read_errors():
            return self.path.read_bytes()

    @contextmanager
    def _read_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError.at(self.path, f"can't be read: {error.strerror}") from error

    @cached_property
    def text(self) -> str:
        """The whole file's text.

        Raises:
            DataError: it can't be read, is too large, or mixes UTF-8 with other bytes.
        """
        text, encoding = self._decoded
        if found := re.search("[\ud800-\udfff]", text):
            line = text.count("\n", 0, found.start()) + 1
            raise DataError.at(self.path, "is not UTF-8; save the file as UTF-8", line=line)
        return text.replace("\r", "\n") if encoding.has_bare_returns else text

    @cached_property
    def _decoded(self) -> tuple[str, Encoding]:
        with self._read_errors():
            size = len(self.content) if self.archived is not None else self.path.stat().st_size
        if size > MAX_BYTES:
            message = (
                f"is larger than {MAX_BYTES >> 20} MiB; split it, or convert it to JSONL or CSV, "
                "which are read row by row"
            )
            raise DataError.at(self.path, message)
        return decode_text(self.content)

    def notes(self) -> list[Note]:
        """Return the notes on the file's encoding.

        Raises:
            DataError: it can't be read, or is too large.
        """
        note = self._decoded[1].note
        return [Note(self.path, 0, note)] if note else []

    @property
    def looks_like_json(self) -> bool:
        """Return whether the first character is that of a JSON object or list."""
        return decode_text(self.head)[0].lstrip()[:1] in {"{", "["}

    @property
    def looks_like_yaml(self) -> bool:
        """Return whether the name or the first lines are those of YAML."""
        return self.suffix in YAML_SUFFIXES or bool(_YAML.search(decode_text(self.head)[0]))

    @cached_property
    def data(self) -> Any:
        """The file's JSON or YAML value; None for other files.

        Raises:
            DataError: the file looks like JSON or YAML, and is not.
        """
        if self.looks_like_json and self.suffix not in YAML_SUFFIXES:
            value, problems = parse_json(self.text, self.path)
        elif self.looks_like_yaml:
            values = [to_value(root, self.path) for root in self.yaml_roots]
            problems = [problem for _, found in values for problem in found]
            value = values[0][0] if len(values) == 1 else [each for each, _ in values]
        else:
            return None
        self.problems.extend(problems)
        return value

    @cached_property
    def yaml_roots(self) -> list[Node]:
        """The root of each document in a YAML file."""
        return compose_yaml(self.text, self.path)

    def beside(self, relative: str) -> Document | None:
        """Return another file by its path from this one's folder; None if there is none."""
        path = self.path.parent / relative
        if ".." in path.parts:
            path = self.path.parent.parent / Path(relative).name
        exists = path in self.archived if self.archived is not None else path.is_file()
        return Document(path, self.options, self.archived) if exists else None


_YAML = re.compile(r"^(nlu:|routes:|type: *intent\b|version: *[\"']?[23]\.\d)", re.MULTILINE)
