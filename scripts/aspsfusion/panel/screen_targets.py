"""Selects the sequences of a panel that the screen looks for.

Transcripts, the edges of the targets' introns and the listed junctions; repeats are left out where the genome
marks them.
"""

import numpy as np

from aspsfusion.panel.genome import GenomePieces, Region
from aspsfusion.panel.kmers import KMER_LENGTH
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.specificity import Specificity

INTRON_FLANK = 200
"""Bases of each intron of a target gene, next to the exons, whose k-mers the screen keeps: enough for a read
that runs from an exon into an intron, without the repeats farther inside."""

FREQUENT_PLACES = 100
"""Places in the genome from which a sequence is left out of the screen: interspersed repeats have thousands,
the processed pseudogenes of a housekeeping gene tens."""

MIN_SCREENED_SHARE = 0.5
"""Share of a sequence that must be left; one that is frequent throughout is screened for as it is."""

_SOFT_TO_HARD = str.maketrans("acgtn", "NNNNN")


def screened_sequences(
    panel: Panel, genome: GenomePieces, specificity: Specificity | None = None
) -> list[tuple[int, str]]:
    """Return the sequences whose k-mers the screen looks for, each with the number of its gene.

    Soft-masked bases become N, so that no k-mer of an interspersed repeat enters: an Alu in the 3' end of
    one gene would let in every library's Alus. The exons of target genes are taken as they are; a junction
    with another gene is found by the target's side. Where the places of every sequence in the genome are
    known, frequent ones become N in the same way, in all exons and introns; the listed junctions never do.
    """

    def masked(bases: str) -> str:
        return bases.translate(_SOFT_TO_HARD) if genome.soft_masked else bases.upper()

    number = {gene.symbol: i for i, gene in enumerate(panel.spec.genes)}
    pieces = []
    for t in panel.transcripts.values():
        bases = t.sequence
        if t.gene not in panel.unspliced:
            exons = (Region(t.chrom, exon.start, exon.end) for exon in t.exons)
            bases = masked("".join(genome.fetch_sense(exon, t.strand) for exon in exons))
        pieces.append((number[t.gene], without_frequent(t.gene, bases, specificity)))
    edge = KMER_LENGTH - 1
    for gene, whole in panel.unspliced.items():
        for low, high in (intron for transcript in panel.by_gene[gene] for intron in transcript.introns):
            for start, end in ((low, min(low + INTRON_FLANK, high)), (max(high - INTRON_FLANK, low), high)):
                # The k - 1 exonic bases beside the flank make the k-mers across the exon's border.
                left = genome.fetch(Region(whole.chrom, max(whole.start, start - edge), start))
                right = genome.fetch(Region(whole.chrom, end, min(whole.end, end + edge)))
                flank = masked(genome.fetch(Region(whole.chrom, start, end)))
                across_border = left.upper() + flank + right.upper()
                pieces.append((number[gene], without_frequent(gene, across_border, specificity)))
    for location in panel.catalogue:
        five, three = panel.joined_sequences(location)
        pieces.append((number[location.three_gene], five[-edge:] + three[:edge]))
    return pieces


def without_frequent(gene: str, bases: str, specificity: Specificity | None) -> str:
    """Return a gene's bases with N in the middle of every stretch that is frequent in the genome."""
    if specificity is None or len(bases) < specificity.k:
        return bases
    places = specificity.places_along(gene, bases)
    masked = np.frombuffer(bases.encode("ascii"), dtype=np.uint8).copy()
    masked[np.flatnonzero(places >= FREQUENT_PLACES) + specificity.k // 2] = ord("N")
    lost = np.count_nonzero(masked == ord("N")) - bases.count("N")
    return masked.tobytes().decode("ascii") if lost <= (1 - MIN_SCREENED_SHARE) * len(bases) else bases
