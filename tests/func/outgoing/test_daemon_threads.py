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


def test_a_thread_is_started_anew_after_all_have_ended():
    """A function that comes later is called as well."""
    threads = DaemonThreads(1, "test")
    for _ in range(3):
        done = threading.Event()
        threads.submit(done.set)
        assert done.wait(TIMEOUT_S)
