"""Report how often words of unclear prose occur: ``python -m tests.documentation.word_counts``."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.paths import ROOT

PACKAGES = ("func", "model", "knative")
# Words, and the number of them per thousand that the project wants to stay below.
GROUPS = {("what",): 3, ("give", "gives", "given"): 3, ("tell", "tells", "told"): 1}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def prose(source: str) -> Iterator[str]:
    """Yield the docstrings and comments of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _DOCUMENTED) and (docstring := ast.get_docstring(node)):
            yield docstring
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def per_thousand(texts: Sequence[str], words: Sequence[str]) -> float:
    """Return how many of a thousand words in the texts are one of `words`; 0 without any text."""
    counts = Counter(word for text in texts for word in _WORD.findall(text.lower()))
    return 1000 * sum(counts[word] for word in words) / max(counts.total(), 1)


def report(folder: Path) -> str:
    """Return one line for each package of the project in `folder`."""
    lines = ["Words per thousand in docstrings and comments:"]
    for package in PACKAGES:
        modules = sorted((folder / package).rglob("*.py"))
        texts = [text for module in modules for text in prose(module.read_text())]
        rates = (
            f"{'/'.join(words)} {per_thousand(texts, words):.1f} (wanted: under {limit})"
            for words, limit in GROUPS.items()
        )
        lines.append(f"  {package:<8} " + ", ".join(rates))
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(ROOT))  # noqa: T201 - the report is the output
