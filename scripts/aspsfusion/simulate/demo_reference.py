"""Makes the demonstration reference: a panel's loci with true coordinates and filler instead of the genome.

It is what `panel build` reads where no genome is at hand. Exon lengths, splice sites, reading frames and the
published junction sequences are those of the panel, so that every later stage, and every proof that `panel
build` makes of a reference, runs as it does on a genome. All other bases are random; a report made on them is
not for diagnosis and says so, because every locus carries `WATERMARK`.

Coordinates inside are 0-based and half-open; names of records are 1-based and inclusive.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from Bio import bgzf

from aspsfusion.errors import PanelError, ParameterError
from aspsfusion.io.files import replacing
from aspsfusion.panel.genome import WATERMARK, Region
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.panel.transcripts import Transcript
from aspsfusion.simulate.demo_bases import (
    Canvas,
    PlacedTranscript,
    Weight,
    compromises,
    open_frames,
    place_frame,
    place_splice_sites,
    plant_junctions,
)

FLANK = 200
"""Bases on both sides of a locus."""

MERGE_GAP = 1000
"""Genes with at most so many bases between them share a locus; above two flanks, so that loci never meet."""

DEFAULT_SEED = 1
LINE_WIDTH = 60
DESCRIPTION = "DEMONSTRATION REFERENCE, not a genome"
"""Follows the name of every record."""


@dataclass(frozen=True)
class DemonstrationLocus(Region):
    """One record of the reference, with the bases of its plus strand."""

    sequence: str


@dataclass(frozen=True)
class DemonstrationReference:
    """All loci of a panel.

    Attributes:
        loci: in genomic order.
        seed: seed of the filler.
        compromises: what alternative transcripts lack because of a primary one.
    """

    loci: tuple[DemonstrationLocus, ...]
    seed: int
    compromises: tuple[str, ...]


def demonstration_reference(
    spec: PanelSpec, seed: int = DEFAULT_SEED, path: Path | None = None
) -> DemonstrationReference:
    """Make the demonstration reference of a panel.

    Args:
        spec: the panel; every gene must state its transcripts.
        seed: seed of the filler, from 0.
        path: file of the panel, for messages only.

    Raises:
        PanelError: the panel states no transcripts for a gene, or demands that contradict each other.
        ParameterError: the seed is negative.
    """
    if seed < 0:
        raise ParameterError(f"seed {seed} is negative", remedy="give a whole number from 0")
    try:
        return _build(spec, seed)
    except PanelError as error:
        raise PanelError(
            error.problem,
            path=error.path or path,
            where=error.where,
            remedy=error.remedy or "correct the panel YAML",
        ) from error


def write_demonstration_reference(
    reference: DemonstrationReference, output: Path, *, force: bool = False
) -> None:
    """Write the loci as FASTA in BGZF; the same reference gives the same bytes.

    Args:
        reference: what `demonstration_reference` returned.
        output: the file; its name ends in `.gz`.
        force: replace an existing file.

    Raises:
        ParameterError: the name does not fit, the file exists or cannot be written.
    """
    if output.suffix != ".gz":
        raise ParameterError(
            "is to be written with bgzip but is not named so",
            path=output,
            remedy="give a name that ends in .gz",
        )
    # Level 1: the bases are random, so that higher levels cost seconds and gain a tenth.
    with replacing(output, force=force) as draft, bgzf.BgzfWriter(str(draft), "wb", compresslevel=1) as out:
        for locus in reference.loci:
            out.write(f">{locus.name} {DESCRIPTION}; seed={reference.seed}\n".encode("ascii"))
            out.write(_folded(locus.sequence.encode("ascii")))


def _folded(sequence: bytes) -> bytes:
    """Break a sequence into lines of `LINE_WIDTH` letters."""
    whole = len(sequence) // LINE_WIDTH * LINE_WIDTH
    lines = np.full((whole // LINE_WIDTH, LINE_WIDTH + 1), ord("\n"), dtype=np.uint8)
    lines[:, :-1] = np.frombuffer(sequence[:whole], dtype=np.uint8).reshape(-1, LINE_WIDTH)
    rest = sequence[whole:]
    return lines.tobytes() + (rest + b"\n" if rest else b"")


def _build(spec: PanelSpec, seed: int) -> DemonstrationReference:
    transcripts = [transcript for gene in spec.genes for transcript in _transcripts(spec, gene.symbol)]
    canvases = [Canvas(chrom, start, end, seed) for chrom, start, end in _locus_spans(spec, transcripts)]
    for canvas in canvases:
        mark = np.arange(canvas.start, canvas.start + len(WATERMARK), dtype=np.int64)
        canvas.place(mark, "+", WATERMARK, Weight.REQUIRED, "the watermark")
    placed = [PlacedTranscript(transcript, _canvas_of(transcript, canvases)) for transcript in transcripts]
    # Where alternative transcripts contradict each other, the first one wins: those of the target.
    targets = {spec.target.five_prime, spec.target.three_prime}
    placed.sort(key=lambda each: (not each.transcript.primary, each.transcript.gene not in targets))
    plant_junctions(spec, {each.transcript.gene: each for each in placed if each.transcript.primary})
    for weight in (Weight.REQUIRED, Weight.ALTERNATIVE):
        of_weight = [each for each in placed if each.weight == weight]
        for place in (place_splice_sites, place_frame):
            for each in of_weight:
                place(each)
    open_frames(placed)
    loci = (DemonstrationLocus(c.chrom, c.start, c.end, c.letters()) for c in canvases)
    return DemonstrationReference(tuple(loci), seed, compromises(placed))


def _transcripts(spec: PanelSpec, symbol: str) -> list[Transcript]:
    stated = spec.gene(symbol).transcripts
    if not stated:
        raise PanelError(
            f"gene {symbol} has no transcripts in the panel YAML",
            remedy="state its exons there, or build the panel from a genome and an annotation GTF instead",
        )
    return [Transcript.from_spec(symbol, each) for each in stated]


def _chromosome_order(chrom: str) -> tuple[int, str]:
    name = chrom.removeprefix("chr")
    return (int(name), "") if name.isdigit() else (1000, name)


def _locus_spans(spec: PanelSpec, transcripts: Iterable[Transcript]) -> list[tuple[str, int, int]]:
    """Return chromosome, start and end (0-based half-open) of the merged loci with their flanks."""
    genes: dict[tuple[str, str], tuple[int, int]] = {}
    for transcript in transcripts:
        start = min(exon.start for exon in transcript.exons)
        end = max(exon.end for exon in transcript.exons)
        known = genes.get((transcript.chrom, transcript.gene), (start, end))
        genes[transcript.chrom, transcript.gene] = (min(start, known[0]), max(end, known[1]))
    lengths = {chrom: stated.length for chrom, stated in spec.genome.chromosomes.items() if stated.length}
    merged: list[tuple[str, int, int]] = []
    for (chrom, gene), (start, end) in sorted(
        genes.items(), key=lambda item: (_chromosome_order(item[0][0]), item[1])
    ):
        if start < len(WATERMARK) or end > lengths.get(chrom, end):
            raise PanelError(
                f"gene {gene} reaches {chrom}:{start + 1}-{end}, to or beyond the end of the chromosome",
                remedy="correct its exons or the chromosome's length",
            )
        if merged and merged[-1][0] == chrom and start - merged[-1][2] <= MERGE_GAP:
            merged[-1] = (chrom, merged[-1][1], max(end, merged[-1][2]))
        else:
            merged.append((chrom, start, end))
    return [
        (chrom, max(0, start - FLANK), min(lengths.get(chrom, end + FLANK), end + FLANK))
        for chrom, start, end in merged
    ]


def _canvas_of(transcript: Transcript, canvases: Iterable[Canvas]) -> Canvas:
    position = transcript.exons[0].start
    return next(
        canvas
        for canvas in canvases
        if canvas.chrom == transcript.chrom and canvas.start <= position < canvas.end
    )
