"""Real servers: in a process of their own, or in a thread, for inspecting their connections."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from socketserver import BaseServer
from typing import Any, Self

from benchmarks.system.cpu_time import cpu_seconds
from func.app import App
from func.handler import IntentFunction
from func.optional_parts import load_authentication
from func.server.connection import Connection
from func.server.listener import bind
from func.server.server import Server
from func.settings import Settings
from model.inference.intent_model import IntentModel
from tests.support.paths import ROOT
from tests.support.processes import unmeasured
from tests.support.timeouts import TIMEOUT_S

REQUEST = (
    b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
    b'Content-Length: 17\r\n\r\n{"text": "hello"}'
)

SERVER = (sys.executable, "-m", "func.server")
STARTED = re.compile(r"Serving on http://[^:]+:(\d+)")
# By default, socketserver looks only every half second whether it shall end.
POLL_S = 0.01


class RunningServer:
    """A server process.

    Attributes:
        process, port: the process and its port.
        lines: the lines that it has logged so far.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.port = self._read_port()
        # A process blocks once the pipe of its log is full.
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @classmethod
    def start(
        cls,
        environ: dict[str, str],
        *,
        command: Sequence[str] = SERVER,
        is_measured: bool = False,
        **options: Any,
    ) -> Self:
        """Start the server on a free port and wait until it serves.

        Most servers run lines that tests in the process cover: their coverage is not measured.
        """
        defaults = {"PORT": "0", "HOST": "127.0.0.1", "LOG_FORMAT": "json"}
        process = subprocess.Popen(
            command,
            env=(os.environ if is_measured else unmeasured()) | defaults | environ,
            stderr=subprocess.PIPE,
            text=True,
            **{"cwd": ROOT, **options},
        )
        return cls(process)

    @property
    def url(self) -> str:
        """Return the URL of the server."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> tuple[int, str]:
        """Send SIGTERM; return the exit code and the whole log."""
        self.process.terminate()
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait until the process ends; return the exit code and the whole log."""
        exit_code = self.process.wait(timeout=TIMEOUT_S)
        self._reader.join()
        return exit_code, "".join(self.lines)

    def _read_port(self) -> int:
        for line in self._log():
            if found := STARTED.search(line):
                return int(found[1])
        raise AssertionError("".join(self.lines))

    def _read(self) -> None:
        assert self.process.stderr
        with self.process.stderr:
            for _ in self._log():
                pass

    def _log(self) -> Iterator[str]:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.append(line)
            yield line


def run_server(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the server, or another program that contains it, until it exits."""
    return subprocess.run(
        [sys.executable, *arguments] if arguments else SERVER,
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def send_meanwhile(hold: Any, first: socket.socket, sent: dict[socket.socket, bytes]) -> None:
    """Send requests while the server is busy with the first connection's request."""
    with hold as is_held:
        first.sendall(REQUEST)
        assert is_held.wait(TIMEOUT_S)
        for connection, request in sent.items():
            connection.sendall(request)


def build_server(model: IntentModel, **options: Any) -> Server:
    """Build a server on a free port, without running it."""
    settings = Settings(host="127.0.0.1", port=0, **options)
    app = App(IntentFunction(model, settings, load_authentication(settings)))
    return Server(app, bind(settings.host, settings.port), settings)


@contextmanager
def served(server: BaseServer) -> Iterator[None]:
    """Run a server of the standard library or of Werkzeug in a thread; who opened it closes it."""
    thread = threading.Thread(target=server.serve_forever, args=(POLL_S,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def address(server: Server) -> tuple[str, int]:
    """Return the address of a server in this process."""
    return "127.0.0.1", server.port


def connections(server: Server) -> list[Connection]:
    """Return the open connections of a server in this process."""
    return list(server.shared.open)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; fail after `TIMEOUT_S`."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()


def is_quiet(server: RunningServer) -> bool:
    """Return whether the process uses no CPU time for a moment."""
    before = cpu_seconds(server.process.pid)
    time.sleep(0.2)
    return cpu_seconds(server.process.pid) - before < 0.02


def can_connect(port: int) -> bool:
    """Return whether the port accepts connections."""
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
