"""Make users' texts harmless where people read them: in terminals and in spreadsheets."""

from __future__ import annotations

import re

# Control characters except tab and line feed, line separators, marks that change the direction of
# text, and halves of surrogate pairs, which no output can encode.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
# Spreadsheet programs run a cell that begins with one of these as a formula. The apostrophe is
# among them so that a guarded cell differs from every other text.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")


def printable(text: str) -> str:
    r"""Return a text that can't control a terminal: such characters are written as ``\u001b``.

    The escape is that of JSON, so that a line of JSON keeps its meaning.
    """
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def single_line(text: str) -> str:
    """Return a text without line breaks, so that it can't imitate further lines of output."""
    return printable(text).replace("\n", "\\n")


def guarded(cell: str) -> str:
    """Return a cell for a CSV file that people open: an apostrophe precedes a possible formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
