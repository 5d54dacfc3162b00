from __future__ import annotations

import itertools
import re

import pytest

from model.evaluation.confidence_intervals import Interval
from model.reporting.charts import Dot, growth, matrix, opacity, reliability, ticks, trade_off


def radii(plot: str) -> list[float]:
    return [float(each) for each in re.findall(r' r="([\d.]+)"', plot)]


def heights(plot: str, kind: str) -> list[float]:
    return [float(each) for each in re.findall(rf'class="{kind}" cx="[\d.]+" cy="([\d.]+)"', plot)]


def test_dots_of_more_predictions_are_larger():
    """The radius of a dot grows with its number of predictions."""
    few, many = (Dot(0.5, 0.5, Interval(0.1, 0.9), cases) for cases in (1, 100))

    small, large = radii(reliability([few, many]))

    assert small < large / 2


def test_dots_are_placed_by_both_shares():
    """Halfway to the right is halfway between the ends, and upwards as well."""
    dots = [Dot(x, y, Interval(y, y), 1) for x, y in ((0.0, 0.0), (0.5, 0.25), (1.0, 1.0))]

    placed = re.findall(r'class="dot" cx="([\d.]+)" cy="([\d.]+)"', reliability(dots))

    assert placed == [("40.0", "300.0"), ("185.0", "227.5"), ("330.0", "10.0")]


def test_curve_ends_at_the_limit():
    """Points beyond the limit are not drawn, nor is the model's mark."""
    points = [(0.0, 0.5), (0.1, 0.8), (0.5, 0.9)]

    assert trade_off(points, mark=(0.1, 0.8), limit=0.2).count('class="mark"') == 1
    shown = trade_off(points, mark=(0.5, 0.9), limit=0.2)
    assert 'class="mark"' not in shown
    [line] = re.findall(r'class="line" d="([^"]+)"', shown)
    assert line.count("L") == 1


@pytest.mark.parametrize(
    ("lowest", "bottom"),
    [
        pytest.param(0.42, "40%", id="weak"),
        pytest.param(0.95, "80%", id="strong"),
    ],
)
def test_growth_is_shown_from_below_its_lowest_point(lowest, bottom):
    """The axis begins below the lowest interval, and at 80 % at most."""
    dots = [Dot(number, 0.97, Interval(lowest, 0.99), 1) for number in (1000, 2000)]

    shown = growth(dots, Dot(4000, 0.98, Interval(0.96, 1.0), 1))

    assert f">{bottom}</text>" in shown
    assert all(f">{size}</text>" in shown for size in ("1,000", "2,000", "4,000"))
    assert 10 <= min(heights(shown, "hollow")) < min(heights(shown, "dot")) <= 300


def test_intervals_stay_within_the_frame():
    """An expected accuracy above 1 is clipped."""
    shown = growth(
        [Dot(10, 0.9, Interval(0.85, 0.95), 1), Dot(20, 0.95, Interval(0.9, 0.99), 1)],
        Dot(40, 0.99, Interval(0.9, 1.2), 1),
    )

    ends = [float(end) for end in re.findall(r'class="whisker" d="[^L]+L[\d.]+ ([-\d.]+)"', shown)]
    assert min(ends) == 10


def test_small_shares_can_be_seen():
    """The opacity of a share of a few percent is clearly above zero."""
    shown = matrix(["a", "b"], {("a", "b"): 0.03, ("a", "a"): 1.0})

    faint, full = (float(each) for each in re.findall(r'fill-opacity="([\d.]+)"', shown))
    assert faint > 0.3
    assert full == 1.0


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        pytest.param(0.0, 1.0, [0, 20, 40, 60, 80, 100], id="all"),
        pytest.param(0.8, 1.0, [80, 85, 90, 95, 100], id="upper"),
        pytest.param(0.0, 0.2, [0, 5, 10, 15, 20], id="lower"),
        pytest.param(0.0, 0.13, [0, 5, 10, 15], id="not-round"),
        pytest.param(0.0, 3.0, [0, 50, 100, 150, 200, 250, 300], id="widest"),
    ],
)
def test_ticks_are_round(low, high, expected):
    """Ticks are multiples of a round step, few, and reach the end of the axis."""
    assert [round(100 * tick) for tick in ticks(low, high)] == expected


def test_cells_of_different_shares_differ():
    """A few percent, a tenth and a half are told apart."""
    shades = [opacity(share) for share in (0.005, 0.02, 0.1, 0.25, 0.9)]

    assert all(other - shade > 0.15 for shade, other in itertools.pairwise(shades))
