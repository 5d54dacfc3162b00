"""Request patterns: varied real texts, none of which is repeated before all others were sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.contenders.contender import Call, Contender
from benchmarks.load.http_client import encode

BATCH_SIZE = 64


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of requests: number of connections, and of texts in each request."""

    name: str
    connections: int
    batch_size: int = 1

    def suits(self, contender: Contender) -> bool:
        """Return whether a contender supports this pattern."""
        return self.batch_size == 1 or contender.batch is not None

    def call(self, contender: Contender) -> Call:
        """Return the contender's call for this pattern."""
        call = contender.single if self.batch_size == 1 else contender.batch
        assert call is not None  # noqa: S101 - the caller has checked suits()
        return call

    def requests(self, contender: Contender, texts: Sequence[str]) -> list[bytes]:
        """Encode the texts for a contender; each batch has the same number of texts."""
        call = self.call(contender)
        starts = range(0, len(texts) - self.batch_size + 1, self.batch_size)
        return [encode(call, texts[start : start + self.batch_size]) for start in starts]


ONE = Pattern("1 connection", 1)
EIGHT = Pattern("8 connections", 8)
MANY = Pattern("32 connections", 32)
BATCHES = Pattern(f"8 connections, batches of {BATCH_SIZE}", 8, BATCH_SIZE)
PATTERNS = (ONE, EIGHT, MANY, BATCHES)
