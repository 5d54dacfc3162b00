"""Draw the results for README and documentation: ``python -m benchmarks.pictures``.

Reads the results of cold_start, throughput and overload; needs benchmarks/requirements.txt.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found,unused-ignore]
from matplotlib.figure import Figure  # type: ignore[import-not-found,unused-ignore]

from benchmarks.contenders.catalogue import HELLO, OURS
from benchmarks.load.patterns import EIGHT
from benchmarks.reporting import results
from benchmarks.system.paths import RESULTS

PICTURE = RESULTS / "side_by_side.svg"
OVERLOAD_PICTURE = RESULTS / "overload.svg"
TITLES = {
    "intent-function": "intent-function",
    "flask-hello": "Flask hello world (no model)",
    "classic": "Flask + gunicorn + scikit-learn",
    "func-python": "func-python + scikit-learn",
    "kserve": "KServe",
    "mlserver": "MLServer",
    "bentoml": "BentoML",
}
ACCENT, PLAIN, FLOOR, INK = "#0b6bcb", "#8a94a0", "#d0d5db", "#24292f"
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "svg.fonttype": "path",  # text as paths needs no fonts
    "svg.hashsalt": "intent-function",  # deterministic identifiers
}


@dataclass(frozen=True, slots=True)
class Panel:
    """A bar chart with one value for each contender, starting at zero."""

    title: str
    values: Mapping[str, float]
    unit: str


def main() -> int:
    """Draw the charts."""
    with mpl.rc_context(STYLE):
        _save(_draw_side_by_side(), PICTURE)
        _save(_draw_overload(results.read("overload")), OVERLOAD_PICTURE)
    return 0


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_side_by_side() -> Any:
    starts = results.read("cold_start")["seconds_to_first_prediction"]
    summaries = results.read("throughput")["standings"]
    names = sorted(set(starts) & set(summaries), key=lambda name: _place(name, starts))
    seconds = {name: starts[name]["median"] for name in names}
    rates = {name: summaries[name]["loads"][EIGHT.name]["requests_per_s"] for name in names}
    panels = (
        Panel("Fresh process to first prediction\nless is better", seconds, "{:.2f} s"),
        Panel("Requests a second, 8 connections\nmore is better", rates, "{:,.0f}"),
    )
    return _draw(names, panels)


def _draw_overload(measured: Mapping[str, Any]) -> Any:
    loads = measured["loads"].values()
    offered = [load["offered_per_s"] for load in loads]
    figure = Figure(figsize=(10, 3), facecolor="white", layout="constrained")
    rates, waits = figure.subplots(1, 2)
    rates.plot(offered, [load["answered_per_s"] for load in loads], "o-", color=ACCENT)
    rates.plot(offered, [load["refused_per_s"] for load in loads], "o-", color=PLAIN)
    rates.axvline(measured["sustained_per_s"], color=FLOOR, zorder=0)
    rates.legend(["answered", "refused with 503", "sustained rate"], frameon=False)
    rates.set_title("Requests a second", loc="left", fontsize=10.5, color=INK)
    waits.plot(offered, [load["answered_p99_ms"] for load in loads], "o-", color=ACCENT)
    waits.set_title("p99 of the answers, ms", loc="left", fontsize=10.5, color=INK)
    for axes in (rates, waits):
        axes.set_xlabel("requests offered a second", color=INK)
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _place(name: str, starts: Mapping[str, Any]) -> tuple[bool, bool, float]:
    return name != OURS.name, name != HELLO.name, starts[name]["median"]


def _draw(names: Sequence[str], panels: Sequence[Panel]) -> Any:
    figure = Figure(figsize=(10, 0.9 + 0.38 * len(names)), facecolor="white", layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True)
    for panel, each in zip(panels, axes, strict=True):
        _draw_panel(each, names, panel)
    axes[0].set_yticks(range(len(names)), [TITLES.get(name, name) for name in names])
    axes[0].get_yticklabels()[names.index(OURS.name)].set_fontweight("bold")
    axes[0].invert_yaxis()
    return figure


def _draw_panel(axes: Any, names: Sequence[str], panel: Panel) -> None:
    values = [panel.values[name] for name in names]
    colours = [{OURS.name: ACCENT, HELLO.name: FLOOR}.get(name, PLAIN) for name in names]
    bars = axes.barh(range(len(names)), values, height=0.68, color=colours)
    axes.bar_label(bars, [panel.unit.format(value) for value in values], padding=4, color=INK)
    axes.set_title(panel.title, loc="left", fontsize=10.5, color=INK)
    axes.set_xlim(0, max(values) * 1.18)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(FLOOR)


if __name__ == "__main__":
    sys.exit(main())
