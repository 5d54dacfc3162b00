"""The app around the small model, and the real server around the shipped one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest
from flask.testing import FlaskClient

from func.app import create_app
from func.handler import IntentFunction
from func.settings import Settings
from model.intent_model import IntentModel
from model.training import MODEL_NAME
from tests.conftest import ROOT

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


@pytest.fixture(scope="session")
def settings(small_folder: Path) -> Settings:
    """Settings that name the small model."""
    return Settings(model_path=small_folder / MODEL_NAME, max_text_length=200, max_batch_size=4)


@pytest.fixture
def client(small_model: IntentModel, settings: Settings) -> FlaskClient:
    """A client of the app around the small model."""
    return create_app(IntentFunction(small_model, settings)).test_client()


@pytest.fixture
def start_server(small_folder: Path) -> Iterator[Callable[..., RunningServer]]:
    """Start servers around the small model with settings of one's own."""
    servers = []

    def start(**environ: str) -> RunningServer:
        environ.setdefault("MODEL_PATH", str(small_folder / MODEL_NAME))
        servers.append(RunningServer.start(environ))
        return servers[-1]

    yield start
    for server in servers:
        server.process.kill()
        server.process.communicate()
