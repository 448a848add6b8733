"""Which sequences of a panel the screen looks for.

Transcripts, the edges of the targets' introns and the listed junctions; repeats are left out where the genome
marks them.
"""

from aspsfusion.genome import GenomePieces, Region
from aspsfusion.kmers import KMER_LENGTH
from aspsfusion.panel import Panel, Transcript

INTRON_FLANK = 200
"""Bases of each intron of a target gene, next to the exons, whose k-mers the screen keeps: enough for a read
that runs from an exon into an intron, without the repeats of the intron's depth."""

_SOFT_TO_HARD = str.maketrans("acgtn", "NNNNN")


def screened_sequences(panel: Panel, genome: GenomePieces) -> list[tuple[int, str]]:
    """Return the sequences whose k-mers the screen looks for, each with the number of its gene.

    Soft-masked bases become N, so that no k-mer of an interspersed repeat enters: an Alu in the 3' end of
    one gene would let in every library's Alus. The exons of target genes are taken as they are; a junction
    with another gene is found by the target's side.
    """
    mask = _hard_masked if genome.soft_masked else str.upper
    number = {gene.symbol: i for i, gene in enumerate(panel.spec.genes)}
    pieces = [
        (number[t.gene], t.sequence if t.gene in panel.unspliced else mask(_spliced(t, genome)))
        for t in panel.transcripts.values()
    ]
    edge = KMER_LENGTH - 1
    for gene, whole in panel.unspliced.items():
        for transcript in panel.by_gene[gene]:
            for before, after in zip(transcript.exons, transcript.exons[1:], strict=False):
                low, high = (
                    (before.end, after.start) if transcript.strand == "+" else (after.end, before.start)
                )
                for start, end in ((low, low + INTRON_FLANK), (high - INTRON_FLANK, high)):
                    region = Region(transcript.chrom, max(start, low), min(end, high))
                    hard_masked = mask(genome.fetch(region))
                    # The k - 1 exonic bases beside the flank make the k-mers across the exon's border.
                    before_it = Region(transcript.chrom, max(whole.start, region.start - edge), region.start)
                    behind_it = Region(transcript.chrom, region.end, min(whole.end, region.end + edge))
                    left, right = genome.fetch(before_it), genome.fetch(behind_it)
                    pieces.append((number[gene], left.upper() + hard_masked + right.upper()))
    for location in panel.catalogue:
        five, three = panel.primary[location.five_gene], panel.primary[location.three_gene]
        five_end, three_start = five.from_genome(location.five_pos), three.from_genome(location.three_pos)
        if five_end is None or three_start is None:
            continue
        across = five.sequence[max(0, five_end + 1 - edge) : five_end + 1]
        across += three.sequence[three_start : three_start + edge]
        pieces.append((number[location.three_gene], across))
    return pieces


def _spliced(transcript: Transcript, genome: GenomePieces) -> str:
    """Return a transcript's bases with the case of the genome."""
    return "".join(
        genome.fetch_sense(Region(transcript.chrom, exon.start, exon.end), transcript.strand)
        for exon in transcript.exons
    )


def _hard_masked(bases: str) -> str:
    return bases.translate(_SOFT_TO_HARD)
