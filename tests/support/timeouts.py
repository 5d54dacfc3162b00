"""The time limit for conditions that a test waits for."""

from __future__ import annotations

# Only a failure takes this long; the value suits an overloaded machine.
TIMEOUT_S = 120
