"""Models that requests name: loaded on first use, replaced while they serve, and evicted."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Protocol, Self

from func.errors import NotLoadedError, OverloadedError, UnavailableError
from func.models.allocator import return_large_blocks
from func.models.counts import Event, ModelCounts
from func.models.served_model import NoSuchModelError, ServedModel
from func.outgoing.daemon_threads import DaemonThreads
from func.settings import Settings
from model.errors import ArtifactError
from model.store.pointers import is_valid_name

logger = logging.getLogger(__name__)

MAX_LOADS = 16  # at once: most of the time of one is a download
MAX_PENDING_LOADS = 64  # under way or waiting: anybody can invent names
MAX_FAILURES = 10_000  # names that are remembered as missing or broken
MEGABYTE = 1024 * 1024


class Source(Protocol):
    """Where published models come from."""

    def current(self, name: str) -> str | None:
        """Return the digest of a name's version; None if nothing is published under it."""

    def load(self, name: str, digest: str) -> ServedModel:
        """Return a version of a model."""


class Threads(Protocol):
    """Where loads run."""

    def submit(self, task: Callable[[], None]) -> None:
        """Have a function called."""

    def withdraw(self, task: Callable[[], None]) -> None:
        """Drop a function, unless its call has begun."""


@dataclass(slots=True)
class _Entry:
    served: ServedModel
    checked_at: float


@dataclass(frozen=True, slots=True)
class _Failure:
    error: type[NoSuchModelError | UnavailableError]
    until: float


class NamedModels:
    """The models of a store; safe to call from many threads."""

    def __init__(
        self,
        source: Source,
        *,
        max_bytes: int,
        refresh_s: float,
        threads: Threads | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without any model.

        The model that was used last may exceed ``max_bytes``. ``refresh_s`` is the time after which
        a pointer is read again, when its model is asked for.
        """
        self._source, self._max_bytes, self._refresh_s = source, max_bytes, refresh_s
        if threads is None:
            threads = DaemonThreads(MAX_LOADS, "model-loader")
        self._threads = threads
        self._clock = clock
        self._lock = Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._loading: dict[str, Future[None]] = {}
        self._failures: OrderedDict[str, _Failure] = OrderedDict()
        self._refreshing: set[str] = set()
        self._counts = ModelCounts()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the models at MODELS_URI.

        Raises:
            StoreError, SettingsError: the URI can't be used.
        """
        from func.models.model_source import ModelSource  # noqa: PLC0415 - tests have other sources

        return_large_blocks()
        return cls(
            ModelSource.from_settings(settings),
            max_bytes=settings.models_memory_mb * MEGABYTE,
            refresh_s=settings.models_refresh_s,
        )

    def find(self, name: str) -> ServedModel:
        """Return a model without waiting for anything.

        Raises:
            NoSuchModelError: nothing is published under the name.
            UnavailableError: the model is broken, or its store does not answer.
            NotLoadedError: the model is not in memory; no load has begun for this request.
        """
        if not is_valid_name(name):
            raise NoSuchModelError
        now = self._clock()
        with self._lock:
            if entry := self._entries.get(name):
                self._entries.move_to_end(name)
                self._refresh_if_due(name, entry, now)
                return entry.served
            failure = self._failures.get(name)
            if failure and now < failure.until:
                raise failure.error()
        raise NotLoadedError(partial(self._begin, name))

    def wait_for(self, name: str) -> ServedModel:
        """Return a model, loaded if need be.

        Raises:
            NoSuchModelError, UnavailableError: as ``find`` does.
            OverloadedError: too many loads are pending.
        """
        while True:
            try:
                return self.find(name)
            except NotLoadedError as error:
                # Other requests that waited for the same load may have cancelled it.
                with suppress(CancelledError):
                    error.load().result()

    def counts(self) -> ModelCounts:
        """Return a copy of the counters."""
        with self._lock:
            return ModelCounts(len(self._entries), self._size(), self._counts.events.copy())

    def _refresh_if_due(self, name: str, entry: _Entry, now: float) -> None:
        if now - entry.checked_at >= self._refresh_s and name not in self._refreshing:
            self._refreshing.add(name)
            self._threads.submit(partial(self._refresh, name, entry.served))

    def _begin(self, name: str) -> Future[None]:
        """Return the pending load of a model; submit it if there is none."""
        with self._lock:
            if loading := self._loading.get(name):
                return loading
            if len(self._loading) >= MAX_PENDING_LOADS:
                raise OverloadedError
            loading = self._loading[name] = Future()
            task = partial(self._load, name, loading)
            self._threads.submit(task)
        loading.add_done_callback(partial(self._drop_if_cancelled, name, task))
        return loading

    def _drop_if_cancelled(
        self, name: str, task: Callable[[], None], loading: Future[None]
    ) -> None:
        if loading.cancelled():
            with self._lock:
                del self._loading[name]
            self._threads.withdraw(task)

    def _load(self, name: str, loading: Future[None]) -> None:
        if not loading.set_running_or_notify_cancel():
            return
        failure = None
        try:
            digest = self._source.current(name)
            if digest is None:
                raise NoSuchModelError  # noqa: TRY301 - as the other failures
            served = self._source.load(name, digest)
        except Exception as error:  # noqa: BLE001 - whatever fails, those who wait must go on
            failure = _reported(name, error)
        with self._lock:
            del self._loading[name]
            if failure:
                self._remember(name, failure)
            else:
                self._failures.pop(name, None)
                self._keep(served, "loaded")
        loading.set_result(None)

    def _refresh(self, name: str, served: ServedModel) -> None:
        """Replace a model by the version that is published now; keep it if that one fails."""
        newer: ServedModel | None = None
        is_gone = has_failed = False
        try:
            digest = self._source.current(name)
            is_gone = digest is None
            if digest not in (None, served.digest):
                newer = self._source.load(name, digest)
        except Exception as error:  # noqa: BLE001 - see _load
            _reported(name, error)
            has_failed = True
        with self._lock:
            self._refreshing.discard(name)
            if entry := self._entries.get(name):
                entry.checked_at = self._clock()
            if newer:
                self._keep(newer, "replaced")
                logger.info("Model %s is %s now", name, newer.version)
            elif has_failed:
                self._counts.count(name, "kept")
            elif is_gone:
                self._entries.pop(name, None)

    def _keep(self, served: ServedModel, event: Event) -> None:
        self._entries[served.name] = _Entry(served, self._clock())
        self._entries.move_to_end(served.name)
        self._counts.count(served.name, event)
        while self._size() > self._max_bytes and len(self._entries) > 1:
            name, _ = self._entries.popitem(last=False)
            self._counts.count(name, "evicted")

    def _size(self) -> int:
        served = [entry.served for entry in self._entries.values()]
        encoders = dict(each.encoder for each in served)
        return sum(each.size for each in served) + sum(encoders.values())

    def _remember(self, name: str, failure: type[NoSuchModelError | UnavailableError]) -> None:
        self._failures[name] = _Failure(failure, self._clock() + self._refresh_s)
        if failure is not NoSuchModelError:
            self._counts.count(name, "failed")
        if len(self._failures) > MAX_FAILURES:
            self._failures.popitem(last=False)


def _reported(name: str, error: Exception) -> type[NoSuchModelError | UnavailableError]:
    """Log why a model can't be served; return the error for clients."""
    if isinstance(error, NoSuchModelError):
        return NoSuchModelError
    if isinstance(error, ArtifactError):
        logger.error("Model %s is not available: %s", name, error)
    else:
        logger.error("Model %s is not available", name, exc_info=error)
    return UnavailableError
