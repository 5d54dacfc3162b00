"""Elements and style sheet of the report's page; texts are escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

MAX_ROWS = 10  # rows of a table that are not folded
MAX_HIDDEN_ROWS = 500
STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --paper: #fff; --soft: #5b6b7b; --line: #d9e0e7;
  --good: #1769aa; --bad: #c2410c; --tint: #f3f6f9 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e9ef; --paper: #12181f; --soft: #9aa9b8; --line: #2e3943; --good: #64b5f6;
    --bad: #fb923c; --tint: #1a222b } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { line-height: 1.2; text-wrap: balance } h2 { margin-top: 3rem } h3 { margin: 2rem 0 0 }
p { max-width: 46rem; margin: .4rem 0 .8rem } .soft, figcaption, small { color: var(--soft) }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .8rem;
  padding: 0; list-style: none }
.numbers li { background: var(--tint); border-radius: .5rem; padding: .6rem .9rem }
.numbers b { display: block; font-size: 1.6rem; line-height: 1.3 } .numbers small { display: block }
.verdict { border-left: .25rem solid var(--good); padding: .2rem .8rem }
.plots { display: flex; flex-wrap: wrap; gap: 2rem } figure { margin: 0; flex: 0 1 26rem }
.plot { width: 100% } .matrix { display: block }
.wide { overflow-x: auto; margin: .5rem 0 }
table { border-collapse: collapse; width: 100%; min-width: 44rem;
  font-variant-numeric: tabular-nums }
td, th { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0;
  border-bottom: 1px solid var(--line) }
th { color: var(--soft); font-weight: 600 }
td { min-width: 6rem } td:first-child { min-width: 11rem }
td.number, th.number { min-width: 0; padding-left: .8rem; text-align: right; white-space: nowrap }
svg.bar { width: 9rem; height: .7rem } .bar rect { fill: var(--line) }
.bar .share { fill: var(--good) }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; margin-top: 1.5rem }
a { color: var(--good) }
summary { cursor: pointer; color: var(--good); padding: .3rem 0 }
.grid, .frame { stroke: var(--line); fill: none } .matrix .grid { stroke-opacity: .5 }
.equal { stroke: var(--soft); stroke-dasharray: 4; fill: none }
.line { fill: none; stroke: var(--good); stroke-width: 2 } .whisker { stroke: var(--soft) }
.dot, .right, .share { fill: var(--good) } .hollow { fill: var(--paper); stroke: var(--good) }
.mark, .wrong { fill: var(--bad) } text { fill: var(--ink); font-size: 10px }
.axis { text-anchor: middle } .row { text-anchor: end }
@media print { details > * { display: block } }
"""


class Html(str):
    """A string of HTML, which is not escaped again."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a page: its title, and its content as HTML."""

    title: str
    content: str


def page(title: str, lead: str, sections: Sequence[Section]) -> str:
    """Return a self-contained page.

    Args:
        title: title of the page.
        lead: HTML above the links to the sections.
        sections: the sections, each linked at the top.
    """
    numbered = list(enumerate(sections, start=1))
    links = "".join(f"<a href='#s{number}'>{escape(each.title)}</a>" for number, each in numbered)
    contents = "".join(
        f"<h2 id='s{number}'>{escape(each.title)}</h2>{each.content}" for number, each in numbered
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f"<main><h1>{escape(title)}</h1>{lead}<nav aria-label='Contents'>{links}</nav>"
        f"{contents}</main></body></html>"
    )


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; `kind` is its CSS class."""
    return f"<p class='{kind}'>{escape(text)}</p>" if kind else f"<p>{escape(text)}</p>"


def figure(plot: str, caption: str) -> str:
    """Return a plot with its caption."""
    return f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int = 0) -> str:
    """Return a table with its first rows visible and the others folded.

    Args:
        header: names of the columns.
        rows: rows of cells, the most important row first.
        numbers: number of columns, counted from the last, that hold numbers.
    """
    shown = _table(header, rows[:MAX_ROWS], numbers)
    if len(rows) <= MAX_ROWS:
        return shown
    hidden = rows[MAX_ROWS : MAX_ROWS + MAX_HIDDEN_ROWS]
    others = len(rows) - MAX_ROWS
    name = f"{others} more" if len(hidden) == others else f"{len(hidden)} of {others} more"
    return f"{shown}{folded(name, _table(header, hidden, numbers))}"


def folded(name: str, content: str) -> str:
    """Return content that a click on its name unfolds."""
    return f"<details><summary>{escape(name)}</summary>{content}</details>"


def wide(content: str) -> str:
    """Return content that scrolls if it is wider than the screen."""
    return f"<div class='wide' tabindex='0'>{content}</div>"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: int) -> str:
    first_number = len(header) - numbers
    head = "".join(_cell("th", name, number >= first_number) for number, name in enumerate(header))
    body = "".join(
        f"<tr>{''.join(_cell('td', cell, at >= first_number) for at, cell in enumerate(row))}</tr>"
        for row in rows
    )
    return wide(f"<table><tr>{head}</tr>{body}</table>")


def _cell(tag: str, text: str, is_number: bool) -> str:  # noqa: FBT001 - of a private function
    kind = " class='number'" if is_number else ""
    content = text if isinstance(text, Html) else escape(text)
    return f"<{tag}{kind}>{content}</{tag}>"
