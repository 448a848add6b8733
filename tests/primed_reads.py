"""Reads of libraries made by primers, for tests: anchored PCR, and amplicons between two primers."""

import random
from collections.abc import Iterable, Mapping
from pathlib import Path

from aspsfusion.report.models import Report
from aspsfusion.screen.pairs import Lane
from carriers.genes import Gene, opposite
from carriers.reads import Fragment, Library, sequenced, write
from stages import report_files

PRIMER = 22
READS = Library(150, adapters=True)
"""Pairs that are longer than some of their molecules."""


def antisense(gene: Gene, end: int) -> str:
    """Return the primer of the bases before a place of a transcript, which extends upstream."""
    return opposite(gene.bases[end - PRIMER : end])


def sense(gene: Gene, start: int) -> str:
    """Return the primer that begins at a place of a transcript and extends downstream."""
    return gene.bases[start : start + PRIMER]


def umi(rng: random.Random) -> str:
    """Return a UMI of 12 bases."""
    return "".join(rng.choices("ACGT", k=12))


def upstream_of(
    transcript: str, end: int, count: int, rng: random.Random, prefix: str, shortest: int = 180
) -> list[Fragment]:
    """Return molecules that an antisense primer began at a place, each with a UMI in its name.

    Read 1 begins at the random end, read 2 at the primer.
    """
    found = []
    for number in range(count):
        length = rng.randint(shortest, shortest + 120)
        molecule = transcript[max(0, end - length) : end]
        found.append(sequenced(molecule, READS, rng, f"{prefix}{number}_{umi(rng)}", reverse=False))
    return found


def between(
    transcript: str, start: int, end: int, count: int, rng: random.Random, prefix: str, *, umis: bool = True
) -> list[Fragment]:
    """Return copies of what lies between two primers, each with a UMI of its own or none at all."""
    molecule = transcript[start:end]
    return [
        sequenced(molecule, READS, rng, f"{prefix}{number}" + (f"_{umi(rng)}" if umis else ""), reverse=False)
        for number in range(count)
    ]


def write_primers(path: Path, primers: Mapping[str, str]) -> Path:
    """Write primers as FASTA."""
    path.write_text("".join(f">{name}\n{bases}\n" for name, bases in primers.items()), encoding="ascii")
    return path


def report_of(
    panel: Path,
    directory: Path,
    fragments: Iterable[Fragment],
    library: str | None = None,
    primers: Mapping[str, str] | None = None,
) -> Report:
    """Return the report of a sample, with the primers of its library where they are declared."""
    files = write(list(fragments), directory / "reads")
    placed = write_primers(directory / "primers.fa", primers) if primers else None
    lane = Lane(files[0], files[1] if len(files) > 1 else None)
    return report_files(panel, directory, lane, library=library, primers=placed)


def codes(report: Report) -> list[str]:
    """Return the codes of the verdict's reasons."""
    return [reason.code for reason in report.verdict.reasons]
