"""Predict on all cores: a process for each, asked from a thread of its own."""

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
# Each worker finds its next chunk waiting, and no more than that waits.
CHUNKS_PER_WORKER = 3
# The matrices are small: more threads would wait for each other.
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")
}

Submit = Callable[[Sequence[str]], Future[list[Prediction]]]
Item = TypeVar("Item")


@contextmanager
def workers(path: Path, count: int, *, top_k: int) -> Iterator[Submit]:
    """Start processes that load a model, and end them.

    Args:
        path: the model, which loads: try that first.
        count: how many.
        top_k: alternatives of each prediction.

    Returns:
        What hands texts to the next one that is free; its future raises WorkerError when that
        one is gone.
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
        # Whoever waits for an answer is told so that there will be none.
        for process in started:
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        for process in started:
            _end(process)


@contextmanager
def this_process(model: IntentModel, *, top_k: int) -> Iterator[Submit]:
    """Predict here, at once: for one core."""

    def submit(texts: Sequence[str]) -> Future[list[Prediction]]:
        future: Future[list[Prediction]] = Future()
        future.set_result(model.predict(texts, top_k=top_k))
        return future

    yield submit


def in_order(
    submit: Submit, items: Iterable[Item], texts_of: Callable[[Item], Sequence[str]], *, most: int
) -> Iterator[tuple[Item, list[Prediction]]]:
    """Ask for several items at once, and give them in their order with the predictions.

    Args:
        submit: asks.
        items: taken only as they are needed.
        texts_of: gives an item's texts.
        most: how many are under way.
    """
    waiting: deque[tuple[Item, Future[list[Prediction]]]] = deque()
    for item in items:
        waiting.append((item, submit(texts_of(item))))
        if len(waiting) >= most:
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


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin and process.stdout  # noqa: S101, PT018 - both are pipes
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.wait()
    process.stdout.close()
