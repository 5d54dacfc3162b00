"""KServe's client, with version 1 of the protocol, against the real server."""

from __future__ import annotations

from tests.support.documentation.snippets import needs_clients, program, run_snippet


@needs_clients
def test_client_works_unchanged(shipped_server):
    """The documented program prints the documented output."""
    code, printed = program("KServe, version 1")

    assert run_snippet(shipped_server, code) == printed
