"""Serve until SIGTERM: ``python -m func.server``."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from func.server.listener import PortError, bind, url_of
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
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop_loading)
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
    # The lines show neither process nor thread nor place in the code, so logging need not look
    # for them ("Optimization" in its documentation).
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    gc.freeze()  # all that is loaded now stays, so the garbage collector need not look at it
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    logger.info("Serving on %s", url_of(listener))
    try:
        server.run()
    finally:
        app.telemetry.close()
    logger.info("Stopped")
    return 0


def _stop_loading(_number: int, _frame: FrameType | None) -> NoReturn:
    """End a process that does not serve yet.

    In a container it is the first process, which Linux does not let a signal end by default.
    """
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
