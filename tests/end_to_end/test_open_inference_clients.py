"""Existing clients of the Open Inference Protocol against the real server.

Their requirements conflict with each other and with the project's, so they run in an environment of
their own. The programs are those of docs/open-inference.md.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.training.trainer import MODEL_NAME
from tests.support.documents import blocks
from tests.support.paths import ROOT
from tests.support.servers import RunningServer

DOCUMENT = ROOT / "docs" / "open-inference.md"
PYTHON = ROOT / ".venv-clients" / "bin" / "python"
SNIPPETS = re.findall(r"```python\n(.*?)```\n```text\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
IDS = ["triton-binary", "triton-json", "kserve", "mlserver"]

REFUSED = """
import numpy as np
import tritonclient.http as triton

with triton.InferenceServerClient("localhost:8080") as client:
    texts = triton.InferInput("text", [1], "BYTES")
    texts.set_data_from_numpy(np.array(["marker"], dtype=object))
    for options in (
        {"model_version": "1"},
        {"request_compression_algorithm": "gzip"},
        {"outputs": [triton.InferRequestedOutput("intent", class_count=2)]},
    ):
        try:
            client.infer("intent-classifier", [texts], **options)
        except triton.InferenceServerException as error:
            print(error)
"""

needs_clients = pytest.mark.skipif(
    not PYTHON.exists(), reason="no clients installed: make .venv-clients/.installed"
)


@pytest.fixture(scope="module")
def server(shipped_folder: Path) -> Iterator[RunningServer]:
    """The real server with the shipped model."""
    running = RunningServer.start({"MODEL_PATH": str(shipped_folder / MODEL_NAME)})
    yield running
    running.stop()


def run(command: list[str | Path], *, text: str = "") -> str:
    """Run a program that calls the server, and return its output."""
    process = subprocess.run(command, input=text, check=True, capture_output=True, text=True)
    return process.stdout


def run_snippet(server: RunningServer, snippet: str) -> str:
    """Run Python code in the clients' environment, and return its output."""
    at_server = snippet.replace("localhost:8080", f"127.0.0.1:{server.port}")
    return run([PYTHON, "-"], text=at_server)


@needs_clients
@pytest.mark.parametrize(("snippet", "printed"), SNIPPETS, ids=IDS)
def test_clients_work_unchanged(server, snippet, printed):
    """Each documented client prints the documented output."""
    assert run_snippet(server, snippet) == printed


@needs_clients
def test_client_raises_the_reason_of_a_rejection(server):
    """The client's exception holds the status and the reason, but no part of the text."""
    assert run_snippet(server, REFUSED).splitlines() == [
        "[404] No such version of the model",
        "[415] The Content-Encoding must be identity",
        "[400] The parameter 'classification' is not supported",
    ]


def test_curl_prints_the_documented_output(server):
    """The documented curl commands print the documented output."""
    [(command, expected)] = [pair for block in blocks(DOCUMENT) for pair in block.commands]
    at_server = command.replace("localhost:8080", f"127.0.0.1:{server.port}")

    assert run(["bash", "-c", at_server]).strip() == expected.strip()
