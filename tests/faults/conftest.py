"""How long the faults go on: briefly in ``make test``, for long in ``make soak``."""

from __future__ import annotations

import os

RESTARTS = int(os.environ.get("SOAK_RESTARTS", "3"))
SOAK_S = float(os.environ.get("SOAK_S", "6"))
