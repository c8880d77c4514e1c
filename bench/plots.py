"""Plots of answers."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.figures import Answer, Plot, Row, Table

IMAGES = Path("docs/images")

_OURS, _OTHERS = "#2563eb", "#9ca3af"

# Text as text keeps the file small; no date and a fixed salt keep it stable.
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "householdd", "font.size": 9})


def draw(name: str, answer: Answer) -> Path:
    """Draw the answer's tables with the plot's figure side by side; return the file."""
    tables = [table for table in answer.tables if answer.plot.figure in table.rows[0].rounds[0]]
    width = len(tables)
    figure = Figure(figsize=(4.2 * width, 2.6), layout="constrained")
    axes: list[Axes] = list(figure.subplots(1, width, squeeze=False)[0])
    for table, each in zip(tables, axes, strict=True):
        if answer.plot.over is None:
            _bars(each, table, answer.plot)
        else:
            _lines(each, table, answer.plot, answer.plot.over)
        each.set_title(table.name)
        each.spines[["top", "right"]].set_visible(False)
    path = IMAGES / f"bench-{name}.svg"
    figure.savefig(path, metadata={"Date": None})
    return path


def _bars(axes: Axes, table: Table, plot: Plot) -> None:
    rows = list(table.rows)[::-1]
    middles = [median(row.values(plot.figure)) for row in rows]
    least = [middle - min(row.values(plot.figure)) for row, middle in zip(rows, middles, strict=True)]
    most = [max(row.values(plot.figure)) - middle for row, middle in zip(rows, middles, strict=True)]
    colours = [_OURS if row.name.startswith("householdd") else _OTHERS for row in rows]
    axes.barh([row.name for row in rows], middles, xerr=[least, most], color=colours, error_kw={"linewidth": 0.8})
    axes.set_xlabel(plot.figure)


def _lines(axes: Axes, table: Table, plot: Plot, over: str) -> None:
    series: dict[str, list[Row]] = {}
    for row in table.rows:
        series.setdefault(row.name.partition(",")[0], []).append(row)
    for name, rows in series.items():
        axes.plot(
            [median(row.values(over)) for row in rows],
            [median(row.values(plot.figure)) for row in rows],
            marker="o",
            color=_OURS if name.startswith("householdd") else _OTHERS,
            label=name,
        )
    axes.set_xlabel(over)
    axes.set_ylabel(plot.figure)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
