"""The report's charts, as SVG that stands inside an HTML page.

Colours are CSS variables of the page (`--series-1` …), so that a chart follows light, dark and
print; hatching tells the areas apart without colour. The same values give the same bytes.
"""

from __future__ import annotations

import io
import re
import textwrap
import threading
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from domain.model import Value

_WIDTH, _HEIGHT = 5.2, 3.1
"""Inches, at 72 points: small enough that the words are readable on a phone."""

_VARIABLES = {
    "#000001": "var(--ink)",
    "#000002": "var(--muted)",
    "#000003": "var(--line)",
    "#000004": "var(--paper)",
    "#000011": "var(--series-1)",
    "#000012": "var(--series-2)",
    "#000013": "var(--series-3)",
    "#000014": "var(--series-4)",
    "#000015": "var(--series-5)",
    "#000016": "var(--series-6)",
}
"""matplotlib knows colours only: each of these stands for a variable and is put in its place."""
_INK, _MUTED, _LINE, _PAPER, *_SERIES = _VARIABLES
_HATCHES = ("---", "", "xxx", "|||", "///", "\\\\\\")

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "hatch.linewidth": 0.7,
    "text.color": _INK,
    "axes.labelcolor": _MUTED,
    "axes.edgecolor": _LINE,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": _LINE,
    "grid.linewidth": 0.7,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}

_ROW = 0.62
"""Inches a row of the chart of changes."""
_HOLLOW: dict[str, Any] = {
    "marker": "o",
    "markersize": 9,
    "markerfacecolor": _PAPER,
    "markeredgecolor": _INK,
    "markeredgewidth": 1.8,
}
_FILLED: dict[str, Any] = {**_HOLLOW, "markerfacecolor": _INK}
_BAND: dict[str, Any] = {
    "facecolor": _SERIES[0],
    "edgecolor": _MUTED,
    "hatch": "////",
    "linewidth": 0.8,
}

_one_at_a_time = threading.Lock()
"""matplotlib's settings belong to the process, and activities run in threads."""


class Layer(Value):
    """One layer of a stacked chart: its name and its height at each place."""

    name: str
    heights: tuple[int, ...]


class Level(Value):
    """A line across a chart to compare with."""

    value: float
    name: str


class Moved(Value):
    """A score before and after, and the band in which it may well have ended."""

    name: str
    before: float
    after: float
    band: tuple[float, float]
    labels: tuple[str, str]
    """Both scores as they are written."""


def cumulative_chart(
    name: str,
    weeks: Sequence[float],
    *,
    end: float,
    level: Level | None,
    axis: str,
    label: str,
) -> str:
    """How a number grew by one at each of `weeks`, up to the week `end`."""
    with _one_at_a_time, mpl.rc_context({**_SETTINGS, "svg.hashsalt": name}):
        figure, axes = _figure(_HEIGHT)
        # By whole days: more than one step a day can't be seen.
        by_day = sorted(Counter(ceil(week * 7) for week in weeks).items())
        places = [0.0, *(min(day / 7, end) for day, _ in by_day), end]
        heights = [0, *accumulate(count for _, count in by_day), len(weeks)]
        axes.fill_between(places, heights, step="post", color=_SERIES[1], alpha=0.25, linewidth=0)
        axes.step(places, heights, where="post", color=_SERIES[1], linewidth=2.2)
        top = max(len(weeks), level.value if level else 0, 1) * 1.16
        if level is not None:
            axes.axhline(level.value, color=_INK, linewidth=1.3, linestyle=(0, (4, 3)))
            axes.text(0, level.value + top * 0.02, level.name, va="bottom", ha="left")
        axes.text(end, len(weeks) + top * 0.02, label, va="bottom", ha="right", weight="bold")
        _finish(axes, end, top, axis)
        return _svg(figure, name)


