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


def test_no_thread_is_started_while_one_is_free():
    """One request after the other needs one thread, however many are allowed."""
    pool, before = WorkerPool(threads=8, max_waiting=8), count_workers()
    for _ in range(3):
        is_done = threading.Event()
        pool.submit(is_done.set)
        assert is_done.wait(TIMEOUT_S)
        pool.finish()

    assert count_workers() - before == 1


def count_workers() -> int:
    """Return the number of threads of all pools."""
    return sum(thread.name == "worker" for thread in threading.enumerate())
