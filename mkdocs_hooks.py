"""Builds the site from the layout of the repository, so that links work in both.

MkDocs takes pages from one folder only; README files, and files that pages link to, are elsewhere.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent
PAGES = (
    "*.md",
    "docs/**/*.md",
    "model/data/README.md",
    "examples/README.md",
    "benchmarks/README.md",
)
DECISIONS = "docs/decisions/"

_FENCE = re.compile(r"^(\s*```)(\w*).*")
_LIST_ITEM = re.compile(r"(?:[-*]|\d+\.) ")
_LINK = re.compile(r"\]\(([^)#\s]+)")


def on_config(config: Any) -> Any:
    """Add all decisions to the navigation, and pages that no section names."""
    decisions = config["nav"][-1]["Background"][-1]["Decisions"]
    found = sorted(path.name for path in (ROOT / DECISIONS).glob("[0-9]*.md"))
    decisions += [f"{DECISIONS}{name}" for name in found]
    named = str(config["nav"])
    pages = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("docs/*.md"))]
    more = [page for page in pages if page not in named]
    config["nav"] += [{"More": [*more, "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]}]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Return the pages and what they link to, by their paths in the repository."""
    pages = {path.relative_to(ROOT).as_posix() for pattern in PAGES for path in ROOT.glob(pattern)}
    linked = {target for page in pages for target in _targets(page)}
    theirs = [file for file in files if not file.abs_src_path.startswith(config["docs_dir"])]
    ours = [
        File.generated(config, path, abs_src_path=str(ROOT / path))
        for path in sorted(pages | linked)
    ]
    return Files([*theirs, *ours])


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page in the dialect of Python-Markdown, which is stricter than that of forges.

    A list or a table needs a blank line before it, a code block has no more than a language, and
    lists are nested by four spaces.
    """
    lines: list[str] = []
    is_code = False
    for line in markdown.splitlines():
        if fence := _FENCE.match(line):
            is_code = not is_code
            lines.append(f"{fence[1]}{fence[2]}")
        elif is_code:
            lines.append(line)
        else:
            if lines and lines[-1].strip() and _starts_block(lines[-1].lstrip(), line):
                lines.append("")
            lines.append(" " * (len(line) - len(line.lstrip())) + line)
    return "\n".join(lines)


def _starts_block(before: str, line: str) -> bool:
    if line.lstrip().startswith("|"):
        return not before.startswith("|")
    return bool(_LIST_ITEM.match(line)) and not _LIST_ITEM.match(before)


def _targets(page: str) -> Iterator[str]:
    """Yield the files of the repository that a page links to."""
    for link in _LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
        if "://" not in link and (ROOT / target).is_file():
            yield target
