"""Survey a large text table on all cores: blocks of whole rows, each counted by a process."""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, BinaryIO

from model.datasets.documents.document import Document
from model.datasets.entry import TRAIN, Example, Note, entry_of
from model.datasets.formats.label_names import cell_label, label_names
from model.datasets.formats.row_parts import RowParts, names_by_row
from model.datasets.formats.table_columns import Columns
from model.datasets.formats.tabular import table_columns
from model.datasets.survey import ALL_HASHES, Batch, FirstProblems, Survey
from model.errors import Problem
from model.inference.prediction import OUT_OF_SCOPE
from model.tables.delimited_rows import DelimitedRows, has_spaced_quote
from model.tables.encoding import detect_encoding
from model.tables.header import HeaderRules
from model.tables.line_reader import MAX_RECORD, Lines

BLOCK_BYTES = 4 * 1024 * 1024

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Task:
    """The parameters of counting a block.

    Attributes:
        path: the file.
        header: its first line; empty for a table without a header.
        delimiter: of its cells.
        width: cells in a row.
        columns: of the text and the intent.
        rules: to read the header again where rows have to be named.
        part: the part of the data set.
        names: the intents of labels that have another name.
        out_of_scope: labels of out-of-scope texts, without case.
    """

    path: Path
    header: bytes
    delimiter: str
    width: int
    columns: Columns
    rules: HeaderRules
    part: str = TRAIN
    names: Mapping[str, str] = field(default_factory=dict)
    out_of_scope: Collection[str] = ()

    def intent_of(self, cell: str) -> Any:
        """Return the intent in a cell; of several ones, a list."""
        intent = self.columns.label or cell_label(cell, self.names)
        is_text = isinstance(intent, str)
        return OUT_OF_SCOPE if is_text and intent.casefold() in self.out_of_scope else intent


def can_be_cut(document: Document) -> bool:
    """Return whether a table can be read in blocks.

    It is on the disk, in UTF-8 with line breaks, and no column names the part of each row.

    Raises:
        DataError: the header can't be read, or lacks a column.
    """
    if document.archived is not None:
        return False
    with document.path.open("rb") as file:
        if not detect_encoding(file).is_plain:
            return False
        rows, columns = table_columns(document, Lines(file))
        names = rows.columns or names_by_row(rows.first)
        return not RowParts(document.path, names, columns).places


def survey_table(survey: Survey, document: Document, progress: Progress, part: str = TRAIN) -> None:
    """Add the numbers of a table that can be cut to a survey.

    ``progress`` is called with the bytes that were counted.

    Raises:
        DataError: the header can't be read, or lacks a column.
    """
    with document.path.open("rb") as file:
        task, start = _task(document, file, part)
        if task.columns.note:
            survey.add_entries([Note(document.path, 1, task.columns.note)])
        file.seek(start.offset)
        first_line = start.line
        for result in _counted(task, _blocks(file), lambda: survey.texts.limit):
            progress(result.size)
            survey.add_batch(result.batch, document.path, first_line)
            survey.add_problems(result.problems, first_line)
            first_line += result.lines


def _task(document: Document, file: BinaryIO, part: str) -> tuple[Task, Lines]:
    lines = Lines(file)
    rows, columns = table_columns(document, lines)
    header = rows.header.encode() if rows.columns is not None else b""
    rules = HeaderRules((rows.columns or [])[:1], has_header=rows.columns is not None)
    names = label_names(document, rows.columns[columns.intent] if rows.columns else "")
    out_of_scope = [name.casefold() for name in document.options.out_of_scope_intents]
    task = Task(
        document.path,
        *(header, rows.delimiter, rows.width, columns, rules, part, names, out_of_scope),
    )
    return task, lines


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield blocks that end with a row: behind a line break with an even number of quotes."""
    rest = b""
    while block := file.read(BLOCK_BYTES):
        block = rest + block
        end = _last_row_end(block)
        # A quote that never closes must not collect the whole file.
        if end < 0 and len(block) > BLOCK_BYTES + MAX_RECORD:
            end = block.rfind(b"\n")
        rest = block[end + 1 :]
        if end >= 0:
            yield block[: end + 1]
    if rest:
        yield rest


def _last_row_end(block: bytes) -> int:
    """Return the offset of the last line break with an even number of quotes before it, or -1."""
    end, quotes = len(block), block.count(b'"')
    while True:
        before = block.rfind(b"\n", 0, end)
        quotes -= block.count(b'"', max(before, 0), end)
        if before < 0 or quotes % 2 == 0:
            return before
        end = before


@dataclass(frozen=True, slots=True)
class Result:
    """The numbers of a block, with its size and its lines, and the rows that can't be read."""

    batch: Batch
    size: int
    lines: int
    problems: FirstProblems


