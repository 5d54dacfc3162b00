"""Existing clients of the Open Inference Protocol against the real server.

Their requirements conflict with each other and with the project's, so they run in an environment of
their own. The programs are those of docs/open-inference.md.
"""

from __future__ import annotations

import pytest

from tests.support.documentation.documents import blocks
from tests.support.documentation.snippets import needs_clients, programs, run_command, run_snippet
from tests.support.paths import ROOT

DOCUMENT = ROOT / "docs" / "open-inference.md"
IDS = ["triton-binary", "triton-json", "kserve", "mlserver"]

REFUSED = """
import numpy as np
import tritonclient.http as triton

with triton.InferenceServerClient("localhost:8080") as client:
    texts = triton.InferInput("text", [1], "BYTES")
    texts.set_data_from_numpy(np.array(["marker"], dtype=object))
    for options in (
        {"model_version": "1"},
        {"request_compression_algorithm": "gzip", "outputs": [triton.InferRequestedOutput("no")]},
        {"outputs": [triton.InferRequestedOutput("intent", class_count=2)]},
    ):
        try:
            client.infer("intent-classifier", [texts], **options)
        except triton.InferenceServerException as error:
            print(error)
"""


@needs_clients
@pytest.mark.parametrize(("snippet", "printed"), programs(DOCUMENT), ids=IDS)
def test_clients_work_unchanged(shipped_server, snippet, printed):
    """Each documented client prints the documented output."""
    assert run_snippet(shipped_server, snippet) == printed


@needs_clients
def test_client_raises_the_reason_of_a_rejection(shipped_server):
    """The client's exception holds the status and the reason, but no part of the text."""
    assert run_snippet(shipped_server, REFUSED).splitlines() == [
        "[404] No such version of the model",
        "[400] The outputs are intent, confidence, alternatives, alternative_confidences",
        "[400] The parameter 'classification' is not supported",
    ]


def test_curl_prints_the_documented_output(shipped_server):
    """The documented curl commands print the documented output."""
    [(command, expected)] = [pair for block in blocks(DOCUMENT) for pair in block.commands]

    assert run_command(shipped_server, command).strip() == expected.strip()
