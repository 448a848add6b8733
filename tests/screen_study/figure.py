"""Draws lost junction fragments and foreign reads kept against the least score."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aspsfusion.interpret.rna_quality import score_interval
from aspsfusion.panel.kmers import SEED_LENGTH
from aspsfusion.panel.screen_index import LEAST_SCORE
from screen_study.tables import SCORES, Row

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "aspsfusion",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
"""Text stays text, and the same rows give the same bytes."""

# The Okabe-Ito palette; kinds of line and marks say the same as the colours.
COLOURS = ("#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7")
MARKS = ("o", "s", "^", "D", "v")
DASHED = (0, (4, 2))

PER_CENT, PER_10_000 = 100, 10_000


def draw(rows: Sequence[Row]) -> str:
    """Return the figure as SVG, always the same for the same rows.

    Junctions are those of real sequence where it was measured, else those of random genes.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        figure.patch.set_facecolor("white")
        left, right = figure.subplots(1, 2)
        at_seed = [row for row in rows if row.seed == SEED_LENGTH and row.score in SCORES]
        _lost(left, at_seed)
        _foreign(right, at_seed)
        for axes in (left, right):
            axes.set_yscale("log")
            axes.set_xticks(SCORES)
            axes.set_xlabel(f"least score (seeds of {SEED_LENGTH} nt)")
            axes.axvline(LEAST_SCORE, color="0.6", linewidth=6, alpha=0.4, zorder=0)
            axes.grid(axis="y", linewidth=0.4)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def _line(axes: Axes, rows: Sequence[Row], times: int, colour: str, mark: str, dashed: bool) -> None:
    """Draw shares; a hollow mark is at the upper 95% limit where none was seen."""
    rows = sorted(rows, key=lambda row: row.score)
    heights = [times * (row.found / row.reads or score_interval(0, row.reads)[1]) for row in rows]
    scores = [row.score for row in rows]
    axes.plot(scores, heights, color=colour, linestyle=DASHED if dashed else "-", linewidth=1.3)
    for row, height in zip(rows, heights, strict=True):
        axes.plot(row.score, height, mark, color=colour, markersize=5, mfc=colour if row.found else "white")


def _lost(axes: Axes, rows: Sequence[Row]) -> None:
    sequence = "real" if any(row.sequence == "real" for row in rows) else "random"
    lost = [
        row
        for row in rows
        if row.measure.startswith("lost") and row.sequence == sequence and row.variant in ("", "pairs")
    ]
    kinds = sorted({(row.variant == "", row.read_length) for row in lost if row.variant == ""})
    handles = []
    for (_, length), colour, mark in zip(kinds, COLOURS, MARKS, strict=False):
        for listed in (True, False):
            measure = f"lost, {'listed' if listed else 'other'} junction"
            chosen = [r for r in lost if (r.measure, r.read_length, r.variant) == (measure, length, "")]
            _line(axes, chosen, PER_CENT, colour, mark, listed)
        handles.append(Line2D([], [], color=colour, marker=mark, label=f"single reads of {length} nt"))
    handles.append(Line2D([], [], color="0.3", label="other junctions"))
    handles.append(Line2D([], [], color="0.3", linestyle=DASHED, label="listed junctions"))
    handles.append(
        Line2D([], [], color="0.3", linestyle="", marker="o", mfc="white", label="none (upper limit)")
    )
    axes.set_ylabel("lost junction fragments, %")
    axes.set_title(f"Lost: {sequence} genes, damaged reads", fontsize=10)
    axes.legend(
        handles=handles, fontsize=7.5, frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.07)
    )


def _foreign(axes: Axes, rows: Sequence[Row]) -> None:
    foreign = [row for row in rows if row.measure == "foreign kept"]
    kinds = dict.fromkeys((row.sequence, row.variant) for row in foreign)
    handles = []
    for (sequence, variant), colour, mark in zip(kinds, COLOURS, MARKS, strict=False):
        chosen = [row for row in foreign if (row.sequence, row.variant) == (sequence, variant)]
        _line(axes, chosen, PER_10_000, colour, mark, bool(variant))
        label = f"{sequence}, {variant}" if variant else sequence
        handles.append(
            Line2D([], [], color=colour, linestyle=DASHED if variant else "-", marker=mark, label=label)
        )
    axes.set_ylabel("kept of 10,000 foreign reads of 100 nt")
    axes.set_title("Kept: foreign reads", fontsize=10)
    axes.legend(handles=handles, fontsize=7.5, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.07))
