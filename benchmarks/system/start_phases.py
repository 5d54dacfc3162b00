"""Start as the server does, phase by phase, and print the milliseconds of each phase.

``benchmarks.start`` runs this in a separate process; phases begin with that process's start.
"""

from __future__ import annotations

import sys
import time

Marks = dict[str, float]


def main(started_at: float) -> Marks:
    """Run the phases of the start; return the time at which each phase ended."""
    marks = {"": started_at, "interpreter": time.perf_counter()}

    import dataclasses  # noqa: F401, PLC0415
    import hashlib  # noqa: F401, PLC0415
    import json  # noqa: F401, PLC0415
    import logging  # noqa: F401, PLC0415
    import socket  # noqa: F401, PLC0415
    import uuid  # noqa: F401, PLC0415

    marks["standard library"] = time.perf_counter()

    import numpy as np  # noqa: F401, PLC0415

    marks["numpy"] = time.perf_counter()

    import httptools  # noqa: F401, PLC0415

    marks["httptools"] = time.perf_counter()

    from func.app import App  # noqa: PLC0415
    from func.server.listener import bind  # noqa: PLC0415
    from func.server.server import Server  # noqa: PLC0415
    from func.settings import Settings  # noqa: PLC0415

    marks["func and model"] = time.perf_counter()

    import os  # noqa: PLC0415

    settings = Settings.from_environ(os.environ)
    app = App.load(settings)
    marks["load and self-test of the model"] = time.perf_counter()

    Server(app, bind(settings.host, settings.port), settings)
    marks["server"] = time.perf_counter()
    return marks


if __name__ == "__main__":
    ends = main(float(sys.argv[1]))
    pairs = zip(list(ends.items())[1:], ends.values(), strict=False)
    import json

    print(json.dumps({name: 1000 * (end - start) for (name, end), start in pairs}))  # noqa: T201
