"""Why another server has not answered."""

from __future__ import annotations

from typing import Literal

Reason = Literal["timeout", "unreachable", "refused", "malformed", "unknown_intent"]


class NoAnswerError(Exception):
    """Another server has given no usable answer.

    Attributes:
        reason: too late, no connection, a status other than success, a malformed response, or an
            intent that the model does not have.
        retry_after_s: the pause that the server asks for; 0 if it asks for none.
    """

    def __init__(self, reason: Reason, retry_after_s: float = 0.0) -> None:
        self.reason, self.retry_after_s = reason, retry_after_s
        super().__init__(reason)
