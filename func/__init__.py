"""The Knative function: ``main(context)`` answers each request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Response as FlaskResponse

# BLAS libraries read these when numpy loads them, so they are set before anything imports numpy.
# One thread is enough for a prediction; more would compete with each other for the pod's CPU.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main(context: Any) -> FlaskResponse:
    """Return the response to a request of the parliament runtime, ``context.request``."""
    from func.entry_point import main as respond  # noqa: PLC0415 - importing func loads no numpy

    return respond(context)
