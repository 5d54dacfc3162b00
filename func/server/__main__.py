"""Serve until SIGTERM: ``python -m func.server``."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys

from func.server.listener import PortError, bind
from func.settings import Settings, SettingsError
from model.errors import ArtifactError

logger = logging.getLogger(__name__)

CAN_NOT_START = 1
WRONG_USAGE = 2
NO_ARGUMENTS = (
    "The server takes no arguments. Its settings are environment variables, "
    "such as PORT=9000 and MODEL_URI=model/shipped: README.md lists them."
)


def main() -> int:
    """Serve until a signal asks to stop.

    Returns:
        The exit code: 0 after a stop by SIGTERM or SIGINT, 1 when it can't start, 2 with arguments.
    """
    if sys.argv[1:]:
        print(NO_ARGUMENTS, file=sys.stderr)  # noqa: T201 - the logs are not configured
        return WRONG_USAGE
    try:
        settings = Settings.from_environ(os.environ)
        listener = bind(settings.host, settings.port)
        port = settings.metrics_port
        metrics_listener = None if port is None else bind(settings.host, port)
        # Imported late: a wrong setting or a taken port is reported before numpy is loaded.
        from func.app import App  # noqa: PLC0415
        from func.server.server import Server  # noqa: PLC0415

        app = App.load(settings)
        server = Server(app, listener, settings)
        if metrics_listener:
            server.show_metrics(metrics_listener)
    except (SettingsError, ArtifactError, PortError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the logs may not be configured yet
        return CAN_NOT_START
    # Which process and thread logs a record, and where, is not shown and need not be found out
    # ("Optimization" in the documentation of logging).
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    gc.freeze()  # what is loaded stays: no collection of garbage need look at it
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    logger.info("Serving on http://%s:%d", *listener.getsockname()[:2])
    try:
        server.run()
    finally:
        app.telemetry.close()
    logger.info("Stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
