"""The tutorial and the walkthrough: each command runs and prints the documented lines."""

from __future__ import annotations

import socket

import pytest

from tests.support.paths import ROOT
from tests.support.transcripts import Command, commands_in, run


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("name", ["tutorial", "feedback"])
def test_commands_of_a_document_print_the_documented_output(name, tmp_path):
    """The commands, run in order, print the output that the document shows."""
    commands = commands_in(ROOT / "docs" / f"{name}.md")

    outputs = run(commands, tmp_path, free_port())

    for command, output in zip(commands, outputs, strict=True):
        assert command.gives(output), f"{command.line}\n{output}"


@pytest.mark.parametrize(
    ("output", "is_same"),
    [
        pytest.param("a 0.98 b\nlast\n", True, id="other-decimals"),
        pytest.param("a 0.97 c\nlast\n", False, id="other-words"),
        pytest.param("a 0.97 b\n", False, id="a-line-less"),
    ],
)
def test_comparison_finds_differences(output, is_same):
    """Outputs may differ in decimals and durations only."""
    assert Command("x", "a 0.97 b\nlast\n").gives(output) is is_same
