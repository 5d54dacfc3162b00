"""Survey a large text table on all cores: blocks of whole rows, each counted by a process."""

from __future__ import annotations

import csv
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import BinaryIO

from model.datasets.document import Document
from model.datasets.entry import Entry, Example, Note, entry_of
from model.datasets.formats.table_columns import Columns
from model.datasets.formats.tabular import table_columns
from model.datasets.survey import Batch, Survey
from model.errors import Problem
from model.tables.delimited_rows import DelimitedRows, HeaderRules
from model.tables.encoding import detect_encoding
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
    """

    path: Path
    header: bytes
    delimiter: str
    width: int
    columns: Columns
    rules: HeaderRules


def survey_table(document: Document, progress: Progress) -> Survey | None:
    """Return the survey of a table on the disk; None if its encoding has to be converted.

    Args:
        document: the table.
        progress: called with the bytes that were counted.

    Raises:
        DataError: the header can't be read, or lacks a column.
    """
    with document.path.open("rb") as file:
        if not detect_encoding(file).is_plain:
            return None
        task, start = _task(document, file)
        survey = Survey()
        if task.columns.note:
            survey.add_entries([Note(document.path, 1, task.columns.note)])
        file.seek(start.offset)
        first_line = start.line
        for result in _counted(task, _blocks(file)):
            progress(result.size)
            survey.add_batch(result.batch)
            survey.add_entries(_moved(result.others, first_line))
            first_line += result.lines
    return survey


def _task(document: Document, file: BinaryIO) -> tuple[Task, Lines]:
    lines = Lines(file)
    rows, columns = table_columns(document, lines)
    header = rows.header.encode() if rows.columns is not None else b""
    rules = HeaderRules((rows.columns or [""])[:1], 0 if header else 2)
    task = Task(document.path, header, rows.delimiter, rows.width, columns, rules)
    return task, lines


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Return blocks that end with a row: behind a line break with an even number of quotes."""
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
    """The numbers of a block, with its size, its lines, and its entries that are no examples."""

    batch: Batch
    size: int
    lines: int
    others: tuple[Entry, ...] = ()


def _counted(task: Task, blocks: Iterator[bytes]) -> Iterator[Result]:
    """Return the results in the order of the blocks; a few blocks are under way at once."""
    jobs = len(os.sched_getaffinity(0))
    # Forked processes have the same hashes of texts as this one.
    context = multiprocessing.get_context("fork")
    waiting: deque[Future[Result]] = deque()
    with ProcessPoolExecutor(jobs, context) as pool:
        for block in blocks:
            waiting.append(pool.submit(count_block, task, block))
            if len(waiting) > 2 * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def count_block(task: Task, block: bytes) -> Result:
    """Count the rows of a block, quickly if nothing is wrong with any of them."""
    batch = _count_clean(task, block)
    if batch is not None:
        return Result(batch, len(block), block.count(b"\n"))
    entries = list(_entries(task, block))
    examples = [entry for entry in entries if isinstance(entry, Example)]
    batch = Batch.of([each.text for each in examples], [each.intent for each in examples])
    others = tuple(entry for entry in entries if not isinstance(entry, Example))
    return Result(batch, len(block), block.count(b"\n"), others)


def _count_clean(task: Task, block: bytes) -> Batch | None:
    """Return the numbers of a block; None if a row has to be named."""
    try:
        text = block.decode()
        lines = StringIO(text, newline="")
        rows = [row for row in csv.reader(lines, delimiter=task.delimiter, strict=True) if row]
    except (UnicodeDecodeError, csv.Error):
        return None
    if any(len(row) != task.width for row in rows):
        return None
    texts = [row[task.columns.text] for row in rows]
    batch = Batch.of(texts, [row[task.columns.intent] for row in rows])
    is_clean = all(map(str.strip, texts)) and all(
        isinstance(entry_of("text", intent, task.path, 1), Example) for intent in batch.intents
    )
    if not is_clean or any(intent != intent.strip() for intent in batch.intents):
        return None
    return batch


def _entries(task: Task, block: bytes) -> Iterator[Entry]:
    """Return the entries of a block, with lines from 1."""
    lines = Lines(BytesIO(task.header + block))
    rows = DelimitedRows(lines, task.path, task.delimiter, task.rules)
    before = task.header.count(b"\n")
    for row in rows:
        line = row.line - before
        if row.problem:
            yield Problem(task.path, line, row.problem, row.kind)
        elif any(cell.strip() for cell in row.cells):
            text, intent = row.cells[task.columns.text], row.cells[task.columns.intent]
            yield entry_of(text, intent, task.path, line)


def _moved(entries: tuple[Entry, ...], first_line: int) -> Iterator[Entry]:
    for entry in entries:
        yield replace(entry, line=entry.line + first_line - 1)
