"""The documentation is accurate: links resolve, and commands print the documented output."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.documentation.checkout import check_out
from tests.support.documentation.documents import (
    DOCUMENTS,
    anchors,
    blocks,
    links,
    without_volatile,
)
from tests.support.paths import ROOT
from tests.support.ports import free_port
from tests.support.processes import unmeasured
from tests.support.servers import can_connect, wait_for
from tests.support.timeouts import TIMEOUT_S

README = ROOT / "README.md"
START = "make run"
NAMES = [document.relative_to(ROOT).as_posix() for document in DOCUMENTS]


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_links_resolve(document):
    """Every linked file and heading exists; external links use https."""
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path) if path else document
        assert link.startswith("https://") or target.exists(), link
        assert link.startswith("https://") or not anchor or anchor in anchors(target), link


def test_architecture_lists_the_existing_packages():
    """The diagram names each package of func, model and knative, and no other."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    picture = text.partition("```mermaid")[2].partition("```")[0]
    shown = set(re.findall(r"\[((?:func|model|knative)/\w+)\]", picture))
    rooms = {
        path.parent.relative_to(ROOT).as_posix()
        for package in ("func", "model", "knative")
        for path in (ROOT / package).glob("*/__init__.py")
    }

    assert shown == rooms


@pytest.fixture
def checkout(shipped_folder: Path, tmp_path: Path) -> Path:
    """A copy of the project, installed and trained."""
    check_out(tmp_path)
    shutil.copytree(shipped_folder, tmp_path / "model" / "artifacts", copy_function=shutil.copy)
    return tmp_path


@pytest.fixture
def served(checkout) -> Iterator[tuple[Path, int]]:
    """The project, served as the README describes, on a free port."""
    port = free_port()
    environ = unmeasured() | {"PORT": str(port)}
    process = subprocess.Popen(["make", "run"], cwd=checkout, env=environ)  # noqa: S607
    try:
        wait_for(lambda: process.poll() is None and can_connect(port))
        yield checkout, port
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


@pytest.mark.slow
def test_commands_of_the_readme_print_the_documented_output(served):
    """Commands that need no cluster run in order and print the output that the README shows."""
    folder, port = served
    for block in blocks(README):
        for command, expected in block.commands * (not block.needs_cluster):
            assert without_volatile(run(command, folder, port)) == without_volatile(expected), (
                command
            )


def test_all_commands_are_run_or_need_a_cluster():
    """Every documented command is run by a test, unless it is marked as needing a cluster."""
    unmarked = {
        block.document.name
        for document in DOCUMENTS
        for block in blocks(document)
        if block.commands and not block.needs_cluster
    }

    assert unmarked == {"README.md", "callers.md", "open-inference.md", *TRANSCRIPTS}


# Run by test_transcripts.py; the others by the tests of clients in tests/end_to_end.
TRANSCRIPTS = ("tutorial.md", "feedback.md", "descriptions.md")


def run(command: str, folder: Path, port: int) -> str:
    """Run a command of the documentation, and return its output."""
    if command.startswith(START):
        return "TIME INFO Serving on http://0.0.0.0:8080"
    process = subprocess.run(
        ["bash", "-c", command.replace("localhost:8080", f"localhost:{port}")],  # noqa: S607
        cwd=folder,
        env=unmeasured(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    # curl shows its progress on standard error.
    return process.stdout + process.stderr * (not command.startswith("curl"))
