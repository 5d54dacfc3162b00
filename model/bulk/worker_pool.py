"""Predict on all cores: a process a core, each driven by a thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from model.errors import WorkerError
from model.inference.intent_model import IntentModel
from model.inference.prediction import Alternative, Prediction

ROOT = Path(__file__).resolve().parents[2]
START_WORKER = "from model.bulk.worker import main; main()"
# Enough that a worker finds its next chunk waiting, and few enough to bound memory.
CHUNKS_PER_WORKER = 3
# The matrices are small: more threads only wait for each other.
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")
}

Submit = Callable[[Sequence[str]], Future[list[Prediction]]]
Item = TypeVar("Item")


@contextmanager
def workers(path: Path, count: int, *, top_k: int) -> Iterator[Submit]:
    """Start processes that load a model, and end them on exit.

    Args:
        path: the model's file; the caller has loaded it already, so its errors are reported once.
        count: number of processes.
        top_k: number of alternatives of each prediction.

    Yields:
        A function that submits texts to the next free process. Its future raises WorkerError if
        that process has ended.
    """
    started = [_start(path, top_k) for _ in range(count)]
    free: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
    for process in started:
        free.put(process)

    def ask(texts: Sequence[str]) -> list[Prediction]:
        process = free.get()
        try:
            return _ask(process, texts)
        finally:
            free.put(process)

    pool = ThreadPoolExecutor(count)
    try:
        yield lambda texts: pool.submit(ask, texts)
    except BaseException:
        # Unblocks the threads that wait for an answer.
        for process in started:
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        for process in started:
            _end(process)


@contextmanager
def this_process(model: IntentModel, *, top_k: int) -> Iterator[Submit]:
    """Yield a function that predicts in this process, for a single core."""

    def submit(texts: Sequence[str]) -> Future[list[Prediction]]:
        future: Future[list[Prediction]] = Future()
        future.set_result(model.predict(texts, top_k=top_k))
        return future

    yield submit


def in_order(
    submit: Submit, items: Iterable[Item], texts_of: Callable[[Item], Sequence[str]], *, limit: int
) -> Iterator[tuple[Item, list[Prediction]]]:
    """Predict several items at once, and yield them in their order with their predictions.

    Args:
        submit: starts the prediction of texts.
        items: read only as far as needed.
        texts_of: returns the texts of an item.
        limit: maximum number of items in progress.
    """
    waiting: deque[tuple[Item, Future[list[Prediction]]]] = deque()
    for item in items:
        waiting.append((item, submit(texts_of(item))))
        if len(waiting) >= limit:
            first, answer = waiting.popleft()
            yield first, answer.result()
    for first, answer in waiting:
        yield first, answer.result()


def _start(path: Path, top_k: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-c", START_WORKER, str(path.resolve()), str(top_k)],
        cwd=ROOT,
        env=ONE_THREAD | os.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Ctrl-C must reach the parent alone, which ends its workers.
        process_group=0,
    )


def _ask(process: subprocess.Popen[bytes], texts: Sequence[str]) -> list[Prediction]:
    assert process.stdin and process.stdout  # noqa: S101, PT018 - both are pipes
    try:
        process.stdin.write(json.dumps(texts).encode() + b"\n")
        process.stdin.flush()
        answers = json.loads(process.stdout.readline())
    except (OSError, ValueError) as error:
        raise WorkerError from error
    return [
        Prediction(intent, confidence, tuple(Alternative(*each) for each in ranked))
        for intent, confidence, ranked in answers
    ]


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin and process.stdout  # noqa: S101, PT018 - both are pipes
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.wait()
    process.stdout.close()
