"""Programs of the documentation that call the function, and the output that it shows."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.servers import RunningServer

CALLERS = ROOT / "docs" / "callers.md"
# The clients' requirements conflict with the project's: they have an environment of their own.
PYTHON = ROOT / ".venv-clients" / "bin" / "python"
# LiteLLM would look for newer prices in the internet, and wait for them.
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}

needs_clients = pytest.mark.skipif(
    not PYTHON.exists(), reason="no clients installed: make .venv-clients/.installed"
)

_PROGRAM = re.compile(r"```python\n(.*?)```\n```text\n(.*?)```", re.DOTALL)


def programs(document: Path) -> list[tuple[str, str]]:
    """Return the Python programs of a document, each with its output."""
    return _PROGRAM.findall(document.read_text())


def program(heading: str) -> tuple[str, str]:
    """Return the program below a heading of docs/callers.md, with its output."""
    section = CALLERS.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    [found] = _PROGRAM.findall(section)
    code, printed = found
    return code, printed


def run(command: list[str | Path], *, text: str = "") -> str:
    """Run a program that calls the server, and return its output."""
    process = subprocess.run(
        command, input=text, check=True, capture_output=True, text=True, env=os.environ | OFFLINE
    )
    return process.stdout


def run_snippet(server: RunningServer, snippet: str) -> str:
    """Run Python code in the clients' environment, and return its output."""
    return run([PYTHON, "-"], text=snippet.replace("localhost:8080", f"127.0.0.1:{server.port}"))


def run_command(server: RunningServer, command: str) -> str:
    """Run a shell command of the documentation, and return its output."""
    return run(["bash", "-c", command.replace("localhost:8080", f"127.0.0.1:{server.port}")])
