"""Runs reads that a test has made through alignment, evidence, call and report, in one process."""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aspsfusion.align.align import AlignFiles, run_align
from aspsfusion.call.call import run_call
from aspsfusion.call.calls_file import Calls
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.evidence.evidence import run_evidence
from aspsfusion.interpret.compose import StageResults, compose_report, read_calls_for, read_metrics
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import load_panel
from aspsfusion.report.models import Report
from aspsfusion.screen.extract import run_extract
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen


@dataclass(frozen=True)
class Pair:
    """A fragment to be sequenced from both ends, or from one end when `single`."""

    name: str
    molecule: str
    read_length: int
    flipped: bool = False
    single: bool = False

    def reads(self) -> list[str]:
        """Return the bases of the one or two reads in the order of sequencing."""
        molecule = reverse_complement(self.molecule) if self.flipped else self.molecule
        first = molecule[: self.read_length]
        if self.single:
            return [first]
        return [first, reverse_complement(molecule)[: self.read_length]]


def write_candidates(path: Path, pairs: list[Pair]) -> None:
    """Write fragments as the screen writes its candidates, uncompressed."""
    write_candidate_reads(path, [(pair.name, pair.reads()) for pair in pairs])


def write_candidate_reads(path: Path, fragments: list[tuple[str, list[str]]]) -> None:
    """Write the reads of fragments, by name, as the screen writes its candidates."""
    lines = []
    for number, (name, reads) in enumerate(fragments, start=1):
        for mate, bases in enumerate(reads, start=1):
            suffix = "" if len(reads) == 1 else f"/{mate}"
            lines.append(f"@{number}{suffix} {name}\n{bases}\n+\n{'I' * len(bases)}\n")
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))


def call_pairs(
    panel_directory: Path, directory: Path, pairs: list[Pair], parameters: CallParameters | None = None
) -> Calls:
    """Return the calls of a sample that consists of these fragments."""
    return _call_reads(panel_directory, directory, [(pair.name, pair.reads()) for pair in pairs], parameters)


def _call_reads(
    panel_directory: Path,
    directory: Path,
    fragments: list[tuple[str, list[str]]],
    parameters: CallParameters | None = None,
) -> Calls:
    parameters = parameters or CallParameters()
    directory.mkdir(parents=True, exist_ok=True)
    reads, bam = directory / "reads.fastq.gz", directory / "panel.bam"
    evidence, calls = directory / "evidence.json.gz", directory / "calls.json"
    for path in (reads, bam, directory / "align.json", evidence, calls):
        path.unlink(missing_ok=True)
    write_candidate_reads(reads, fragments)
    run_align(panel_directory, AlignFiles(reads, bam, directory / "align.json"), "sample")
    run_evidence(panel_directory, bam, evidence, parameters)
    return run_call(panel_directory, evidence, calls, parameters)


def report_pairs(
    panel_directory: Path,
    directory: Path,
    pairs: list[Pair],
    parameters: ClassifyParameters | None = None,
    library: str | None = None,
) -> Report:
    """Return the report of a sample that consists of these fragments."""
    return report_reads(
        panel_directory, directory, [(pair.name, pair.reads()) for pair in pairs], parameters, library
    )


def report_reads(
    panel_directory: Path,
    directory: Path,
    fragments: list[tuple[str, list[str]]],
    parameters: ClassifyParameters | None = None,
    library: str | None = None,
) -> Report:
    """Return the report of a sample that consists of the reads of these fragments, by name."""
    _call_reads(panel_directory, directory, fragments)
    panel = load_panel(panel_directory)
    screen: dict[str, Any] = {"total_reads": sum(len(reads) for _, reads in fragments), "read_length": 75}
    screen |= {"mean_read_length": 75.0, "gc_fraction": 0.5, "n_fraction": 0.0, "q30_fraction": 0.9}
    align, calls = read_metrics(directory / "align.json"), read_calls_for(panel, directory / "calls.json")
    results = StageResults("sample", screen, align, calls, library)
    return compose_report(panel, results, parameters or ClassifyParameters())


def report_files(
    panel: Path,
    directory: Path,
    reads: Path | Lane,
    parameters: ClassifyParameters | None = None,
    *,
    reference: Path | None = None,
    library: str | None = None,
    primers: Path | None = None,
) -> Report:
    """Take FASTQ or BAM through every stage; `reference` is that of a CRAM file."""
    names = ("c.fastq.gz", "s.json", "p.bam", "a.json", "e.json.gz", "calls.json")
    candidates, metrics, bam, aligned, evidence, calls = (directory / name for name in names)
    if isinstance(reads, Lane):
        run_screen(panel, [reads], candidates, metrics, force=True)
    else:
        run_extract(panel, reads, candidates, metrics, reference, force=True)
    run_align(panel, AlignFiles(candidates, bam, aligned), "x", force=True)
    run_evidence(panel, bam, evidence, CallParameters(), primers=primers, force=True)
    run_call(panel, evidence, calls, CallParameters(), force=True)
    built = load_panel(panel)
    results = StageResults(
        "x", read_metrics(metrics), read_metrics(aligned), read_calls_for(built, calls), library
    )
    return compose_report(built, results, parameters or ClassifyParameters())


def fusion_molecule(panel_directory: Path, five: tuple[str, int], three: tuple[str, int]) -> tuple[str, int]:
    """Return the transcript of exon `five` joined to exon `three`, and the length of its 5' part."""
    panel = load_panel(panel_directory)
    left, right = panel.primary[five[0]], panel.primary[three[0]]
    end = left.exons[five[1] - 1].tx_end
    return left.sequence[:end] + right.sequence[right.exons[three[1] - 1].tx_start :], end
