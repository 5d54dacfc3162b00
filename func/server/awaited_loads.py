"""The requests that wait for a model to be loaded, or for an issuer's keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from func.errors import OverloadedError

if TYPE_CHECKING:
    from concurrent.futures import Future

Waiter = TypeVar("Waiter")


class AwaitedLoads(Generic[Waiter]):
    """A bounded number of waiters, and their loads; only the thread of the event loop may use it.

    It keeps nothing of a waiter that has left, however long the load takes.
    """

    def __init__(self, max_waiting: int, on_end: Callable[[Future[None]], None]) -> None:
        """Begin without any waiter.

        Args:
            max_waiting: the number of waiters for all loads together.
            on_end: called once for each load that has ended or was dropped, in any thread.
        """
        self._max_waiting, self._on_end = max_waiting, on_end
        self._loads: dict[Waiter, Future[None]] = {}
        self._watched: set[Future[None]] = set()

    def __len__(self) -> int:
        """Return the number of waiters."""
        return len(self._loads)

    def add(self, waiter: Waiter, load: Callable[[], Future[None]]) -> bool:
        """Begin a load, or join it; return False, and begin none, if too many wait."""
        if len(self) >= self._max_waiting:
            return False
        try:
            loading = load()
        except OverloadedError:
            return False
        self._loads[waiter] = loading
        if loading not in self._watched:
            self._watched.add(loading)
            loading.add_done_callback(self._on_end)
        return True

    def leave(self, waiter: Waiter) -> None:
        """Forget a waiter, if it is one; drop a load that nobody waits for before it begins."""
        loading = self._loads.pop(waiter, None)
        if loading and loading not in self._loads.values():
            loading.cancel()

    def pop(self, loading: Future[None]) -> list[Waiter]:
        """Forget a load that has ended; return those who waited for it, in order."""
        self._watched.discard(loading)
        waiters = [waiter for waiter, awaited in self._loads.items() if awaited is loading]
        for waiter in waiters:
            del self._loads[waiter]
        return waiters
