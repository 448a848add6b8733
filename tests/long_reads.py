"""Makes long reads of cDNA with known truth, and takes them through the stages."""

import random
from collections.abc import Sequence
from pathlib import Path

from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Panel
from aspsfusion.pipeline import SampleFiles, SampleInput, Thresholds, run_analyse
from aspsfusion.report.models import Report
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen

SUBSTITUTED, LOST = 0.4, 0.7
"""Up to which share of the errors bases are substituted, and lost; the others are inserted."""


def with_errors(bases: str, rate: float, source: random.Random) -> str:
    """The bases with errors at a rate, as Nanopore reads have them: most are indels."""
    read = []
    for base in bases:
        chance = source.random() / rate if rate else 1.0
        if chance >= 1:
            read.append(base)
        elif chance < SUBSTITUTED:
            read.append(source.choice("ACGT".replace(base, "")))
        elif chance >= LOST:
            read.append(base + source.choice("ACGT"))
    return "".join(read)


def across(five: str, three: str, length: int, source: random.Random, least: int = 50) -> str:
    """A stretch of two joined sequences with at least so many bases of each."""
    joined = five + three
    length = min(length, len(joined))
    low = max(0, len(five) + least - length)
    high = max(low, min(len(five) - least, len(joined) - length))
    start = source.randint(low, high)
    return joined[start : start + length]


def stretch(bases: str, length: int, source: random.Random) -> str:
    """A stretch of a sequence, anywhere in it."""
    length = min(length, len(bases))
    start = source.randint(0, len(bases) - length)
    return bases[start : start + length]


def turned(reads: Sequence[str]) -> list[str]:
    """The reads, each second one from its other strand."""
    return [read if index % 2 else reverse_complement(read) for index, read in enumerate(reads)]


def analyse_reads(
    panel: Panel,
    directory: Path,
    reads: Sequence[str],
    platform: str | None = "ont",
    names: Sequence[str] = (),
    library: str | None = None,
) -> Report:
    """The report of a sample of single reads."""
    directory.mkdir(parents=True, exist_ok=True)
    labels = names or [f"r{number}" for number in range(len(reads))]
    fastq = directory / "reads.fastq"
    fastq.write_text(
        "".join(f"@{name}\n{read}\n+\n{'5' * len(read)}\n" for name, read in zip(labels, reads, strict=True))
    )
    candidates, screen = directory / "candidates.fastq.gz", directory / "screen.json"
    run_screen(panel.directory, [Lane(fastq)], candidates, screen, force=True)
    return run_analyse(
        SampleInput(panel.directory, candidates, screen, platform=platform, library=library),
        SampleFiles(directory, "sample", force=True),
        Thresholds(CallParameters(), ClassifyParameters()),
    )
