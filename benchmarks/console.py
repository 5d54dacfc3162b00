"""What a command says while it works."""

from __future__ import annotations

from rich.console import Console

console = Console(markup=False, highlight=False, soft_wrap=True)


def progress(text: str) -> None:
    """Say what is being done."""
    console.print(f"- {text}")