def stacked_chart(name: str, weeks: Sequence[float], layers: Sequence[Layer], *, axis: str) -> str:
    """How the parts of a whole changed over time, one hatched layer each."""
    with _one_at_a_time, mpl.rc_context({**_SETTINGS, "svg.hashsalt": name}):
        figure, axes = _figure(_HEIGHT)
        below = [0] * len(weeks)
        for number, layer in enumerate(layers):
            above = [low + height for low, height in zip(below, layer.heights, strict=True)]
            if any(layer.heights):
                axes.fill_between(
                    weeks,
                    below,
                    above,
                    step="post",
                    facecolor=_SERIES[number],
                    hatch=_HATCHES[number],
                    edgecolor=_PAPER,
                    linewidth=0.8,
                    label=layer.name,
                )
            below = above
        axes.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.2),
            ncols=3,
            frameon=False,
            handlelength=1.6,
            handleheight=1.1,
            columnspacing=1.4,
        )
        _finish(axes, weeks[-1], max([*below, 1]) * 1.04, axis)
        return _svg(figure, name)


def change_chart(
    name: str,
    changes: Sequence[Moved],
    *,
    low: float,
    high: float,
    ends: tuple[str, str] | None,
    axis: str,
    key: tuple[str, str, str],
) -> str:
    """Where each score stood before and after, and from where to where the change may really be.

    Args:
        name: no other chart of the page has it.
        changes: from top to bottom.
        low: the least that a score can be.
        high: the most.
        ends: what to write there in place of numbers.
        axis: what the scores are.
        key: what the hollow dot, the filled dot and the band are.
    """
    with _one_at_a_time, mpl.rc_context({**_SETTINGS, "svg.hashsalt": name}):
        figure, axes = _figure(_ROW * len(changes) + 1.1)
        room = (high - low) * 0.09
        for number, moved in enumerate(changes):
            _draw_change(axes, moved, len(changes) - 1 - number, low - room)
        axes.set_xlim(low - room, high + room)
        axes.set_ylim(-0.5, len(changes) - 0.2)
        axes.set_yticks([])
        axes.grid(visible=True, axis="x")
        if ends is None:
            axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
        else:
            axes.set_xticks([low, high], labels=ends)
        axes.set_xlabel(axis)
        before, after, band = key
        figure.legend(
            handles=[
                Line2D([], [], linestyle="", label=before, **_HOLLOW),
                Line2D([], [], linestyle="", label=after, **_FILLED),
                Patch(label=band, **_BAND),
            ],
            loc="outside lower center",
            ncols=3,
            frameon=False,
            handlelength=1.6,
            columnspacing=1.2,
        )
        return _svg(figure, name)


def _draw_change(axes: Axes, moved: Moved, height: int, left: float) -> None:
    axes.fill_between(moved.band, height - 0.15, height + 0.15, **_BAND)
    axes.plot([moved.before, moved.after], [height] * 2, color=_INK, linewidth=1.6)
    axes.plot([moved.before], [height], **_HOLLOW)
    axes.plot([moved.after], [height], **_FILLED)
    axes.text(left, height + 0.42, textwrap.shorten(moved.name, 62, placeholder=" …"), va="center")
    rises = moved.after >= moved.before
    for value, label, on_the_right in (
        (min(moved.before, *moved.band), moved.labels[0 if rises else 1], False),
        (max(moved.after, moved.before, *moved.band), moved.labels[1 if rises else 0], True),
    ):
        axes.annotate(
            label,
            (value, height),
            xytext=(8 if on_the_right else -8, 0),
            textcoords="offset points",
            ha="left" if on_the_right else "right",
            va="center",
        )


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    return figure, axes


def _finish(axes: Axes, end: float, top: float, axis: str) -> None:
    axes.set_xlim(0, max(end, 0.01))
    axes.set_ylim(0, top)
    axes.set_xlabel(axis)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _svg(figure: Figure, name: str) -> str:
    """The drawing alone: no prologue, no fixed size, ids that no other chart of the page has."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = svg.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = svg.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    # A presentation attribute can't hold a variable, a style can.
    svg = re.sub(r'(fill|stroke)="(var\(--[a-z0-9-]+\))"', r'style="\1: \2"', svg)
    # matplotlib names fonts of its own and styles every element there is: the page does both.
    svg = re.sub(r"font-family: [^;\"]*;?\s*", "", svg)
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", svg, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"
