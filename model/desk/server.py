"""The server of the desk: on the loopback interface, with a thread for each connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from model.desk.errors import PortError

HOST = "127.0.0.1"


class _QuietHandler(WSGIRequestHandler):
    """Logs no requests: their queries hold utterances."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def listening(app: Flask, port: int) -> Iterator[BaseWSGIServer]:
    """Yield a server that listens on a port; 0 takes any free one.

    Raises:
        PortError: the port is taken.
    """
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        raise PortError(port) from error
    with listener:
        server = make_server(
            HOST, port, app, threaded=True, request_handler=_QuietHandler, fd=listener.fileno()
        )
        server.port = listener.getsockname()[1]
        try:
            yield server
        finally:
            server.server_close()
