"""Select the files of a folder or an archive that are training data, and their parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

from model.datasets.collection import VALIDATION, documents_of, part_of, parts_by_name
from model.datasets.documents.archives import ARCHIVES, OTHER_DATA
from model.datasets.documents.document import Document, ReadOptions
from model.datasets.entry import TRAIN, Example, Note
from model.datasets.format import Format
from model.datasets.formats.described import DESCRIBED
from model.datasets.formats.intents_json import INTENTS_JSON, is_by_name
from model.datasets.formats.tabular import DELIMITED, is_recognised_by_tabs
from model.datasets.reading.recognition import (
    OF_ANY_INTENT,
    OF_ONE_INTENT,
    Readable,
    entries_of,
    format_of,
    recognise,
    unknown,
)
from model.errors import DataError, Problem

README = "readme"  # may show how data looks
MAX_ROWS_TRIED = 100  # to find out whether a table holds utterances
UNREAD = ARCHIVES + OTHER_DATA
WITHOUT_HEADER = (
    "has no header with usual names, unlike other files: put one above its rows, move the file "
    "away if it holds other data, or choose the columns of all files by number: --text-column, "
    "--intent-column"
)


@dataclass(frozen=True, slots=True)
class Selection:
    """The files of a path, by their formats.

    Attributes:
        readable: the files that are read.
        problems: of files that look like data and can't be read.
        notes: on files that are left out.
    """

    readable: tuple[Readable, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


def select(path: Path, options: ReadOptions) -> Selection:
    """Select the files of a path that are read.

    Raises:
        DataError: no file is of a known format.
    """
    documents, is_collection = documents_of(path, options)
    if not is_collection:
        return Selection((Readable(documents[0], format_of(documents[0])),))
    recognised, other, problems = _recognised(documents)
    readable = _most_likely(recognised)
    paths = {each.document.path for each in readable}
    other += [each.document for each in recognised if each.document.path not in paths]
    if not readable and not problems:
        raise DataError([unknown(path, [each.path.name for each in documents])])
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
    return Selection(tuple(readable), tuple(problems), tuple(notes))


def _recognised(
    documents: Iterable[Document],
) -> tuple[list[Readable], list[Document], list[Problem]]:
    """Return the files of known formats, the others, and the problems of those that are broken."""
    readable: list[Readable] = []
    other: list[Document] = []
    problems: list[Problem] = []
    for document in documents:
        try:
            found = None if document.suffix in UNREAD else recognise(document)
        except DataError as error:
            problems += error.problems
            continue
        if found:
            readable.append(Readable(document, found))
        else:
            other.append(document)
    return readable, other, problems


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


def names_below(path: Path, files: Iterable[Path]) -> str:
    """Return the names of a folder's files in one line: of the first five, and a number."""
    names = [str(file.relative_to(path)) for file in files]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""  # noqa: PLR2004
    return f"{', '.join(names[:5])}{more}"
