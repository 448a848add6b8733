"""Real sequence and real reads for the study: junctions, introns, and the fragments of a sample."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aspsfusion.align.align import AlignFiles, run_align
from aspsfusion.call.call import run_call
from aspsfusion.config import CallParameters
from aspsfusion.evidence.evidence import run_evidence
from aspsfusion.native import EMPTY, ScreenTable
from aspsfusion.native.genome import canonical_kmers
from aspsfusion.panel.build import build_panel
from aspsfusion.panel.genome import GenomePieces, gene_region, primary_regions, read_regions
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.screen_targets import FREQUENT_PLACES, INTRON_FLANK, screened_sequences
from aspsfusion.panel.specificity import UNIQUE_LENGTH, GeneKmers, Specificity
from native_scan import kept_reads
from repository import BCR_ABL1_PANEL
from screen_study.reads import LETTERS, SIDE, Reads
from screen_study.tables import Genes, Pieces

PAIRS = (("BCR", "ABL1"), ("ACSL3", "ETV1"))
"""Genes that are joined at every exon end of the first and every exon start of the second."""

BLOCK = 10_000
"""Introns are divided into blocks of so many bases: k-mers are counted in every second one, reads are taken
from the others."""

READ_LENGTH = 100


@dataclass(frozen=True)
class Loci:
    """A panel built from real sequence.

    Attributes:
        panel: as built.
        genome: the bases of its genes.
    """

    panel: Panel
    genome: GenomePieces

    @classmethod
    def build(cls, data: Path, directory: Path) -> "Loci":
        """Build the panel of the tests from `genome.fa.gz` and `genes.gtf`."""
        genome = data / "genome.fa.gz"
        panel = build_panel(BCR_ABL1_PANEL, genome, data / "genes.gtf", directory)
        spec = panel.spec
        return cls(
            panel, read_regions(genome, primary_regions(spec), spec.genome, map(gene_region, spec.genes))
        )

    def genes(self) -> Genes:
        """Return the panel as built, with all junctions of PAIRS that have SIDE bases on either side."""
        rows = []
        for five_gene, three_gene in PAIRS:
            five, three = self.panel.primary[five_gene], self.panel.primary[three_gene]
            for end in (exon.tx_end for exon in five.exons[:-1]):
                for start in (exon.tx_start for exon in three.exons[1:]):
                    if end >= SIDE and len(three.sequence) - start >= SIDE:
                        rows.append(five.sequence[end - SIDE : end] + three.sequence[start : start + SIDE])
        return Genes("real", self.pieces(), np.array([np.frombuffer(row.encode(), np.uint8) for row in rows]))

    def pieces(self, frequent_left_out: bool = False) -> Pieces:
        """Return what the screen looks for.

        Args:
            frequent_left_out: whether 21-mers that occur in the counted blocks of `_foreign` as well are left
                out as frequent. These blocks are less than a ten-thousandth of a genome, so that a sequence
                which occurs in them has many places there.
        """
        specificity = self.panel.specificity
        if frequent_left_out:
            assert specificity is not None
            genes = {
                gene: GeneKmers(
                    held.kmers, (np.isin(held.kmers, self._counted) * FREQUENT_PLACES).astype(np.uint16)
                )
                for gene, held in specificity.genes.items()
            }
            specificity = Specificity(genes)
        return screened_sequences(self.panel, self.genome, specificity)

    def foreign_reads(self) -> Reads:
        """Return all reads of the blocks that are not counted, with no base that the panel has."""
        parts = []
        for bases in self._foreign(1):
            windows = np.lib.stride_tricks.sliding_window_view(bases, READ_LENGTH)
            parts.append(windows[np.isin(windows, LETTERS).all(axis=1)])
        return np.concatenate(parts)

    @cached_property
    def _counted(self) -> npt.NDArray[np.uint64]:
        found = [canonical_kmers(bases.tobytes(), UNIQUE_LENGTH) for bases in self._foreign(0)]
        distinct = np.unique(np.concatenate(found))
        called: npt.NDArray[np.uint64] = distinct[distinct != EMPTY]
        return called

    def _foreign(self, parity: int) -> list[npt.NDArray[np.uint8]]:
        """Return the bases of each gene, N for exons, screened edges of introns and the other blocks."""
        parts = []
        for gene in self.panel.spec.genes:
            region = gene_region(gene)
            bases = np.frombuffer(self.genome.fetch(region).upper().encode(), np.uint8).copy()
            edge = INTRON_FLANK if "target" in gene.roles else 0
            for transcript in self.panel.by_gene[gene.symbol]:
                for exon in transcript.exons:
                    start, end = exon.start - region.start, exon.end - region.start
                    bases[max(0, start - edge) : end + edge] = ord("N")
            bases[np.arange(bases.size) // BLOCK % 2 != parity] = ord("N")
            parts.append(bases)
        return parts


@dataclass(frozen=True)
class Sample:
    """The fragments of a sample.

    Attributes:
        records: of each fragment the FASTQ records of both mates, each its name, bases, sign and qualities.
    """

    records: Sequence[tuple[tuple[bytes, ...], ...]]

    @classmethod
    def read(cls, first: Path, second: Path) -> "Sample":
        """Read two FASTQ files that are in step."""
        mates = []
        for path in (first, second):
            lines = gzip.decompress(path.read_bytes()).splitlines()
            mates.append([tuple(lines[i : i + 4]) for i in range(0, len(lines), 4)])
        return cls(list(zip(*mates, strict=True)))

    def kept(self, table: ScreenTable) -> npt.NDArray[np.bool_]:
        """Tell of each fragment whether the screen keeps it."""
        first, second = (kept_reads([pair[mate][1] for pair in self.records], table) for mate in (0, 1))
        return first | second

    def counted(self, chosen: npt.NDArray[np.bool_], panel: Path, directory: Path) -> tuple[int, int]:
        """Take some fragments through the later stages.

        Args:
            chosen: truth value of each fragment.
            panel: built panel.
            directory: empty, for what the stages write.

        Returns:
            How many fragments support a reported junction, and how many junctions are reported.
        """
        lines = []
        for pair in (pair for pair, wanted in zip(self.records, chosen, strict=True) if wanted):
            for number, (name, bases, _, qualities) in enumerate(pair, start=1):
                head = name.split()[0].removesuffix(b"/%d" % number) + b"/%d" % number
                lines += [head, bases, b"+", qualities]
        names = ("reads.fastq.gz", "panel.bam", "align.json", "evidence.json.gz", "calls.json")
        reads, bam, metrics, evidence, calls = (directory / name for name in names)
        reads.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
        run_align(panel, AlignFiles(reads, bam, metrics), "sample")
        run_evidence(panel, bam, evidence, CallParameters())
        junctions = run_call(panel, evidence, calls, CallParameters()).junctions
        reported = [junction for junction in junctions if not junction.rejections]
        return sum(junction.fragments_with_duplicates for junction in reported), len(reported)
