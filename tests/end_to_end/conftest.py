"""Fixtures: the real server with the shipped model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from model.training.fitted_model import MODEL_NAME
from tests.support.servers import RunningServer


@pytest.fixture(scope="session")
def shipped_server(shipped_folder: Path) -> Iterator[RunningServer]:
    """A server for tests that only ask it."""
    running = RunningServer.start({"MODEL_PATH": str(shipped_folder / MODEL_NAME)})
    yield running
    running.stop()
