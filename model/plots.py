"""Plots as SVG, in the colours of the page that they stand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

SIZE = 300
MARGIN = 40
Point = tuple[float, float]


def curve(
    points: Sequence[Point], *, x: str, y: str, diagonal: bool = False, mark: Point | None = None
) -> str:
    """Draw shares (0 to 1) against shares.

    Args:
        points: from left to right.
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        diagonal: whether to draw where both are equal.
        mark: a point to stress.
    """
    line = " ".join(f"{_across(a):.1f},{_up(b):.1f}" for a, b in points)
    dots = "".join(_dot(point, "dot") for point in points) if diagonal else ""
    equal = f'<path class="equal" d="M{_across(0)} {_up(0)}L{_across(1)} {_up(1)}"/>'
    return (
        f'<svg viewBox="0 0 {SIZE + MARGIN + 20} {SIZE + MARGIN}" class="plot" role="img" '
        f'aria-label="{escape(y)} against {escape(x)}">'
        f"{_grid()}{equal if diagonal else ''}"
        f'<polyline class="line" points="{line}"/>{dots}{_dot(mark, "mark") if mark else ""}'
        f'<text x="{_across(0.5)}" y="{SIZE + MARGIN - 4}" class="axis">{escape(x)}</text>'
        f'<text transform="translate(10 {_up(0.5)}) rotate(-90)" class="axis">{escape(y)}</text>'
        "</svg>"
    )


def matrix(labels: Sequence[str], shares: Mapping[tuple[str, str], float]) -> str:
    """Draw a confusion matrix; each cell tells on hovering what it is.

    Args:
        labels: of rows and columns, in order.
        shares: of a row's utterances that fell into a column, 0 to 1; cells not there are empty.
    """
    cell = 10
    margin = 6 * max(map(len, labels))
    side = cell * len(labels)
    places = {label: cell * number for number, label in enumerate(labels)}
    cells = "".join(
        f'<rect x="{margin + places[column]}" y="{places[row]}" width="{cell}" height="{cell}" '
        f'class="{"right" if row == column else "wrong"}" fill-opacity="{0.15 + 0.85 * share:.2f}">'
        f"<title>{escape(row)} taken for {escape(column)}: {share:.0%}</title></rect>"
        for (row, column), share in shares.items()
    )
    names = "".join(
        f'<text x="{margin - 3}" y="{place + cell - 2}" class="row">{escape(label)}</text>'
        f'<text transform="translate({margin + place + cell - 2} {side + 4}) rotate(-90)" '
        f'class="row">{escape(label)}</text>'
        for label, place in places.items()
    )
    return (
        f'<svg viewBox="0 0 {side + margin} {side + margin}" class="matrix" role="img" '
        f'aria-label="Confusion matrix"><rect x="{margin}" width="{side}" height="{side}" '
        f'class="frame"/>{cells}{names}</svg>'
    )


def _across(share: float) -> float:
    return MARGIN + share * (SIZE - 10)


def _up(share: float) -> float:
    return SIZE - share * (SIZE - 10)


def _dot(point: Point, name: str) -> str:
    return f'<circle class="{name}" cx="{_across(point[0]):.1f}" cy="{_up(point[1]):.1f}" r="4"/>'


def _grid() -> str:
    return "".join(
        f'<path class="grid" d="M{_across(0)} {_up(share)}H{_across(1)}M{_across(share)} {_up(0)}'
        f'V{_up(1)}"/><text x="{MARGIN - 4}" y="{_up(share) + 4}" class="row">{share:.0%}</text>'
        f'<text x="{_across(share)}" y="{SIZE + 14}" class="axis">{share:.0%}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
