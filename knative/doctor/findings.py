"""Results of checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check.

    Attributes:
        level: OK, WARNING or PROBLEM.
        subject: the object or component that was checked.
        text: its state.
        remedy: how to fix it; empty if nothing is wrong.
    """

    level: str
    subject: str
    text: str
    remedy: str = ""


def ok(subject: str, text: str) -> Finding:
    """Return the finding of a passed check."""
    return Finding(level=OK, subject=subject, text=text)


def warning(subject: str, text: str, remedy: str) -> Finding:
    """Return a finding that may be intended."""
    return Finding(level=WARNING, subject=subject, text=text, remedy=remedy)


def problem(subject: str, text: str, remedy: str) -> Finding:
    """Return a finding that prevents something from working."""
    return Finding(level=PROBLEM, subject=subject, text=text, remedy=remedy)


def print_findings(console: Console, findings: Sequence[Finding], *, verbose: bool) -> None:
    """Print findings for people, and passed checks only if ``verbose``."""
    for each in findings:
        if each.level != OK or verbose:
            console.print(f"{each.level:8} {each.subject}: {each.text}")
        if each.remedy:
            for line in each.remedy.splitlines():
                console.print(f"         {line}")
    counts = Counter(each.level for each in findings)
    console.print(f"{counts[OK]} ok, {counts[WARNING]} warnings, {counts[PROBLEM]} problems")
