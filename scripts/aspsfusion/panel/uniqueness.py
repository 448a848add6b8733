"""Measures which sequences of the panel's genes occur nowhere else in the genome.

Part of `panel build`: one pass over the genome counts the places of each k-mer of the panel on both strands.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aspsfusion.io.fasta import chromosome_name, fasta_pieces
from aspsfusion.io.files import Progress, no_progress
from aspsfusion.native import LOAD_BYTES
from aspsfusion.native.genome import count_called, count_places, enter_kmers, enter_seeds
from aspsfusion.panel.checks import Check
from aspsfusion.panel.gene_spec import GenomeSpec
from aspsfusion.panel.genome import GenomePieces, Region
from aspsfusion.panel.look_alikes import LookAlikeFinder, LookAlikes
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.specificity import (
    MAX_PLACES,
    UNIQUE_LENGTH,
    GeneKmers,
    Kmers,
    Specificity,
    gene_kmers,
    kmers_of,
)

MIN_TABLE_BITS = 12
FILTER_WORD_BITS = 19
"""log2 of the filter's words of 32 bits: 2 MiB, most of which stays in a core's second-level cache."""

ALTERNATE = re.compile(
    r"^\S*_(alt|fix|hap\d+)\b|^CHR_H|^HLA\b|\balternate\b|ALT_REF_LOCI|\bpatch\b|\bHAP\b|PATCH_(FIX|NOVEL)",
    re.IGNORECASE,
)
"""Headers of alternate loci and patches: they show places of the primary assembly a second time."""


@dataclass(frozen=True)
class GenomeCount:
    """What the pass over a genome found.

    Attributes:
        places: number of places of each k-mer.
        called: bases of those that are A, C, G or T.
        contigs: names of the contigs that were counted in.
        passed_over: number of alternate loci and patches that were not.
    """

    places: npt.NDArray[np.int64]
    bases: int
    called: int
    contigs: frozenset[str]
    passed_over: int


class PlaceCounter:
    """Counts the places of a set of k-mers in the blocks of one contig after the other.

    Args:
        kmers: distinct canonical k-mers.
        k: their length, odd, from 5 to 27.
    """

    def __init__(self, kmers: Kmers, k: int) -> None:
        size_bits = max(MIN_TABLE_BITS, int(2 * max(1, kmers.size) - 1).bit_length())
        self._k = k
        self._keys = np.empty(1 << size_bits, dtype=np.uint64)
        self._slots = np.zeros(kmers.size, dtype=np.int64)
        self._counts = np.zeros(1 << size_bits, dtype=np.int64)
        self._words = np.empty(1 << FILTER_WORD_BITS, dtype=np.uint32)
        enter_kmers(kmers, self._keys, self._slots)
        enter_seeds(kmers, k, self._words)
        self._bases = np.empty(0, dtype=np.uint8)
        self._held = 0
        self.called = 0

    @property
    def places(self) -> npt.NDArray[np.int64]:
        """Number of places of each k-mer so far."""
        return self._counts[self._slots]

    def start_contig(self) -> None:
        """Forget the bases before: no k-mer runs from one contig into another."""
        self._held = 0

    def add(self, bases: bytes) -> None:
        """Count the next bases of the contig."""
        block = np.frombuffer(bases, dtype=np.uint8)
        # The last bases of the block before stand in front, for the k-mers that its end cut.
        size = self._held + block.size
        if self._bases.size < size + 2 * LOAD_BYTES:
            larger = np.zeros(size + 2 * LOAD_BYTES, dtype=np.uint8)
            larger[: self._held] = self._bases[: self._held]
            self._bases = larger
        self._bases[self._held : size] = block
        self.called += count_called(self._bases[self._held :], block.size)
        count_places(self._bases, size, self._k, self._keys, self._words, self._counts)
        self._held = min(size, self._k - 1)
        self._bases[: self._held] = self._bases[size - self._held : size].copy()


def count_in_genome(
    path: Path, kmers: Kmers, k: int, progress: Progress = no_progress, finder: LookAlikeFinder | None = None
) -> GenomeCount:
    """Count the places of distinct canonical k-mers in a genome; a finder looks for more in the same pass.

    Raises:
        ReferenceProofError: the file is damaged or no FASTA.
    """
    counter = PlaceCounter(kmers, k)
    contigs: set[str] = set()
    bases = passed_over = 0
    counted, name = False, ""
    for header, block in fasta_pieces(path):
        if header is not None:
            counted = ALTERNATE.search(header) is None
            name = header.split()[0] if header else ""
            if counted:
                contigs.add(name)
                counter.start_contig()
                if finder:
                    finder.start_contig(name)
            else:
                passed_over += 1
        elif counted:
            counter.add(block)
            if finder:
                finder.add(block)
            bases += len(block)
            progress(bases, f", {name}")
    return GenomeCount(counter.places, bases, counter.called, frozenset(contigs), passed_over)


MIN_CALLED_SHARE = 0.5
"""Share of called bases from which a FASTA of all chromosomes counts as a whole genome: masked or sparse
files hold less, assemblies far more."""

MAX_ELSEWHERE_SHARE = 0.5
"""Share of a target's k-mers elsewhere in the genome above which its check fails: reads of such a gene can
hardly be told from those of its copies."""


@dataclass(frozen=True)
class Uniqueness:
    """What the pass over a genome gave a panel.

    Attributes:
        whole_genome: whether the FASTA held the whole genome, so that "nowhere else" can be said.
        look_alikes: what resembles the targets' exons.
    """

    specificity: Specificity
    whole_genome: bool
    count: GenomeCount
    look_alikes: LookAlikes

    def provenance(self) -> dict[str, Any]:
        """Return what panel.json says of the pass."""
        return {
            "k": self.specificity.k,
            "bases": self.count.bases,
            "called_bases": self.count.called,
            "contigs": len(self.count.contigs),
            "alternate_contigs_passed_over": self.count.passed_over,
            "repeated_windows_left_out": self.look_alikes.left_out,
        }


def measure_uniqueness(
    panel: Panel,
    genome: GenomePieces,
    genome_path: Path,
    progress: Progress = no_progress,
) -> Uniqueness:
    """Count the k-mers of every gene of a panel in a genome, outside the gene's own locus.

    The pass counts all places; those in the gene's locus are counted in the bases at hand and taken off.
    K-mers across an exon's border do not occur in a genome, neither for the gene nor for a copy that is
    spliced alike. They prove nothing and are left out.

    Raises:
        ReferenceProofError: the FASTA is damaged.
    """
    by_gene = {}
    for gene, transcripts in panel.by_gene.items():
        sequences = [transcript.sequence for transcript in transcripts]
        if gene in panel.unspliced:
            sequences.append(panel.unspliced[gene].sequence)
        by_gene[gene] = gene_kmers(sequences)
    kmers = np.unique(np.concatenate(list(by_gene.values())))
    finder = LookAlikeFinder(panel.primary[gene].sequence for gene in panel.spec.genes_with_role("target"))
    count = count_in_genome(genome_path, kmers, UNIQUE_LENGTH, progress, finder)
    genes = {}
    for gene, own in by_gene.items():
        exons = [exon for transcript in panel.by_gene[gene] for exon in transcript.exons]
        start, end = min(exon.start for exon in exons), max(exon.end for exon in exons)
        locus = genome.fetch(Region(panel.primary[gene].chrom, start, end))
        at_home, times = np.unique(kmers_of(locus), return_counts=True)
        places = count.places[np.searchsorted(kmers, own)]
        _, here, there = np.intersect1d(own, at_home, assume_unique=True, return_indices=True)
        elsewhere = np.clip(places[here] - times[there], 0, MAX_PLACES)
        genes[gene] = GeneKmers(own[here], elsewhere.astype(np.uint16))
    return Uniqueness(Specificity(genes), is_whole(count, panel.spec.genome), count, finder.found())


def is_whole(count: GenomeCount, build: GenomeSpec) -> bool:
    """Tell whether what was read is the whole genome of a build.

    It is when it holds every chromosome that the panel names, and mostly called bases. A panel that names
    none leaves the question open, which counts as no.
    """
    held = {chromosome_name(contig) for contig in count.contigs}
    return (
        bool(build.chromosomes)
        and set(build.chromosomes) <= held
        and (count.called >= MIN_CALLED_SHARE * count.bases)
    )


def uniqueness_checks(panel: Panel, specificity: Specificity) -> list[Check]:
    """Return for each target gene how much of its primary transcript occurs elsewhere in the genome."""
    checks = []
    for gene in panel.spec.genes_with_role("target"):
        transcript = panel.primary[gene]
        places = specificity.places_along(gene, transcript.sequence)
        known = places[places >= 0]
        elsewhere = int(np.count_nonzero(known))
        text = (
            f"{transcript.key}: {elsewhere} of {known.size} exonic stretches of {specificity.k} nt occur "
            "elsewhere in the genome"
        )
        checks.append(Check("genome_uniqueness", elsewhere <= MAX_ELSEWHERE_SHARE * known.size, text, False))
    return checks
