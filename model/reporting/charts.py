"""Plots as SVG, in the colours of the surrounding page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, log2, sqrt

from model.evaluation.confidence_intervals import Interval

SIZE = 300
MARGIN = 40
TICK_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
MAX_INTERVALS = 5  # of the axes' grids
CELL = 12
LETTER = 6  # mean width of a letter in the labels of a matrix
# A matrix of at most this many labels is enlarged by this factor.
SCALES = ((12, 2.4), (40, 1.4))
LARGEST_DOT = 7
# A cell of a matrix has the opacity of the first level that its share does not exceed: levels are
# easier to tell apart than a continuous scale.
LEVELS = ((0.01, 0.2), (0.03, 0.4), (0.1, 0.6), (0.3, 0.8), (1.0, 1.0))

Shares = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Dot:
    """A measured share: its coordinates, its interval, and its number of cases."""

    x: float
    y: float
    interval: Interval
    cases: int


def reliability(dots: Sequence[Dot]) -> str:
    """Return a reliability diagram: accuracy against confidence; a dot's size shows its cases."""
    axes = _Axes("confidence", "share of right predictions")
    max_cases = max(dot.cases for dot in dots)
    drawn = "".join(
        f"{axes.whisker(dot.x, dot.interval)}"
        f"{axes.dot((dot.x, dot.y), 'dot', 2 + (LARGEST_DOT - 2) * sqrt(dot.cases / max_cases))}"
        for dot in dots
    )
    return axes.drawn(f"{axes.line([(0, 0), (1, 1)], 'equal')}{drawn}")


def trade_off(points: Sequence[Shares], *, mark: Shares | None, limit: float) -> str:
    """Return a plot of rejected out-of-scope texts against rejected in-scope ones.

    Args:
        points: shares of rejected in-scope and out-of-scope texts for each threshold, ascending.
        mark: the point of the model's own threshold.
        limit: largest share of rejected in-scope texts to show.
    """
    axes = _Axes("false rejection rate", "out-of-scope recall", right=limit)
    stressed = axes.dot(mark, "mark", LARGEST_DOT - 2) if mark and mark[0] <= limit else ""
    return axes.drawn(f"{axes.line([p for p in points if p[0] <= limit], 'line')}{stressed}")


def act_error(dots: Sequence[Dot], *, mark: Shares | None) -> str:
    """Return a plot of errors against the share of messages that are acted on.

    Args:
        dots: the share acted on and the share of errors among these, for each confidence.
        mark: the point of the model's own confidence to act on.
    """
    top = _ceiling(max(dot.interval.high for dot in dots))
    axes = _Axes("messages acted on", "errors among these", up=(0.0, top))
    whiskers = "".join(axes.whisker(dot.x, dot.interval) for dot in dots)
    points = [(dot.x, dot.y) for dot in dots]
    drawn = "".join(axes.dot(point, "dot", 3) for point in points)
    stressed = axes.dot(mark, "mark", LARGEST_DOT - 2) if mark else ""
    return axes.drawn(f"{whiskers}{axes.line(points, 'line')}{drawn}{stressed}")


def growth(dots: Sequence[Dot], following: Dot) -> str:
    """Return a plot of accuracy against the logarithm of the number of utterances.

    Args:
        dots: measured accuracies; ``x`` is the number of utterances, ascending.
        following: expected accuracy for more utterances.
    """
    bottom = min(0.8, int(10 * min(dot.interval.low for dot in dots)) / 10)
    first, last = log2(dots[0].x), log2(following.x)
    placed = [((log2(dot.x) - first) / (last - first), dot) for dot in (*dots, following)]
    sizes = [(place, f"{dot.x:,.0f}") for place, dot in placed]
    axes = _Axes("utterances", "accuracy", up=(bottom, 1.0), across=sizes)
    *known, end = ((place, dot.y) for place, dot in placed)
    whiskers = "".join(axes.whisker(place, dot.interval) for place, dot in placed)
    return axes.drawn(
        f"{axes.line(known, 'line')}{axes.line([known[-1], end], 'equal')}{whiskers}"
        f"{''.join(axes.dot(point, 'dot') for point in known)}{axes.dot(end, 'hollow')}"
    )


