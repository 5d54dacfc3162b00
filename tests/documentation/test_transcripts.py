"""The tutorial and the walkthrough: each command is run, and each printed line is real."""

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
def test_document_prints_what_its_commands_print(name, tmp_path):
    """From the first command to the last, the output is the one that is shown."""
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
    """Only decimals and durations may differ."""
    assert Command("x", "a 0.97 b\nlast\n").gives(output) is is_same
