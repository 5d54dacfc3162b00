"""Clients of text classification servers against the real server."""

from __future__ import annotations

import pytest

from tests.support.documentation.documents import blocks
from tests.support.documentation.snippets import (
    CALLERS,
    needs_clients,
    program,
    run_command,
    run_snippet,
)

REFUSED = """
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError

client = InferenceClient(model="http://localhost:8080/predict")
print(round(sum(each.score for each in client.text_classification("reset my password")), 3))
try:
    client.text_classification("hello", function_to_apply="sigmoid")
except HfHubHTTPError as error:
    print(error.response.status_code, *error.response.json().values(), sep=": ")
"""


@needs_clients
def test_client_of_the_hub_works_unchanged(shipped_server):
    """The documented program prints the documented output."""
    code, printed = program("huggingface_hub")

    assert run_snippet(shipped_server, code) == printed


@needs_clients
def test_client_of_the_hub_gets_all_labels_and_reasons(shipped_server):
    """All scores add up to 1, and the client's error has the reason."""
    assert run_snippet(shipped_server, REFUSED).splitlines() == [
        "1.0",
        "422: The scores are probabilities: no others are available: Validation",
    ]


COMMANDS = [pair for block in blocks(CALLERS) for pair in block.commands]


@pytest.mark.parametrize(("command", "printed"), COMMANDS, ids=["tei", "vllm"])
def test_curl_prints_the_documented_output(shipped_server, command, printed):
    """The documented commands print the documented output."""
    assert run_command(shipped_server, command).strip() == printed.strip()
