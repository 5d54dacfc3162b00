"""Recognise the format of a file of training data, and read its entries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from model.datasets.collection import entry_within
from model.datasets.documents.archives import ARCHIVES, OTHER_DATA, SUFFIXES
from model.datasets.documents.document import Document
from model.datasets.entry import TRAIN, Entry
from model.datasets.format import Format
from model.datasets.formats.amazon import AMAZON
from model.datasets.formats.botpress import BOTPRESS
from model.datasets.formats.clinc150 import CLINC150
from model.datasets.formats.described import DESCRIBED
from model.datasets.formats.dialogflow import DIALOGFLOW
from model.datasets.formats.home_assistant import HOME_ASSISTANT
from model.datasets.formats.intents_json import INTENTS_JSON
from model.datasets.formats.label_studio import LABEL_STUDIO
from model.datasets.formats.lines.fasttext import FASTTEXT
from model.datasets.formats.lines.intent_files import INTENT_FILES
from model.datasets.formats.lines.slot_filling import SLOT_FILLING
from model.datasets.formats.microsoft import BOT_FRAMEWORK, MICROSOFT
from model.datasets.formats.rasa.legacy import RASA_JSON, RASA_MARKDOWN
from model.datasets.formats.rasa.nlu_yaml import RASA_YAML
from model.datasets.formats.records import RECORDS
from model.datasets.formats.semantic_router import SEMANTIC_ROUTER
from model.datasets.formats.snips import SNIPS
from model.datasets.formats.tabular import (
    DELIMITED,
    JSON_LINES,
    PARQUET,
    SPREADSHEET,
    TABLES,
)
from model.datasets.formats.watson import WATSON
from model.errors import DataError, Problem
from model.tables.encoding import decode_text

# In the order in which they are tried: special shapes before general ones.
FORMATS: Sequence[Format] = (
    *(PARQUET, SPREADSHEET, JSON_LINES, BOT_FRAMEWORK, INTENT_FILES, FASTTEXT, SLOT_FILLING),
    *(RASA_YAML, RASA_JSON, CLINC150, WATSON, SEMANTIC_ROUTER, MICROSOFT, AMAZON, DIALOGFLOW),
    *(LABEL_STUDIO, HOME_ASSISTANT, DESCRIBED, SNIPS, BOTPRESS, INTENTS_JSON, RECORDS),
    *(RASA_MARKDOWN, DELIMITED),
)
# Their files hold texts of any intents, so that a name such as test is that of a part.
OF_ANY_INTENT = (*TABLES, RECORDS, FASTTEXT, SLOT_FILLING)
# Their files are named by intents, and so may be called train and test.
OF_ONE_INTENT = (INTENT_FILES, AMAZON, DIALOGFLOW, BOTPRESS)
POINTER = b"version https://git-lfs.github.com/spec/"
UTF32 = re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0\0\0|\0\0\0[^\0]")
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".tab", ".psv", "")


class Readable(NamedTuple):
    """A file that is read.

    Attributes:
        document: the file.
        format: its format.
        part: of the data set, by its name within a folder or an archive.
    """

    document: Document
    format: Format
    part: str = TRAIN


def format_of(document: Document) -> Format:
    """Return the format of a file that is read alone.

    Raises:
        DataError: it is empty, can't be read, or is of no known format.
    """
    name = document.options.format
    if not decode_text(document.head)[0].strip():
        raise DataError.at(document.path, "is empty")
    if name is not None:
        return next(each for each in FORMATS if each.name == name)
    found = recognise(document)
    if found is None and document.suffix in OTHER_DATA:
        remedy = "export the data as CSV, JSONL, Parquet or Excel"
        raise DataError.at(document.path, f"{document.suffix} files are not read; {remedy}")
    if found is None:
        raise DataError([unknown(document.path, _keys(document))])
    return found


def recognise(document: Document) -> Format | None:
    """Return the format of a file, or None if it is of no known one.

    Raises:
        DataError: it can't be read.
    """
    wanted = document.options.format
    if document.head.startswith(POINTER):
        raise DataError.at(document.path, "is a pointer of Git LFS; git lfs pull gets the file")
    if UTF32.match(document.head):
        raise DataError.at(document.path, "is in UTF-32; save the file as UTF-8")
    for each in FORMATS:
        if wanted not in {None, each.name}:
            continue
        try:
            if each.recognises(document):
                return each
        except DataError:
            if document.suffix not in TABLE_SUFFIXES:
                raise
    return None


def entries_of(readable: Readable) -> Iterator[Entry]:
    """Yield the entries of a file; one that can't be read as a whole is a problem."""
    document, found, part = readable
    yield from (entry_within(part, each) for each in _entries(document, found))


def _entries(document: Document, found: Format) -> Iterator[Entry]:
    try:
        if found not in TABLES:
            yield from document.notes()
        yield from found.read(document)
    except DataError as error:
        yield from error.problems
    yield from document.problems


def unknown(path: Path, names: Sequence[str]) -> Problem:
    """Return the problem of a path without training data; ``names`` are of what it holds."""
    if names:
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")  # noqa: PLR2004
        seen = f"holds no training data that is recognised, but {shown}"
        if any(name.lower().endswith(ARCHIVES) for name in names):
            seen += "; archives and compressed files are read by themselves: name or unpack one"
        if all(name.endswith(".txt") for name in names):
            seen += "; files with an intent's utterances, a line each, are read as NAME.intent"
    elif path.is_dir():
        seen = f"holds no files with a suffix of data ({', '.join(SUFFIXES)})"
    else:
        seen = "is in no format that is recognised"
    titles = ", ".join(dict.fromkeys(each.title for each in FORMATS))
    names_of_formats = ", ".join(each.name for each in FORMATS)
    message = f"{seen}; formats are {titles}; --format insists on one of {names_of_formats}"
    return Problem(path, 0, message)


def _keys(document: Document) -> list[str]:
    """Return the keys at the top of a JSON or YAML file, as a hint at its format."""
    try:
        data = document.data
    except DataError:
        return []
    first = data[0] if isinstance(data, list) and data else data
    return [f"the key {key}" for key in first] if isinstance(first, dict) else []
