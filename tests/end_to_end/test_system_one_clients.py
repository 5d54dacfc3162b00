"""Existing clients of System One, unmodified, against the real server."""

from __future__ import annotations

import pytest

from tests.support.documentation.snippets import needs_clients, program, run_snippet

COMPRESSED = """
from typesafe_sdk import Choice, TypeSafeAPIError, TypeSafeClient

parts = {f"part-{number}": number for number in range(200)}
with TypeSafeClient(base_url="http://localhost:8080", api_key="any", compression="zstd") as client:
    for text in ("reset my password", "x" * 6000):
        try:
            result = client.system_one(
                state={"text": text, **parts},
                questions={"topic": Choice(criteria={"password_reset": None, "thanks": None})},
            )
            print(result.choices["topic"].choice)
        except TypeSafeAPIError as error:
            print(error.status, error.body["detail"])
"""

REFUSED = """
from typesafe_sdk import Choice, RetryPolicy, TypeSafeClient, TypeSafeAPIError

with TypeSafeClient(
    base_url="http://localhost:8080", api_key="any", retry=RetryPolicy(max_retries=0)
) as client:
    for state, criteria in (("hello", {"sales": None}), (" ", {"thanks": None})):
        try:
            client.system_one(state=state, questions={"topic": Choice(criteria=criteria)})
        except TypeSafeAPIError as error:
            print(type(error).__name__, str(error).partition(": ")[2][:40])
"""


@needs_clients
@pytest.mark.parametrize("heading", ["typesafe-sdk", "LiteLLM"])
def test_clients_work_unchanged(shipped_server, heading):
    """The documented clients print the documented output."""
    code, printed = program(heading)

    assert run_snippet(shipped_server, code) == printed


@needs_clients
def test_compressed_requests_are_answered(shipped_server):
    """The client compresses large requests by zstd; a limit is one on the decompressed text."""
    assert run_snippet(shipped_server, COMPRESSED).splitlines() == [
        "password_reset",
        "413 The state must have at most 5000 characters",
    ]


@needs_clients
def test_client_recognises_errors(shipped_server):
    """The client raises its own error for each, with the place and the reason."""
    assert run_snippet(shipped_server, REFUSED).splitlines() == [
        "TypeSafeUnprocessableEntityError 422 questions.topic.choice.criteria.sale",
        "TypeSafeUnprocessableEntityError 422 The state must not be empty",
    ]
