"""Read training data in any of the known formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import NamedTuple

from model.datasets.collection import (
    VALIDATION,
    documents_of,
    entry_within,
    part_of,
    parts_by_name,
)
from model.datasets.collector import Collector
from model.datasets.documents.archives import ARCHIVES, OTHER_DATA, SUFFIXES
from model.datasets.documents.document import Document, ReadOptions
from model.datasets.entry import DESCRIPTION, TRAIN, Entry, Example, Note, is_filled
from model.datasets.format import Format
from model.datasets.formats.amazon import AMAZON
from model.datasets.formats.botpress import BOTPRESS
from model.datasets.formats.clinc150 import CLINC150
from model.datasets.formats.described import DESCRIBED
from model.datasets.formats.dialogflow import DIALOGFLOW
from model.datasets.formats.home_assistant import HOME_ASSISTANT
from model.datasets.formats.intents_json import INTENTS_JSON, is_by_name
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
    is_recognised_by_tabs,
)
from model.datasets.formats.watson import WATSON
from model.errors import DataError, Problem
from model.tables.encoding import decode_text

__all__ = ["COLUMNS", "Example", "ReadOptions", "is_filled", "read", "read_examples", "read_text"]

COLUMNS = ("text", "intent")
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
README = "readme"  # may show how data looks
MAX_ROWS_TRIED = 100  # to find out whether a table holds utterances
UNREAD = ARCHIVES + OTHER_DATA
WITHOUT_HEADER = (
    "has no header with usual names, unlike other files: put one above its rows, move the file "
    "away if it holds other data, or choose the columns of all files by number: --text-column, "
    "--intent-column"
)
POINTER = b"version https://git-lfs.github.com/spec/"
UTF32 = re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff|[^\0]\0\0\0|\0\0\0[^\0]")
TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".tab", ".psv", "")


@dataclass(frozen=True, slots=True)
class Reading:
    """The content of a file, a folder or an archive.

    Attributes:
        formats: the titles of the formats that were found.
        examples: the utterances, in the order of the files.
        problems: entries that can't be read.
        notes: guesses, and entries that were left out.
        descriptions: the descriptions of intents.
    """

    formats: tuple[str, ...]
    examples: tuple[Example, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    descriptions: tuple[Example, ...] = ()


def read(path: Path, options: ReadOptions = ReadOptions()) -> Reading:
    """Read a file, a folder or an archive.

    Args:
        path: data in one of ``FORMATS``; of several files, each that is recognised is read.
        options: how to read it.

    Raises:
        DataError: nothing is readable as a whole.
    """
    found = recognise_all(path, options)
    examples: list[Example] = []
    problems, notes = list(found.problems), list(found.notes)
    collector = Collector(options, examples.append, problems.append, notes.append)
    for each in found.readable:
        for entry in entries_of(each):
            collector.add(entry)
    formats = dict.fromkeys(each.format.title for each in found.readable)
    notes += collector.left_out()
    utterances = tuple(each for each in examples if each.part != DESCRIPTION)
    descriptions = tuple(each for each in examples if each.part == DESCRIPTION)
    return Reading(tuple(formats), utterances, tuple(problems), tuple(notes), descriptions)


def read_examples(path: Path, options: ReadOptions = ReadOptions()) -> list[Example]:
    """Return the utterances of a file, in its order, without notes.

    Raises:
        DataError: it can't be read, holds no utterances, or has entries that can't be read; every
            problem is named.
    """
    reading = read(path, options)
    problems = reading.problems
    if not reading.examples and not problems:
        problems = (Problem(path, 0, "holds no utterances"),)
    if problems:
        raise DataError(problems, reading.notes)
    return list(reading.examples)


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


@dataclass(frozen=True, slots=True)
class Recognised:
    """The files of a path, by their formats.

    Attributes:
        readable: the files that are read.
        problems: of files that look like data and can't be read.
        notes: on files that are left out.
    """

    readable: tuple[Readable, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


def recognise_all(path: Path, options: ReadOptions) -> Recognised:
    """Return the files of a path with their formats.

    Raises:
        DataError: no file is of a known format.
    """
    documents, is_collection = documents_of(path, options)
    if not is_collection:
        return Recognised((Readable(documents[0], _format_of(documents[0])),))
    readable: list[Readable] = []
    problems: list[Problem] = []
    other: list[Document] = []
    for document in documents:
        try:
            found = None if document.suffix in UNREAD else _recognise(document)
        except DataError as error:
            problems += error.problems
            continue
        if found:
            readable.append(Readable(document, found))
        else:
            other.append(document)
    kept = _most_likely(readable)
    paths = {each.document.path for each in kept}
    other += [each.document for each in readable if each.document.path not in paths]
    readable = kept
    if not readable and not problems:
        raise DataError([_unknown(path, [each.path.name for each in documents])])
    problems += _unread_train(path, readable, other)
    readable, beside = _by_parts(path, readable)
    problems += _without_header(readable)
    archives = [document for document in other if document.suffix in ARCHIVES]
    rest = [document for document in other if document.suffix not in ARCHIVES]
    parts = dict.fromkeys(each.part for each in readable if each.part != TRAIN)
    notes = [
        Problem(path, 0, f"{what}: {names_below(path, (each.path for each in documents))}")
        for what, documents in (
            ("left out, as no training data", rest),
            ("left out, as archives are read by themselves only", archives),
            ("left out beside training texts", beside),
            *((f"read as {part}", _documents(readable, part)) for part in parts),
        )
        if documents
    ]
    return Recognised(tuple(readable), tuple(problems), tuple(notes))


def _unread_train(
    path: Path, readable: Iterable[Readable], other: Iterable[Document]
) -> Iterator[Problem]:
    """Yield the problem of each file of training texts that is not read, if none is.

    Other parts would be trained on. A file such as ``train.txt`` may be something else where others
    name no part.
    """
    read_files = [each.document.path.relative_to(path) for each in readable]
    other_files = {each.path.relative_to(path): each for each in other}
    parts = parts_by_name([*read_files, *other_files])
    train = {file for file, part in parts.items() if part == TRAIN or _is_train(file)}
    if not train.isdisjoint(read_files):
        return
    is_beside_data = any(parts[file] is None for file in read_files)
    for document in (other_files[file] for file in sorted(train)):
        if document.suffix in UNREAD or not is_beside_data:
            message = f"is named {TRAIN}, and is not read: unpack it, convert it, or move it away"
            yield Problem(document.path, 0, message)


def _is_train(file: Path) -> bool:
    return part_of(Path(file.name.partition(".")[0])) == TRAIN


def _most_likely(readable: list[Readable]) -> list[Readable]:
    """Return the files of the kind that is most likely training data of those that are there.

    These kinds are, in order: exports; tables and records; lists by names, which also hold synonyms
    or labels; and lines with a tab, which also hold vocabularies. Tables without utterances, as of
    customers, come after lists, and a README after all. Intents with descriptions are read beside
    exports, and beside tables of utterances.
    """
    data = [each for each in readable if each.document.path.stem.casefold() != README]
    exports: list[Readable] = []
    tables: list[Readable] = []
    lists: list[Readable] = []
    described: list[Readable] = []
    tabbed: list[Readable] = []
    for each in data or readable:
        if each.format == DELIMITED and is_recognised_by_tabs(each.document):
            tabbed.append(each)
        elif each.format in OF_ANY_INTENT:
            tables.append(each)
        elif each.format == INTENTS_JSON and is_by_name(each.document):
            lists.append(each)
        elif each.format == DESCRIBED:
            described.append(each)
        else:
            exports.append(each)
    if (described or lists) and not exports and not any(map(_has_utterances, tables)):
        return described or lists
    return described + (exports or tables or tabbed)


def _has_utterances(table: Readable) -> bool:
    """Return whether one of the first rows is an utterance with an intent."""
    first = islice(entries_of(table), MAX_ROWS_TRIED)
    return any(isinstance(entry, Example) for entry in first)


def _without_header(readable: Iterable[Readable]) -> Iterator[Problem]:
    """Yield the problem of each table without a header where others have one.

    Its columns would be guessed, and it may hold other data, as the names of labels.
    """
    trained = [each for each in readable if each.part == TRAIN and each.format in OF_ANY_INTENT]
    guessed = [each.document.path for each in trained if len(trained) > 1 and _is_guessed(each)]
    if len(guessed) < len(trained):
        for file in guessed:
            yield Problem(file, 0, WITHOUT_HEADER)


def _is_guessed(table: Readable) -> bool:
    notes = takewhile(lambda entry: isinstance(entry, Note), entries_of(table))
    return any(isinstance(note, Note) and note.is_of_guess for note in notes)


def _by_parts(path: Path, readable: list[Readable]) -> tuple[list[Readable], list[Document]]:
    """Return the files with their parts, and those that are left out beside training texts.

    Beside a file ``train``, these are validation texts and files that name no part; otherwise
    validation texts alone. Without any training texts, all files are read as such.
    """
    parts = _parts_by_name(path, readable)
    unused = {None, VALIDATION} if TRAIN in parts.values() else {VALIDATION}
    named = [(each, parts.get(each.document.path, TRAIN)) for each in readable]
    if not any(part in {TRAIN, None} for _, part in named):
        return readable, []
    beside = [each.document for each, part in named if part in unused]
    return [each._replace(part=part or TRAIN) for each, part in named if part not in unused], beside


def _parts_by_name(path: Path, readable: list[Readable]) -> dict[Path, str | None]:
    """Return the part that the name of each file is, or None, in formats where names count.

    In formats that may have a file for each intent, they count if train and another are there.
    """
    names: dict[Format, dict[Path, str | None]] = {}
    part_names = parts_by_name([each.document.path.relative_to(path) for each in readable])
    for document, found, _ in readable:
        names.setdefault(found, {})[document.path] = part_names[document.path.relative_to(path)]
    return {
        file: part
        for found, parts in names.items()
        if found in OF_ANY_INTENT
        or (found not in OF_ONE_INTENT and {TRAIN} < {*parts.values()} - {None})
        for file, part in parts.items()
    }


def _documents(readable: Iterable[Readable], part: str) -> list[Document]:
    return [each.document for each in readable if each.part == part]


def _format_of(document: Document) -> Format:
    name = document.options.format
    if not decode_text(document.head)[0].strip():
        raise DataError.at(document.path, "is empty")
    if name is not None:
        return next(each for each in FORMATS if each.name == name)
    found = _recognise(document)
    if found is None and document.suffix in OTHER_DATA:
        remedy = "export the data as CSV, JSONL, Parquet or Excel"
        raise DataError.at(document.path, f"{document.suffix} files are not read; {remedy}")
    if found is None:
        raise DataError([_unknown(document.path, _keys(document))])
    return found


def _recognise(document: Document) -> Format | None:
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


def _unknown(path: Path, names: Sequence[str]) -> Problem:
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


def names_below(path: Path, files: Iterable[Path]) -> str:
    """Return the names of a folder's files in one line: of the first five, and a number."""
    names = [str(file.relative_to(path)) for file in files]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""  # noqa: PLR2004
    return f"{', '.join(names[:5])}{more}"


def read_text(path: Path) -> str:
    """Return a file's text, in UTF-8 or another known encoding.

    Raises:
        DataError: it can't be read, or mixes encodings.
    """
    return Document(path).text
