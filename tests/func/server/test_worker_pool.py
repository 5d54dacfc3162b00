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


def test_a_task_is_refused_while_no_thread_can_be_started(monkeypatch, caplog):
    """A container may have a limit of threads; later ones are tried again."""
    pool, is_done = WorkerPool(threads=1, max_waiting=8), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail_to_start)
        assert not pool.submit(is_done.set)

    assert caplog.messages == ["No thread could be started"]
    assert pool.submit(is_done.set)
    assert is_done.wait(TIMEOUT_S)


def test_a_running_thread_does_what_another_can_not_be_started_for(monkeypatch):
    """One thread is slower than two, and answers all the same."""
    pool, may_end, is_done = WorkerPool(2, max_waiting=8), threading.Event(), threading.Event()

    def work() -> None:
        may_end.wait(TIMEOUT_S)

    assert pool.submit(work)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail_to_start)
        assert pool.submit(is_done.set)
    may_end.set()

    assert is_done.wait(TIMEOUT_S)


def fail_to_start(_: threading.Thread) -> None:
    """Fail as ``threading.Thread.start`` does when the system has no more threads."""
    raise RuntimeError("can't start new thread")


def count_workers() -> int:
    """Return the number of threads of all pools."""
    return sum(thread.name == "worker" for thread in threading.enumerate())
