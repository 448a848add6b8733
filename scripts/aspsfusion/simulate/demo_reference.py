"""Makes the demonstration reference: a panel's loci with the real bases that are known, filler elsewhere.

It is what `panel build` reads where no genome is at hand. A locus starts as seeded filler. Then bases are
settled in this order, and a settled base stays: the real ones (`panel.known_bases`), the watermark, published
junction sequences, splice sites and ends of the reading frames of primary transcripts, splice sites of the
others. What is still free in a primary transcript's reading frame is opened. Nothing is proved here: demands
of a panel that contradict each other fail the checks of `panel build`.

Intervals are genomic, 0-based and half-open; names of records are 1-based and inclusive. Arrays of positions
are 0-based, in the order of the RNA, 5' to 3'.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
from Bio import bgzf

from aspsfusion.errors import PanelError, ParameterError
from aspsfusion.io.fasta import fasta_record
from aspsfusion.io.files import replacing
from aspsfusion.panel.checks import STOP_CODONS
from aspsfusion.panel.genome import WATERMARK, Region, gene_region, merged
from aspsfusion.panel.known_bases import BASES_OF_CODE, Stretch, known_stretches
from aspsfusion.panel.panel import Panel, Transcript
from aspsfusion.panel.spec import PanelSpec

Letters = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]

FLANK = 200
"""Bases on both sides of a locus."""

MERGE_GAP = 1000
"""Genes with at most so many bases between them share a locus; above two flanks, so that loci never meet."""

DEFAULT_SEED = 1
LINE_WIDTH = 60
DESCRIPTION = "DEMONSTRATION REFERENCE, not a genome"
"""Follows the name of every record."""

FILLER_BLOCK = 1 << 16
# 58 of 256 byte values for each of C and G: 45 percent GC.
_FILLER_OF_BYTE = np.repeat(np.frombuffer(b"ACGT", dtype=np.uint8), (70, 58, 58, 70))

FRAME_TURNS = 20
"""Times that all frames are gone through to open them. Frames of one strand need one turn, overlapping ones
of opposite strands a few."""

_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_ONE_OF_CODE = str.maketrans({code: bases[-1] for code, bases in BASES_OF_CODE.items()})


@dataclass(frozen=True)
class DemonstrationLocus(Region):
    """One record of the reference, with the bases of its plus strand and how many of them are real."""

    sequence: str
    real_bases: int


@dataclass(frozen=True)
class DemonstrationReference:
    """All loci of a panel in genomic order, and the seed of the filler."""

    loci: tuple[DemonstrationLocus, ...]
    seed: int


def demonstration_reference(
    spec: PanelSpec, seed: int = DEFAULT_SEED, path: Path | None = None
) -> DemonstrationReference:
    """Make the demonstration reference of a panel, whose path is for messages only.

    Raises:
        PanelError: the panel states no transcripts for a gene, or one at the end of a chromosome.
        ParameterError: the seed is negative.
    """
    if seed < 0:
        raise ParameterError(f"seed {seed} is negative", remedy="give a whole number from 0")
    canvases = [_Canvas(region, seed) for region in _locus_regions(spec, path)]
    real = [canvas.settle_known(known_stretches(spec.genome.build)) for canvas in canvases]
    for canvas in canvases:
        canvas.settle(np.arange(canvas.start, canvas.start + len(WATERMARK)), "+", WATERMARK)
    placed = [
        _Placed(Transcript.from_spec(gene.symbol, stated), canvas)
        for gene in spec.genes
        for stated in gene.transcripts
        for canvas in canvases
        if canvas.region.holds(gene_region(gene))
    ]
    primary = {each.transcript.gene: each for each in placed if each.transcript.primary}
    _settle_junctions(spec, primary)
    for each in primary.values():
        each.settle_splice_sites()
        each.settle_frame_ends()
    for turn in range(FRAME_TURNS):
        closed = [each for each in primary.values() if each.open_frame(turn)]
        if not closed:
            break
    for each in primary.values():
        each.settle(each.positions, each.read(each.positions))
    for each in placed:
        each.settle_splice_sites()
    loci = (
        DemonstrationLocus(**vars(canvas.region), sequence=canvas.letters(), real_bases=known)
        for canvas, known in zip(canvases, real, strict=True)
    )
    return DemonstrationReference(tuple(loci), seed)


def write_demonstration_reference(
    reference: DemonstrationReference, output: Path, *, force: bool = False
) -> None:
    """Write the loci as FASTA in BGZF; the same reference gives the same bytes.

    Raises:
        ParameterError: the name does not fit, the file exists or cannot be written.
    """
    if output.suffix != ".gz":
        raise ParameterError(
            "is to be written with bgzip but is not named so",
            path=output,
            remedy="give a name that ends in .gz",
        )
    # Level 1: most bases are random, so that higher levels cost seconds and gain a tenth.
    with replacing(output, force=force) as draft, bgzf.BgzfWriter(str(draft), "wb", compresslevel=1) as out:
        for locus in reference.loci:
            name = f"{locus.name} {DESCRIPTION}; seed={reference.seed}; real bases={locus.real_bases}"
            out.write(fasta_record(name, locus.sequence, LINE_WIDTH).encode("ascii"))


def filler(seed: int, chrom: str, start: int, end: int) -> Letters:
    """Return random bases of an interval that depend on seed, chromosome and position alone.

    Blocks of fixed size have a generator each, so that a gene added to the panel, or two loci becoming
    one, changes no base elsewhere. The raw stream of the bit generator is used because numpy guarantees
    that it never changes, unlike the methods of `Generator`.
    """
    parts = []
    for block in range(start // FILLER_BLOCK, (end - 1) // FILLER_BLOCK + 1):
        sequence = np.random.SeedSequence((seed, crc32(chrom.encode("ascii")), block))
        raw = np.random.PCG64(sequence).random_raw(FILLER_BLOCK // 8)
        parts.append(_FILLER_OF_BYTE[np.asarray(raw).astype("<u8").view(np.uint8)])
    first = start // FILLER_BLOCK * FILLER_BLOCK
    return np.concatenate(parts)[start - first : end - first]


class _Canvas:
    """The plus strand of one locus in the making."""

    def __init__(self, region: Region, seed: int) -> None:
        self.region, self.start = region, region.start
        self._bases = filler(seed, region.chrom, region.start, region.end)
        self._settled = np.zeros(len(self._bases), dtype=np.bool_)

    def letters(self) -> str:
        return self._bases.tobytes().decode("ascii")

    def read(self, positions: Positions, strand: str) -> str:
        return _on_strand(self._bases[positions - self.start].tobytes().decode("ascii"), strand)

    def free(self, positions: Positions) -> Positions:
        return positions[~self._settled[positions - self.start]]

    def settle(self, positions: Positions, strand: str, text: str) -> None:
        """Settle bases of a strand; those that are settled already stay."""
        letters = np.frombuffer(_on_strand(text, strand).encode("ascii"), dtype=np.uint8)
        places = positions - self.start
        open_ = ~self._settled[places]
        self._bases[places[open_]] = letters[open_]
        self._settled[places] = True

    def change(self, position: int, strand: str, base: str) -> None:
        """Change a base and leave it free."""
        self._bases[position - self.start] = ord(_on_strand(base, strand))

    def settle_known(self, stretches: Iterable[Stretch]) -> int:
        """Settle the real bases of the locus and return their number."""
        for chrom, start, bases in stretches:
            end = start + len(bases)
            if self.region.holds(Region(chrom, start, end)):
                self.settle(np.arange(start, end), "+", bases.upper().translate(_ONE_OF_CODE))
        return int(self._settled.sum())


def _on_strand(text: str, strand: str) -> str:
    """Return plus-strand bases as those of a strand, or the other way round; the order stays."""
    return text if strand == "+" else text.translate(_COMPLEMENT)


class _Placed:
    """A transcript on the canvas that holds it; `positions` has the position of each of its bases."""

    def __init__(self, transcript: Transcript, canvas: _Canvas) -> None:
        self.transcript, self.canvas = transcript, canvas
        exons = [np.arange(exon.start, exon.end) for exon in transcript.exons]
        self.positions = np.concatenate(exons if transcript.strand == "+" else [exon[::-1] for exon in exons])
        first, end = transcript.cds or (0, 0)
        self.codons = self.positions[first:end].reshape(-1, 3)

    def read(self, positions: Positions) -> str:
        return self.canvas.read(positions, self.transcript.strand)

    def settle(self, positions: Positions, text: str) -> None:
        self.canvas.settle(positions, self.transcript.strand, text)

    def settle_splice_sites(self) -> None:
        """Let every intron begin GT and end AG; where a C is settled already the donor is GC, spliced too."""
        step = 1 if self.transcript.strand == "+" else -1
        for before, after in pairwise(self.transcript.exons):
            self.settle(self.positions[before.tx_end - 1] + np.array([step, 2 * step]), "GT")
            self.settle(self.positions[after.tx_start] - np.array([2 * step, step]), "AG")

    def settle_frame_ends(self) -> None:
        if len(self.codons):
            self.settle(self.codons[0], "ATG")
            self.settle(self.codons[-1], STOP_CODONS[0])

    def open_frame(self, turn: int) -> bool:
        """Make a free base of each early stop codon C; return whether there was one.

        No stop codon holds C, so that this never closes another frame of the same strand. The turn shifts the
        choice of the base, lest two strands undo each other.
        """
        coding, changed = self.read(self.codons[:-1].ravel()), False
        for number, codon in enumerate(self.codons[:-1]):
            free = self.canvas.free(codon)
            if coding[3 * number : 3 * number + 3] in STOP_CODONS and len(free):
                self.canvas.change(free[turn % len(free)], self.transcript.strand, "C")
                changed = True
        return changed


def _settle_junctions(spec: PanelSpec, primary: dict[str, _Placed]) -> None:
    """Settle every published junction sequence on the primary transcripts, by gene, of its two genes."""
    panel = Panel(Path(), spec, {each.transcript.key: each.transcript for each in primary.values()}, {}, {})
    for joined, junction in panel.catalogue.items():
        if junction.sequence is None:
            continue
        left, right = junction.sequence.split("|")
        five, three = primary[joined.five_gene], primary[joined.three_gene]
        end, start = (
            each.transcript.from_genome(position)
            for each, position in ((five, joined.five_pos), (three, joined.three_pos))
        )
        assert end is not None
        assert start is not None
        # What reaches beyond a transcript has no place; the proof of the reference says so.
        before, after = five.positions[: end + 1][-len(left) :], three.positions[start:][: len(right)]
        five.settle(before, left[-len(before) :])
        three.settle(after, right[: len(after)])


def _chromosome_order(chrom: str) -> tuple[int, str]:
    name = chrom.removeprefix("chr")
    return (int(name), "") if name.isdigit() else (1000, name)


def _locus_regions(spec: PanelSpec, path: Path | None) -> list[Region]:
    """Return the joined loci with their flanks, in genomic order."""
    for gene in spec.genes:
        if not gene.transcripts:
            raise PanelError(
                f"gene {gene.symbol} has no transcripts in the panel YAML",
                path=path,
                remedy="state its exons there, or build the panel from a genome and an annotation GTF",
            )
    lengths = {chrom: stated.length for chrom, stated in spec.genome.chromosomes.items() if stated.length}
    genes = sorted(
        ((gene_region(gene), gene.symbol) for gene in spec.genes),
        key=lambda each: (_chromosome_order(each[0].chrom), each[0].start),
    )
    for region, symbol in genes:
        if region.start < len(WATERMARK) or region.end > lengths.get(region.chrom, region.end):
            raise PanelError(
                f"gene {symbol} reaches {region.name}, to or beyond the end of the chromosome",
                path=path,
                remedy="correct its exons or the chromosome's length",
            )
    loci = merged((region for region, _ in genes), MERGE_GAP)
    return [
        Region(
            each.chrom,
            max(0, each.start - FLANK),
            min(each.end + FLANK, lengths.get(each.chrom, each.end + FLANK)),
        )
        for each in loci
    ]