def _counted(task: Task, blocks: Iterator[bytes], limit: Callable[[], int]) -> Iterator[Result]:
    """Yield the results in the order of the blocks; a few blocks are under way at once."""
    jobs = len(os.sched_getaffinity(0))
    # Forked processes have the same hashes of texts as this one.
    context = multiprocessing.get_context("fork")
    waiting: deque[Future[Result]] = deque()
    with ProcessPoolExecutor(jobs, context, _ignore_signals) as pool:
        for block in blocks:
            waiting.append(pool.submit(count_block, task, block, limit()))
            if len(waiting) > 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _ignore_signals() -> None:
    """Leave signals to the parent, which ends the processes; terminals send them to all."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def count_block(task: Task, block: bytes, limit: int = ALL_HASHES) -> Result:
    """Count the rows of a block, quickly if nothing is wrong with any of them.

    Hashes of texts above the limit are left out.
    """
    problems = FirstProblems()
    batch = _count_clean(task, block, limit)
    if batch is None:
        examples = []
        for entry in _entries(task, block):
            if isinstance(entry, Example):
                examples.append(entry)
            else:
                problems.append(entry)
        batch = Batch.of(
            [each.text for each in examples],
            [each.intent for each in examples],
            [each.line for each in examples],
            part=task.part,
            limit=limit,
        )
    return Result(batch, len(block), block.count(b"\n"), problems)


def _count_clean(task: Task, block: bytes, limit: int) -> Batch | None:
    """Return the numbers of a block; None if a row has to be named."""
    try:
        text = block.decode()
        rows, lines = _rows(text, task.delimiter)
    except (UnicodeDecodeError, csv.Error):
        return None
    has_header = bool(task.header) and task.header.strip() in block
    if has_header or has_spaced_quote(text, task.delimiter):
        return None
    if any(len(row) != task.width for row in rows):
        return None
    texts = [row[task.columns.text] for row in rows]
    labels = [row[task.columns.intent] for row in rows]
    intents = {label: task.intent_of(label) for label in set(labels)}
    is_clean = all(map(str.strip, texts)) and all(
        isinstance(entry_of("text", intent, task.path, 1), Example) for intent in intents.values()
    )
    if not is_clean:
        return None
    named = [intents[label] for label in labels]
    return Batch.of(texts, named, lines, part=task.part, limit=limit)


def _rows(text: str, delimiter: str) -> tuple[list[list[str]], Sequence[int]]:
    """Return the rows that are not empty, and the line at which each begins."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = list(reader)
    lines: Sequence[int] = range(1, len(rows) + 1)
    if reader.line_num != len(rows):  # some rows have several lines
        reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
        lines = [1, *(reader.line_num + 1 for _ in reader)][:-1]
    filled = [at for at, row in enumerate(rows) if row]
    if len(filled) == len(rows):
        return rows, lines
    return [rows[at] for at in filled], [lines[at] for at in filled]


def _entries(task: Task, block: bytes) -> Iterator[Example | Problem]:
    """Yield the entries of a block, with lines from 1."""
    lines = Lines(BytesIO(task.header + block))
    rows = DelimitedRows(lines, task.path, task.delimiter, task.rules)
    before = task.header.count(b"\n")
    for row in rows:
        line = row.line - before
        if row.problem:
            yield Problem(task.path, line, row.problem, row.kind)
        elif any(cell.strip() for cell in row.cells) and not rows.repeats_header(row):
            text, intent = row.cells[task.columns.text], row.cells[task.columns.intent]
            yield entry_of(text, task.intent_of(intent), task.path, line)
