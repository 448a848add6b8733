"""Draws the tables of `benchmark.py` for `docs/performance.md`.

    python tests/benchmark/plot.py docs/performance.svg 1.tsv 5.tsv

Programs stand one below the other by how often their time by the clock holds that of the limit; the axis is
logarithmic. A program that stands in several tables is taken from the last one.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

RATIO = "wall / igzip"


def ratios(paths: Sequence[Path]) -> dict[str, float]:
    """Return of each program how many times the limit's time it took."""
    found = {}
    for path in paths:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        head, *rows = (line.split("\t") for line in lines)
        for row in rows:
            fields = dict(zip(head, row, strict=True))
            found[fields["program"]] = float(fields[RATIO])
    return dict(sorted(found.items(), key=lambda item: item[1]))


def draw(found: dict[str, float], output: Path) -> None:
    """Write the picture; the same numbers give the same bytes."""
    matplotlib.rcParams["svg.hashsalt"] = "aspsfusion"
    matplotlib.rcParams["svg.fonttype"] = "none"
    figure, axes = pyplot.subplots(figsize=(7, 0.4 * len(found) + 1))
    bars = axes.barh(list(found), list(found.values()), color="#4477aa")
    axes.bar_label(bars, [f"{value:.1f}" for value in found.values()], padding=3)
    axes.set_xscale("log")
    axes.set_xlim(0.8, 3 * max(found.values()))
    axes.invert_yaxis()
    axes.set_xlabel("time by the clock, inflation of both files = 1")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(output, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    draw(ratios([Path(name) for name in sys.argv[2:]]), Path(sys.argv[1]))
