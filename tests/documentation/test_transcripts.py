"""The tutorial and the walkthrough: each command runs and prints the documented lines."""

from __future__ import annotations

import pytest

from tests.support.documentation.checkout import check_out
from tests.support.documentation.transcripts import Command, commands_in, run
from tests.support.ports import free_port

PAGES = ("docs/tutorial.md", "docs/feedback.md", "docs/descriptions.md")
FOLDERS = {"bike", "bike-review", "described"}


@pytest.mark.slow
def test_pages_print_what_their_commands_print(tmp_path):
    """In a clean clone and one shell, page after page, the output is the one that is shown.

    All files that the commands write are in the pages' own folders.
    """
    check_out(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    commands = [command for page in PAGES for command in commands_in(tmp_path / page)]

    outputs = run(commands, tmp_path, free_port())

    for command, output in zip(commands, outputs, strict=True):
        assert command.gives(output), f"{command.line}\n{output}"
    assert {path.name for path in tmp_path.iterdir()} == before | FOLDERS


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
