"""The one limit of tests that wait for something that is certain to happen."""

from __future__ import annotations

# Only a failure uses this time up: long enough for a machine with many times its load.
TIMEOUT_S = 120
