"""Requests that come in together are answered together, by one prediction for all of their texts.

Inference servers call this dynamic batching. Here nobody waits for others to come: together are
those that could be read when the event loop last looked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from func.messages import Environ, PendingRequest

if TYPE_CHECKING:
    from func.app import App
    from func.server.connection import Channel

# So much text is classified in some milliseconds; unseen words by static vectors, in some tens.
MAX_QUICK_BYTES = 8 * 1024
# More would hardly be quicker, and the first would wait longer for the last.
MAX_TOGETHER = 32


class Batch:
    """The requests that are read and not yet answered, each with its connection."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._empty()

    def __len__(self) -> int:
        """Count the requests."""
        return len(self._posts)

    @property
    def is_full(self) -> bool:
        """Whether it is time to answer, whatever else can be read."""
        return len(self._posts) >= MAX_TOGETHER or self._bytes > MAX_QUICK_BYTES

    def add(self, channel: Channel, environ: Environ) -> None:
        """Take in a quick request by POST."""
        self._channels.append(channel)
        self._posts.append(self._app.parse(environ))
        self._bytes += int(environ["CONTENT_LENGTH"] or 0)

    def answer(self) -> None:
        """Answer all requests; they count until their answers are sent."""
        if not self._posts:
            return
        try:
            answers = self._app.respond(self._posts)
        except Exception:  # noqa: BLE001 - the channels log it
            for channel in self._channels:
                channel.handle_error()
        else:
            for channel, answer in zip(self._channels, answers, strict=True):
                channel.deliver(answer)
        self._empty()

    def _empty(self) -> None:
        self._channels: list[Channel] = []
        self._posts: list[PendingRequest] = []
        self._bytes = 0
