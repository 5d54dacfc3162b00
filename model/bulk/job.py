"""Label a whole table: read, predict on all cores, write in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from model.bulk.checkpoint import identify
from model.bulk.progress import progress
from model.bulk.sinks import OutputFile, OutputPaths, Sink, StandardOutput
from model.bulk.worker_pool import CHUNKS_PER_WORKER, Submit, in_order, this_process, workers
from model.errors import DataError
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction
from model.tables.opening import format_of, open_table, output_format
from model.tables.table import STREAM, Chunk, Layout, Table

PredictedChunks = Iterable[tuple[Chunk, list[Prediction]]]


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """Options of a run.

    Attributes:
        input, output: files, or ``-`` for the standard streams.
        layout: the columns to read and to add.
        stream_format: format of the standard streams.
        jobs: number of processes.
        force: whether an existing output may be replaced.
        restart: whether to discard the partial output of an interrupted run.
    """

    input: Path
    output: Path
    layout: Layout
    stream_format: str
    jobs: int
    force: bool = False
    restart: bool = False


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0))


def label(
    options: BulkOptions,
    model_path: Path,
    console: Console,
    raise_if_interrupted: Callable[[], None] = lambda: None,
) -> Sink:
    """Label a table.

    ``raise_if_interrupted`` is called before each chunk is written; an error ends the run.

    Returns:
        The closed sink, with the numbers of labelled and rejected rows.

    Raises:
        ArtifactError: the model can't be used.
        DataError: the input or the output can't be used.
        WorkerError: a predicting process has ended.
        OSError: the output can't be written.
    """
    kind = _format(options)
    model = IntentModel.load(model_path)
    with (
        open_table(options.input, kind, options.layout) as table,
        closing(_open_sink(options, table, model)) as sink,
        _predictors(options, model, model_path) as submit,
    ):
        for note in table.notes:
            console.print(f"note: {options.input}: {note}")
        begun = sink.state
        if begun.rows:
            console.print(f"Resuming after {begun.rows:,} rows")
        with progress(console, table.size, offset=begun.position.offset, rows=begun.rows) as report:
            for chunk, predictions in _predicted(options, table, sink, submit):
                raise_if_interrupted()
                sink.write(chunk, predictions)
                report(chunk.end.offset, sink.state.rows)
        sink.finish()
    return sink


def _predicted(options: BulkOptions, table: Table, sink: Sink, submit: Submit) -> PredictedChunks:
    chunks = table.chunks(sink.state.position)
    limit = options.jobs * CHUNKS_PER_WORKER
    return in_order(submit, chunks, lambda chunk: chunk.texts, limit=limit)


def is_resumable(options: BulkOptions) -> bool:
    """Return whether an interrupted run can be resumed: both sides are files."""
    return options.input.is_file() and options.output != STREAM


def _format(options: BulkOptions) -> str:
    kind = format_of(options.input, options.stream_format)
    expected = output_format(kind)
    if options.output == STREAM:
        output_kind = "a stream" if kind == "parquet" else expected
    else:
        output_kind = format_of(options.output, options.stream_format)
    if output_kind != expected:
        is_same = "both must be the same" if expected == kind else f"it must be {expected}"
        raise DataError.at(options.output, f"is {output_kind}, and the input {kind}; {is_same}")
    return kind


def _open_sink(options: BulkOptions, table: Table, model: IntentModel) -> Sink:
    if options.output == STREAM:
        return StandardOutput(table, options.input)
    rejected = OutputPaths(options.output).rejected
    for path in filter(Path.exists, (options.output, rejected)):
        if options.input != STREAM and path.samefile(options.input):
            raise DataError.at(path, "is the input, and would be replaced; name another --output")
        if not options.force:
            raise DataError.at(path, "exists; --force replaces it")
    identity = None
    if is_resumable(options):
        identity = identify(options.input, options.layout, model.card.to_json())
    return OutputFile(options.output, table, identity, restarts=options.restart)


def _predictors(
    options: BulkOptions, model: IntentModel, path: Path
) -> AbstractContextManager[Submit]:
    top_k = options.layout.top_k
    if options.jobs == 1:
        return this_process(model, top_k=top_k)
    return workers(path, options.jobs, top_k=top_k)
