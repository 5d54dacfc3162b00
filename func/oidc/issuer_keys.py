"""An issuer's keys, fetched in the background and kept."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Lock

from jwt import PyJWK

from func.errors import KeysUnavailableError, NotLoadedError
from func.outgoing.daemon_threads import DaemonThreads
from func.outgoing.errors import NoAnswerError

logger = logging.getLogger(__name__)

MAX_AGE_S = 600.0  # after which keys are fetched again, so that a withdrawn key is no longer used
MIN_INTERVAL_S = 5.0  # between fetches: any token can name a key that does not exist
RETRY_S = 1.0  # after a failure


class IssuerKeys:
    """The keys of one issuer; safe to call from many threads.

    While the issuer can't be reached, the keys that are known stay valid.
    """

    def __init__(
        self,
        fetch: Callable[[], Mapping[str, PyJWK]],
        *,
        submit: Callable[[Callable[[], None]], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to fetch the keys by ``fetch``, which may raise NoAnswerError."""
        self._fetch, self._clock = fetch, clock
        self._submit = submit or DaemonThreads(1, "issuer-keys").submit
        self._lock = Lock()
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched_at = self._failed_at = -math.inf
        self._loading: Future[None] | None = None
        self._begin()

    def find(self, key_id: str) -> PyJWK | None:
        """Return a key without waiting for anything; None if the issuer has no such key.

        Raises:
            NotLoadedError: keys are being fetched, and the key may be among them.
            KeysUnavailableError: the issuer did not answer a moment ago.
        """
        now = self._clock()
        with self._lock:
            may_fetch = now - self._failed_at >= RETRY_S
            if key := self._keys.get(key_id):
                if may_fetch and now - self._fetched_at >= MAX_AGE_S:
                    self._begin()
                return key
            if now - self._fetched_at < MIN_INTERVAL_S:
                return None
            if not may_fetch:
                raise KeysUnavailableError
            loading = self._begin()
        raise NotLoadedError(lambda: loading)

    def wait_for(self, key_id: str) -> PyJWK | None:
        """Return a key, fetched if need be; None if the issuer has no such key.

        Raises:
            KeysUnavailableError: the issuer does not answer.
        """
        while True:
            try:
                return self.find(key_id)
            except NotLoadedError as error:
                error.load().result()

    def _begin(self) -> Future[None]:
        """Return the fetch that is under way, or begin one."""
        if self._loading is None:
            self._loading = Future()
            loading = self._loading
            # It goes on even if all who wait for it leave.
            loading.set_running_or_notify_cancel()
            self._submit(lambda: self._load(loading))
        return self._loading

    def _load(self, loading: Future[None]) -> None:
        keys: Mapping[str, PyJWK] | None = None
        try:
            keys = self._fetch()
        except NoAnswerError as error:
            logger.error("The issuer's keys can't be fetched: %s", error.reason)  # noqa: TRY400
        except Exception:  # whatever fails, those who wait must go on
            logger.exception("The issuer's keys can't be fetched")
        with self._lock:
            if keys is None:
                self._failed_at = self._clock()
            else:
                self._keys, self._fetched_at = keys, self._clock()
            self._loading = None
        loading.set_result(None)
