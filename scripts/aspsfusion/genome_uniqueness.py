"""Part of panel building: measures which sequences of the panel's genes stand nowhere else in the genome."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aspsfusion.gene_spec import GenomeSpec
from aspsfusion.genome import GenomePieces, Region
from aspsfusion.genome_kmers import GenomeCount, Kmers, count_in_genome
from aspsfusion.io.fasta import chromosome_name
from aspsfusion.kernels import EMPTY, canonical_kmers
from aspsfusion.kmers import encode
from aspsfusion.panel import Panel
from aspsfusion.proof import Check
from aspsfusion.specificity import MAX_PLACES, UNIQUE_LENGTH, GeneKmers, Specificity, gene_kmers

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
        specificity: places of every k-mer of the panel's genes.
        whole_genome: whether the FASTA held the whole genome, so that "nowhere else" can be said.
        count: size of what was read.
    """

    specificity: Specificity
    whole_genome: bool
    count: GenomeCount

    def provenance(self) -> dict[str, Any]:
        """Return what panel.json says of the pass."""
        return {
            "k": self.specificity.k,
            "bases": self.count.bases,
            "called_bases": self.count.called,
            "contigs": len(self.count.contigs),
            "alternate_contigs_passed_over": self.count.passed_over,
        }


def measure_uniqueness(
    panel: Panel,
    genome: GenomePieces,
    genome_path: Path,
    progress: Callable[[int, str], None] = lambda count, note: None,
) -> Uniqueness:
    """Count the k-mers of every gene of a panel in a genome, outside the gene's own locus.

    The pass counts all places; those in the gene's locus are counted in the bases at hand and taken off.
    K-mers across an exon's border stand nowhere in a genome, neither for the gene nor for a copy that is
    spliced alike. They prove nothing and are left out.

    Args:
        panel: proved panel.
        genome: the bases of every gene's locus.
        genome_path: FASTA of whole chromosomes.
        progress: called now and then with the bases read so far and a note.

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
    count = count_in_genome(genome_path, kmers, UNIQUE_LENGTH, progress)
    genes = {}
    for gene, own in by_gene.items():
        at_home, times = np.unique(_locus_kmers(panel, genome, gene), return_counts=True)
        places = count.places[np.searchsorted(kmers, own)]
        _, here, there = np.intersect1d(own, at_home, assume_unique=True, return_indices=True)
        elsewhere = np.clip(places[here] - times[there], 0, MAX_PLACES)
        genes[gene] = GeneKmers(own[here], elsewhere.astype(np.uint16))
    return Uniqueness(Specificity(genes), is_whole(count, panel.spec.genome), count)


def _locus_kmers(panel: Panel, genome: GenomePieces, gene: str) -> Kmers:
    transcripts = panel.by_gene[gene]
    start = min(exon.start for t in transcripts for exon in t.exons)
    end = max(exon.end for t in transcripts for exon in t.exons)
    bases = genome.fetch(Region(transcripts[0].chrom, start, end))
    found: Kmers = canonical_kmers(encode(bases), UNIQUE_LENGTH)
    called: Kmers = found[found != EMPTY]
    return called


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
    """Return for each target gene how much of its primary transcript stands elsewhere in the genome."""
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
