"""Why another server has not answered."""

from __future__ import annotations

from typing import Literal

Reason = Literal["timeout", "unreachable", "refused", "malformed", "unknown_intent"]


class NoAnswerError(Exception):
    """Another server has given no answer that can be used.

    Attributes:
        reason: too late, no connection, a status of failure, a response that is no answer, or an
            intent that the model does not have.
        retry_after_s: the time that the server asks to be left alone for; 0 if it does not.
    """

    def __init__(self, reason: Reason, retry_after_s: float = 0.0) -> None:
        self.reason, self.retry_after_s = reason, retry_after_s
        super().__init__(reason)
