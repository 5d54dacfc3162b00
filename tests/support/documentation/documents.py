"""The documentation as tests read it: links, and blocks of commands with their output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT

DOCUMENTS = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")))
CLUSTER = "cluster"

_BLOCK = re.compile(r"^```(\w*)[ ]?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_VOLATILE = (
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)"), "TIME"),
    (re.compile(r"^Date: .*", re.MULTILINE), "DATE"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:ms|s)\b"), "DURATION"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of commands.

    Attributes:
        document, line: its place.
        needs_cluster: whether the document marks it as needing a cluster.
        text: its content.
    """

    document: Path
    line: int
    needs_cluster: bool
    text: str

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Return each command with the output that the document shows."""
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        return [_split(part) for part in parts]


def _split(part: str) -> tuple[str, str]:
    """Split a command, which continues after a backslash or within quotes, from its output."""
    lines = part.splitlines(keepends=True)
    count = 1
    while lines[count - 1].rstrip().endswith("\\") or "".join(lines[:count]).count("'") % 2:
        count += 1
    return "".join(lines[:count]).strip(), "".join(lines[count:])


def blocks(document: Path) -> Iterator[Block]:
    """Yield the console blocks of a document."""
    text = document.read_text()
    for found in _BLOCK.finditer(text):
        if found[1] == "console":
            line = text.count("\n", 0, found.start()) + 1
            yield Block(document, line, found[2] == CLUSTER, found[3])


def links(document: Path) -> list[str]:
    """Return the targets of a document's links."""
    return _LINK.findall(_BLOCK.sub("", document.read_text()))


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub derives them."""
    headings = _HEADING.findall(_BLOCK.sub("", document.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_volatile(output: str) -> str:
    """Replace times, dates and durations, which differ between runs."""
    for pattern, name in _VOLATILE:
        output = pattern.sub(name, output)
    return output.replace("\r\n", "\n").strip()
