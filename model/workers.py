"""Predict on all cores: a process for each, asked from a thread of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from model.errors import WorkerError
from model.intent_model import IntentModel
from model.prediction import Alternative, Prediction

ROOT = Path(__file__).resolve().parent.parent
# Each worker finds its next chunk waiting, and no more than that waits.
CHUNKS_PER_WORKER = 3
# The matrices are small: more threads would wait for each other.
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")
}

Ask = Callable[[Sequence[str]], list[Prediction]]
Item = TypeVar("Item")


@contextmanager
def workers(path: Path, count: int, *, top_k: int) -> Iterator[Ask]:
    """Start processes that load a model, and end them.

    Args:
        path: the model, which loads: try that first.
        count: how many.
        top_k: alternatives of each prediction.

    Returns:
        What asks one of them, from any thread; it raises WorkerError when that one is gone.
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

    try:
        yield ask
    finally:
        for process in started:
            process.kill()
            process.wait()


@contextmanager
def this_process(model: IntentModel, *, top_k: int) -> Iterator[Ask]:
    """Predict here, where there is one core or little to do."""
    yield lambda texts: model.predict(texts, top_k=top_k)


def in_order(
    ask: Ask, items: Iterable[Item], texts_of: Callable[[Item], Sequence[str]], *, jobs: int
) -> Iterator[tuple[Item, list[Prediction]]]:
    """Ask for many items at once, and give them in their order with the predictions.

    Only so many are taken from ``items`` that all jobs have work.
    """
    pool = ThreadPoolExecutor(jobs)
    waiting: deque[tuple[Item, Future[list[Prediction]]]] = deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(ask, texts_of(item))))
            if len(waiting) >= jobs * CHUNKS_PER_WORKER:
                first, answer = waiting.popleft()
                yield first, answer.result()
        for first, answer in waiting:
            yield first, answer.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _start(path: Path, top_k: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "model.worker", str(path.resolve()), str(top_k)],
        cwd=ROOT,
        env=ONE_THREAD | os.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Ctrl-C is for the parent, which ends its workers.
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