def matrix(labels: Sequence[str], shares: Mapping[tuple[str, str], float]) -> str:
    """Return a drawing of a confusion matrix; each cell has a tooltip.

    Args:
        labels: labels of rows and columns, in order.
        shares: share of a row's utterances in a column, 0 to 1; absent cells are empty.
    """
    margin, side = LETTER * max(map(len, labels)) + LETTER, CELL * len(labels)
    places = {label: CELL * number for number, label in enumerate(labels)}
    cells = "".join(
        f'<rect x="{margin + places[column]}" y="{places[row]}" width="{CELL}" height="{CELL}" '
        f'class="{"right" if row == column else "wrong"}" fill-opacity="{opacity(share)}">'
        f"<title>{escape(row)} predicted as {escape(column)}: {share:.0%}</title></rect>"
        for (row, column), share in shares.items()
    )
    names = "".join(
        f'<text x="{margin - 3}" y="{place + CELL - 3}" class="row">{escape(label)}</text>'
        f'<text transform="translate({margin + place + CELL - 3} {side + 4}) rotate(-90)" '
        f'class="row">{escape(label)}</text>'
        f'<path class="grid" d="M{margin} {place}h{side}M{margin + place} 0v{side}"/>'
        for label, place in places.items()
    )
    width = side + margin
    shown = width * next((scale for limit, scale in SCALES if len(labels) <= limit), 1)
    return (
        f'<svg viewBox="0 0 {width} {width}" width="{shown:.0f}" class="matrix" role="img" '
        f'aria-label="Confusion matrix">{names}{cells}'
        f'<rect x="{margin}" width="{side}" height="{side}" class="frame"/></svg>'
    )


def opacity(share: float) -> float:
    """Return the opacity of a matrix's cell."""
    return next(opacity for limit, opacity in LEVELS if share <= limit)


def ticks(low: float, high: float) -> list[float]:
    """Return round shares from one end of an axis to the other; ``high`` may be exceeded."""
    fitting = (step for step in TICK_STEPS if (high - low) / step <= MAX_INTERVALS + 1e-9)
    step = next(fitting, TICK_STEPS[-1])
    return [low + step * number for number in range(ceil((high - low) / step - 1e-9) + 1)]


def _ceiling(share: float) -> float:
    return min(1.0, ticks(0.0, max(share, TICK_STEPS[0]))[-1])


class _Axes:
    """Axes for shares within ``up`` against shares up to ``right``.

    ``across`` replaces the horizontal ticks: places from 0 to 1, with their texts.
    """

    def __init__(
        self,
        x: str,
        y: str,
        *,
        right: float = 1.0,
        up: Shares = (0.0, 1.0),
        across: Sequence[tuple[float, str]] | None = None,
    ) -> None:
        self._x, self._y = x, y
        self._right, (self._bottom, self._top) = right, up
        self._across = across or [(tick, f"{tick:.0%}") for tick in ticks(0.0, right)]
        self._up = ticks(*up)

    def at(self, x: float, y: float) -> str:
        """Return the coordinates of a point."""
        up = (y - self._bottom) / (self._top - self._bottom)
        return f"{MARGIN + x / self._right * (SIZE - 10):.1f} {SIZE - up * (SIZE - 10):.1f}"

    def line(self, points: Sequence[Shares], name: str) -> str:
        return f'<path class="{name}" d="M{"L".join(self.at(*point) for point in points)}"/>'

    def whisker(self, x: float, interval: Interval) -> str:
        """Return an interval, clipped to the axes."""
        low, high = (
            min(self._top, max(self._bottom, end)) for end in (interval.low, interval.high)
        )
        return self.line([(x, low), (x, high)], "whisker")

    def dot(self, point: Shares, name: str, radius: float = 4) -> str:
        across, up = self.at(*point).split()
        return f'<circle class="{name}" cx="{across}" cy="{up}" r="{radius:.1f}"/>'

    def drawn(self, content: str) -> str:
        """Return the plot with axes, grid and content."""
        middle = (self._bottom + self._top) / 2
        return (
            f'<svg viewBox="0 0 {SIZE + MARGIN + 20} {SIZE + MARGIN}" class="plot" role="img" '
            f'aria-label="{self._y} against {self._x}">{self._grid()}{content}'
            f'<text x="{MARGIN + SIZE / 2}" y="{SIZE + MARGIN - 4}" class="axis">{self._x}</text>'
            f'<text transform="translate(10 {self.at(0, middle).split()[1]}) rotate(-90)" '
            f'class="axis">{self._y}</text></svg>'
        )

    def _grid(self) -> str:
        left = MARGIN - 4
        vertical = "".join(
            f"{self.line([(x, self._bottom), (x, self._top)], 'grid')}"
            f'<text x="{self.at(x, 0).split()[0]}" y="{SIZE + 14}" class="axis">{text}</text>'
            for x, text in self._across
        )
        horizontal = "".join(
            f"{self.line([(0.0, y), (self._right, y)], 'grid')}"
            f'<text x="{left}" y="{float(self.at(0, y).split()[1]) + 4:.0f}" class="row">{y:.0%}'
            "</text>"
            for y in self._up
        )
        return vertical + horizontal
