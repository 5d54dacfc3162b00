"""Real servers: as a process of their own, or in a thread, to look at their connections."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from func import server as server_module
from func.app import App
from func.channel import Channel
from func.handler import IntentFunction
from func.server import Server
from func.settings import Settings
from model.intent_model import IntentModel
from tests.conftest import ROOT

REQUEST = (
    b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
    b'Content-Length: 17\r\n\r\n{"text": "hello"}'
)

STARTED = re.compile(r"Serving on http://[^:]+:(\d+)")


@dataclass
class RunningServer:
    """A server process, and what it has logged so far."""

    process: subprocess.Popen[str]
    port: int
    head: str

    @classmethod
    def start(cls, environ: dict[str, str]) -> Self:
        """Start ``python -m func.server`` on a free port and wait until it serves."""
        process = subprocess.Popen(
            [sys.executable, "-m", "func.server"],
            cwd=ROOT,
            env=os.environ | {"PORT": "0", "HOST": "127.0.0.1", "LOG_FORMAT": "json"} | environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr
        head = ""
        for line in process.stderr:
            head += line
            if found := STARTED.search(line):
                return cls(process, int(found[1]), head)
        raise AssertionError(head)

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> tuple[int, str]:
        """Send SIGTERM; give the exit code, and all that was logged."""
        self.process.terminate()
        _, rest = self.process.communicate(timeout=60)
        return self.process.returncode, self.head + rest


def build_server(model: IntentModel, **options: Any) -> Server:
    """Build a server on a free port, without running it."""
    settings = Settings(host="127.0.0.1", port=0, **options)
    app = App(IntentFunction(model, settings))
    return Server(app, server_module._bind(settings), settings)


def address(server: Server) -> tuple[str, int]:
    """Where a server in this process listens."""
    return "127.0.0.1", int(server._waitress.effective_port)


def channels(server: Server) -> list[Channel]:
    """The open connections of a server in this process."""
    return list(server._waitress.active_channels.values())


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something holds, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()
