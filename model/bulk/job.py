"""Label a whole table: read, predict on all cores, write in order."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from model.bulk.checkpoint import identify
from model.bulk.progress import pace
from model.bulk.signals import Check
from model.bulk.sinks import OutputFile, OutputFiles, Sink, StandardOutput
from model.bulk.worker_pool import CHUNKS_PER_WORKER, Submit, in_order, this_process, workers
from model.errors import DataError, Problem
from model.inference.intent_model import IntentModel
from model.inference.prediction import Prediction
from model.tables.opening import format_of, open_table, output_format
from model.tables.table import STREAM, Chunk, Layout, Table

LabelledPredictions = Iterable[tuple[Chunk, list[Prediction]]]


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """What is to be done.

    Attributes:
        input, output: files, or ``-`` for the standard streams.
        layout: what is read, and what is added.
        stream_format: of the standard streams.
        jobs: processes.
        force: whether a file that is there may be replaced.
        restart: whether what an interrupted run has left is thrown away.
    """

    input: Path
    output: Path
    layout: Layout
    stream_format: str
    jobs: int
    force: bool = False
    restart: bool = False


def default_jobs() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0))


def label(options: BulkOptions, model_path: Path, console: Console, check: Check) -> Sink:
    """Label a table.

    Args:
        options: what is to be done.
        model_path: the model.
        console: where progress is told.
        check: called now and then; what it raises ends the run.

    Returns:
        The sink, which knows what became of the rows.

    Raises:
        ArtifactError: the model can't be used.
        DataError: the input or the output can't.
        WorkerError: a process that predicts has ended.
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
        chunks, most = table.chunks(sink.position), options.jobs * CHUNKS_PER_WORKER
        answers = in_order(submit, chunks, lambda chunk: chunk.texts, most=most)
        _fill(sink, answers, table.size, console, check)
    return sink


def _fill(
    sink: Sink, answers: LabelledPredictions, size: int | None, console: Console, check: Check
) -> None:
    begin, done = sink.position, sink.labelled + sink.rejected
    if done:
        console.print(f"Going on after {done:,} rows")
    with pace(console, size, offset=begin.offset, rows=done) as tell:
        for chunk, predictions in answers:
            check()
            sink.write(chunk, predictions)
            tell(chunk.end.offset, sink.labelled + sink.rejected)
    sink.finish()


def is_resumable(options: BulkOptions) -> bool:
    """Tell whether an interrupted run can go on where it was."""
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
        message = f"is {output_kind}, and the input {kind}; {is_same}"
        raise DataError([Problem(options.output, 0, message)])
    return kind


def _open_sink(options: BulkOptions, table: Table, model: IntentModel) -> Sink:
    if options.output == STREAM:
        return StandardOutput(table, options.input)
    files = OutputFiles(options.output)
    for path in (options.output, files.rejected):
        if path.exists() and not options.force:
            raise DataError([Problem(path, 0, "exists; --force replaces it")])
    if options.restart:
        files.discard_parts()
    identity = None
    if is_resumable(options):
        identity = identify(options.input, options.layout, model.card.to_json())
    return OutputFile(options.output, table, identity)


def _predictors(
    options: BulkOptions, model: IntentModel, path: Path
) -> AbstractContextManager[Submit]:
    top_k = options.layout.top_k
    if options.jobs == 1:
        return this_process(model, top_k=top_k)
    return workers(path, options.jobs, top_k=top_k)
