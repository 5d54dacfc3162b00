"""Threads: how many there are, what may wait for them, and what ends none."""

from __future__ import annotations

import threading

from func.server.worker_pool import WorkerPool
from tests.support.timeouts import TIMEOUT_S


def test_failing_task_ends_no_thread(caplog):
    """The error is logged, and the same thread does the next task."""
    pool, is_done = WorkerPool(threads=1, max_waiting=8), threading.Event()

    def fail() -> None:
        raise RuntimeError

    assert pool.submit(fail)
    assert pool.submit(is_done.set)
    assert is_done.wait(TIMEOUT_S)
    assert caplog.messages == ["A task failed"]


def test_threads_are_bounded():
    """No more tasks than threads are done at once, and no more wait than may."""
    pool, may_end = WorkerPool(threads=2, max_waiting=3), threading.Event()
    both, names = threading.Barrier(3), set()

    def work() -> None:
        names.add(threading.get_ident())
        both.wait(TIMEOUT_S)
        may_end.wait(TIMEOUT_S)

    assert pool.submit(work)
    assert pool.submit(work)
    both.wait(TIMEOUT_S)
    accepted = [pool.submit(lambda: names.add(threading.get_ident())) for _ in range(4)]
    may_end.set()

    assert accepted == [True, True, True, False]
    assert len(names) == 2
