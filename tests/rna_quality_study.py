"""What the values of RNA quality are in libraries of known make: spliced RNA, DNA, degraded RNA.

    python tests/rna_quality_study.py > tables.md

prints the tables of docs/methods.md; `tests/test_rna_quality.py` runs a part of it. Pairs of 75 nt, insert
200 (standard deviation 40), are drawn from the transcripts and the unspliced genes of the demonstration
reference. The share of DNA is that of the depth at the target genes' exons.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.config import ClassifyParameters
from aspsfusion.panel.build import build_panel
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.report.models import QualityControl, Report
from aspsfusion.simulate.demo_reference import demonstration_reference, write_demonstration_reference
from aspsfusion.simulate.records import SimulatedFragment, SimulationParameters
from aspsfusion.simulate.simulate import simulate
from repository import SHIPPED_PANEL
from stages import report_reads

SAMPLES = 10
"""Libraries of each kind."""

DEPTH = 60
"""Fragments of the target genes for each kilobase."""

DNA_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
DECAYS = (0, 3000, 2000, 1000, 700, 500, 300)
FRAGMENTS = (25, 100)
"""Fragments of each control gene."""


@dataclass(frozen=True)
class Make:
    """How a library was made.

    Attributes:
        dna: share of DNA in the depth at the target genes' exons.
        stranded: whether the RNA keeps its strand; DNA has none.
        decay: nt of a transcript over which coverage falls by the factor e from the 3' end on, 0 for even.
        controls: fragments of each control gene.
        depth: fragments of the target genes for each kilobase, RNA and DNA together.
    """

    dna: float = 0.0
    stranded: bool = False
    decay: int = 0
    controls: int = 25
    depth: int = DEPTH


def library(panel: Panel, make: Make, seed: int) -> list[SimulatedFragment]:
    """Return the fragments of a library."""
    rna = {gene: round(_kilobases(panel, gene) * make.depth * (1 - make.dna)) for gene in panel.unspliced}
    rna |= dict.fromkeys(panel.spec.genes_with_role("control"), make.controls)
    dna = {
        gene: round(len(whole.sequence) / 1000 * make.depth * make.dna)
        for gene, whole in panel.unspliced.items()
    }
    parts = [
        SimulationParameters(
            coverage=rna,
            stranded="forward" if make.stranded else "none",
            three_prime_decay=make.decay,
            seed=seed,
        )
    ]
    if make.dna:
        parts.append(SimulationParameters(unspliced=dna, seed=seed + 1000))
    return [fragment for part in parts for fragment in simulate(panel, part)]


def _kilobases(panel: Panel, gene: str) -> float:
    return len(panel.primary[gene].sequence) / 1000


def report_of(
    panel_directory: Path,
    directory: Path,
    make: Make,
    seed: int,
    parameters: ClassifyParameters | None = None,
) -> Report:
    """Return the report of a library."""
    fragments = library(load_panel(panel_directory), make, seed)
    reads = [
        (f"{number}", [f.read_1.sequence, *([] if f.read_2 is None else [f.read_2.sequence])])
        for number, f in enumerate(fragments)
    ]
    return report_reads(panel_directory, directory, reads, parameters)


def spread(values: Sequence[float | None], digits: int = 2) -> str:
    """Return the mean and the range of values; those that are not known are left out."""
    known = [value for value in values if value is not None]
    if not known:
        return "not determined"
    mean = sum(known) / len(known)
    return f"{mean:.{digits}f} ({min(known):.{digits}f} to {max(known):.{digits}f})"


def _warned(found: Sequence[QualityControl], code: str) -> str:
    return f"{sum(code in {flag.code for flag in qc.flags} for qc in found)} of {len(found)}"


def study(panel_directory: Path, directory: Path) -> Iterator[str]:
    """Yield the lines of the tables."""

    def measured(make: Make) -> list[QualityControl]:
        return [report_of(panel_directory, directory, make, seed).qc for seed in range(1, SAMPLES + 1)]

    yield "| Share of DNA | Unspliced share | Warned | In sense, stranded RNA | Warned |"
    yield "|---|---|---|---|---|"
    for share in DNA_SHARES:
        found = measured(Make(dna=share, stranded=True))
        yield (
            f"| {100 * share:g}% | {spread([qc.unspliced_fraction for qc in found])} | "
            f"{_warned(found, 'UNSPLICED_FRAGMENTS')} | {spread([qc.strand_fraction for qc in found])} | "
            f"{_warned(found, 'STRAND_UNCLEAR')} |"
        )
    yield "\n| Coverage falls by e in | Fragments of each control gene | 5' to 3' | Warned |"
    yield "|---|---|---|---|"
    for decay in DECAYS:
        for count in FRAGMENTS:
            found = measured(Make(decay=decay, controls=count))
            length = f"{decay} nt" if decay else "even"
            ratio = spread([qc.five_to_three_ratio for qc in found])
            yield f"| {length} | {count} | {ratio} | {_warned(found, 'THREE_PRIME_BIAS')} |"


def main() -> None:
    """Build the demonstration panel and print the tables."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        write_demonstration_reference(
            demonstration_reference(load_panel_spec(SHIPPED_PANEL)), place / "demo.fa.gz"
        )
        build_panel(SHIPPED_PANEL, place / "demo.fa.gz", None, place / "panel")
        for line in study(place / "panel", place / "run"):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
