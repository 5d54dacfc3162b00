from __future__ import annotations

import threading

from func.outgoing.daemon_threads import DaemonThreads
from tests.support.timeouts import TIMEOUT_S


def test_functions_are_called_at_once_up_to_the_limit():
    """Two threads work at the same time; the third function is called by one of them."""
    threads, barrier = DaemonThreads(2, "test"), threading.Barrier(3)
    done = threading.Event()
    names = []

    def meet() -> None:
        names.append(threading.current_thread().ident)
        barrier.wait(TIMEOUT_S)

    def finish() -> None:
        names.append(threading.current_thread().ident)
        done.set()

    threads.submit(meet)
    threads.submit(meet)
    threads.submit(finish)
    barrier.wait(TIMEOUT_S)
    assert done.wait(TIMEOUT_S)
    assert names[2] in names[:2]


def test_a_function_that_still_waits_can_be_withdrawn():
    """One that a thread has begun to call is called to its end."""
    threads = DaemonThreads(1, "test")
    has_begun, may_go_on, is_done = (threading.Event() for _ in range(3))
    calls = []

    def hold() -> None:
        has_begun.set()
        may_go_on.wait(TIMEOUT_S)
        calls.append("begun")

    def wait() -> None:
        calls.append("waiting")

    for function in (hold, wait, is_done.set):
        threads.submit(function)
    assert has_begun.wait(TIMEOUT_S)
    threads.withdraw(hold)
    threads.withdraw(wait)
    may_go_on.set()
    assert is_done.wait(TIMEOUT_S)
    assert calls == ["begun"]


def test_a_thread_is_started_anew_after_all_have_ended():
    """A function that comes later is called as well."""
    threads = DaemonThreads(1, "test")
    for _ in range(3):
        done = threading.Event()
        threads.submit(done.set)
        assert done.wait(TIMEOUT_S)


def test_a_function_is_called_later_where_no_thread_can_be_started(monkeypatch, caplog):
    """The system may have no more threads for a while."""
    threads, calls, done = DaemonThreads(1, "test"), [], threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _fail)
        threads.submit(lambda: calls.append("first"))
    assert caplog.messages == ["No thread could be started"]

    threads.submit(done.set)

    assert done.wait(TIMEOUT_S)
    assert calls == ["first"]


def _fail(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")
