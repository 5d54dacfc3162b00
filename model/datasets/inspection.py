"""Survey data of any format and size, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from model.datasets.documents.document import ReadOptions
from model.datasets.entry import Entry
from model.datasets.formats.tabular import DELIMITED
from model.datasets.large_table import can_be_cut, survey_table
from model.datasets.parts import files_of, left_out_beside
from model.datasets.reading.recognition import Readable, entries_of
from model.datasets.reading.selection import select
from model.datasets.survey import Survey
from model.errors import DataError, Problem

# Larger tables are counted by several processes, which take a moment to start.
LARGE_BYTES = 4 * 1024 * 1024
STEP = 1_000

# Receives the bytes and the entries that were read since the last call.
Progress = Callable[[int, int], None]


def inspect(path: Path, options: ReadOptions, progress: Progress) -> tuple[tuple[str, ...], Survey]:
    """Return the titles of the formats in a file, a folder or an archive, and their survey."""
    survey, formats = Survey(options), dict[str, None]()
    _add_all(survey, (), left_out_beside(path))
    for file, part in files_of(path).items():
        try:
            found = select(file, options)
        except DataError as error:
            _add_all(survey, error.problems, ())
            continue
        before = survey.rows
        for each in found.readable:
            formats[each.format.title] = None
            _survey(survey, each, progress, part)
        _add_all(survey, found.problems, found.notes)
        if survey.rows == before and not (survey.problems.kept or survey.described):
            survey.problems.append(Problem(file, 0, "holds no utterances"))
    for remark in survey.collector.left_out():
        survey.notes.append(remark)
    return tuple(formats), survey


def size_of(path: Path) -> int:
    """Return the bytes of a file or of all files of a folder."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size if path.exists() else 0


def _add_all(survey: Survey, problems: Iterable[Problem], notes: Iterable[Problem]) -> None:
    for problem in problems:
        survey.problems.append(problem)
    for note in notes:
        survey.notes.append(note)


def _survey(survey: Survey, readable: Readable, progress: Progress, part: str | None) -> None:
    document, found, own = readable
    is_file = document.archived is None
    size = document.path.stat().st_size if is_file else 0
    try:
        if found == DELIMITED and size >= LARGE_BYTES and can_be_cut(document):
            survey_table(survey, document, lambda count: progress(count, 0), part or own)
            return
    except DataError as error:
        _add_all(survey, error.problems, ())
        return
    survey.add_entries(_counted(entries_of(readable), progress), part)
    progress(size, 0)


def _counted(entries: Iterable[Entry], progress: Progress) -> Iterator[Entry]:
    for number, entry in enumerate(entries, 1):
        yield entry
        if number % STEP == 0:
            progress(0, STEP)
