"""Draws how deeply real samples without the fusion cover the target's 3' gene, beside what is expected.

    ASPSFUSION_REAL_DATA=DATA python tests/coverage_figure.py PANEL > docs/images/tfe3_coverage.svg

The samples are the four whose counts the panel states (`target.wild_type_balance`), reads of chromosome X.
"""

import io
import os
import sys
from collections import Counter
from itertools import accumulate
from pathlib import Path
from statistics import mean

import matplotlib
from matplotlib.figure import Figure

from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.interpret.imbalance import breakpoint_region
from aspsfusion.panel.panel import Panel
from aspsfusion.screen.pairs import Lane
from aspsfusion.validation.run import open_chain
from screen_study.figure import STYLE

SAMPLES = ("ERR188383", "ERR188428", "ERR188454", "ERR204916")
STEP = 20
"""Bases of the transcript that are drawn as one."""


def pooled_depth(panel: Path, data: Path) -> tuple[Panel, list[int]]:
    """Return the panel, and the fragments of all samples over each base of the primary transcript."""
    changes: Counter[int] = Counter()
    with open_chain(panel, CallParameters(), ClassifyParameters()) as chain:
        gene = chain.panel.primary[chain.panel.spec.target.three_prime]
        for sample in SAMPLES:
            first, second = (data / "real" / f"{sample}_{mate}.fq.gz" for mate in (1, 2))
            found = chain.examine(sample, [Lane(first, second)])
            changes.update(found.record.calls.coverage.depth.get(gene.key, {}))
        return chain.panel, list(accumulate(changes[at] for at in range(len(gene.sequence))))


def draw(panel: Panel, depth: list[int]) -> str:
    """Return the figure as SVG, always the same for the same depths."""
    gene = panel.primary[panel.spec.target.three_prime]
    region = breakpoint_region(panel)
    assert region is not None
    parts = [(0, region[0]), (region[1], len(depth))]
    stated = panel.spec.target.wild_type_balance
    upstream = mean(up / (up + down) for up, down in stated)
    area = sum(sum(depth[start:end]) for start, end in parts)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=(10, 3.2), layout="constrained")
        axes = figure.subplots()
        steps = [mean(depth[start : start + STEP]) for start in range(0, len(depth), STEP)]
        places = [*range(0, len(depth), STEP), len(depth)]
        axes.stairs(steps, places, fill=True, color="#56B4E9", label="four samples, pooled")
        for (start, end), share in zip(parts, (upstream, 1 - upstream), strict=True):
            label = "the panel's balance, on average" if start == 0 else None
            axes.plot(
                [start, end], [area * share / (end - start)] * 2, color="#D55E00", linewidth=2, label=label
            )
        even = area / sum(end - start for start, end in parts)
        axes.axhline(even, color="#000000", linestyle="--", linewidth=1, label="even coverage")
        for exon in gene.exons:
            axes.axvline(exon.tx_start, color="0.7", linewidth=0.6)
            axes.text((exon.tx_start + exon.tx_end) / 2, 1.0, str(exon.number), ha="center", va="bottom",
                      fontsize=8, transform=axes.get_xaxis_transform())  # fmt: skip
        for place in region:
            axes.axvline(place, color="#CC79A7", linewidth=1.5)
        axes.set_xlim(0, len(depth))
        axes.set_ylim(0, None)
        axes.set_xlabel(
            f"base of {gene.name} ({gene.gene}); exons above, first and last breakpoint in violet"
        )
        axes.set_ylabel("fragments over it")
        axes.legend(fontsize=8, frameon=False, loc="upper left")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


if __name__ == "__main__":
    sys.stdout.write(draw(*pooled_depth(Path(sys.argv[1]), Path(os.environ["ASPSFUSION_REAL_DATA"]))))
