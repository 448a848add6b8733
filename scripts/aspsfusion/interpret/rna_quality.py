"""Measures from the wild-type counts whether the RNA of a library is spliced, stranded and whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from aspsfusion.evidence.coverage import Coverage
from aspsfusion.evidence.strand import MIN_FRAGMENTS, Direction
from aspsfusion.panel.panel import Panel, Transcript, Unspliced

MIN_BORDER_FRAGMENTS = 50
"""Fewest fragments at the exons' borders to tell a share by: its standard deviation is below 0.07 then."""

MIN_GENE_FRAGMENTS = 20
"""Fewest fragments of a control gene to tell by how it is covered."""

MIN_GENES = 3
"""Fewest such genes: one alone may be covered unevenly by its own sequence."""

PSEUDO_COUNT = 0.5
"""Added to the fragments of both halves, so that their ratio exists without any in one (Haldane 1956)."""

STRANDED = 0.8
UNSTRANDED = 0.55
"""Share of the fragments in one direction from which a library counts as stranded, and up to which as
unstranded; what lies between is undetermined and may come from DNA (nf-core/rnaseq, strandedness prediction,
defaults of `stranded_threshold` and `unstranded_threshold`)."""


@dataclass(frozen=True)
class Borders:
    """Fragments at the borders between the exons of the targets, added up over the introns.

    Attributes:
        spliced: fragments that run from an exon into the next one.
        unspliced: fragments that run from an exon into the intron, the mean of both ends of the intron.
    """

    spliced: float
    unspliced: float

    @property
    def unspliced_share(self) -> float | None:
        """Share of the molecules at the borders that still hold the intron; None where too few were seen."""
        total = self.spliced + self.unspliced
        return self.unspliced / total if total >= MIN_BORDER_FRAGMENTS else None


def exon_borders_crossed(panel: Panel, coverage: Coverage) -> Borders:
    """Count what crosses the borders between exons of the targets, spliced and not.

    Both are counted with the same number of bases on either side, so that a library of DNA has the share 1
    and one of spliced RNA the share 0, and a mixture that of the molecules, whatever the introns' lengths.
    """
    spliced = unspliced = 0.0
    for gene, whole in panel.unspliced.items():
        # Only introns of the primary transcript: DNA runs through the ends of rare ones too, where hardly
        # any RNA is spliced.
        introns = dict(_introns(panel.primary[gene], whole))
        for transcript in panel.by_gene[gene]:
            spliced += sum(
                coverage.crossing_at(transcript.key, border)
                for intron, border in _introns(transcript, whole)
                if intron in introns
            )
        unspliced += sum(coverage.crossing_at(whole.key, end) for intron in introns for end in intron) / 2
    return Borders(spliced, unspliced)


def _introns(transcript: Transcript, whole: Unspliced) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield each intron of a transcript, half-open on the unspliced gene, and its place on the transcript."""
    for exon in transcript.exons[1:]:
        last = whole.from_genome(transcript.to_genome(exon.tx_start - 1))
        yield (last + 1, whole.from_genome(transcript.to_genome(exon.tx_start))), exon.tx_start


def five_to_three_ratio(panel: Panel, coverage: Coverage) -> tuple[float | None, int]:
    """Return the fragments of the 5' halves of control genes for each one of the 3' halves, and the genes.

    Each gene counts alike: the share of its fragments with their middle in the 5' half of its primary
    transcript is averaged over the genes that have enough of them. Even coverage gives 1; libraries of
    degraded RNA that was selected by the poly-A tail less. The targets are left out, since a fusion of
    theirs reads one half more often than the other. None where too few genes were seen.
    """
    shares = []
    for gene in panel.spec.genes_with_role("control"):
        transcript = panel.primary[gene]
        length = len(transcript.sequence)
        five = coverage.middles_between(transcript.key, 0, length // 2)
        total = coverage.middles_between(transcript.key, 0, length)
        if total >= MIN_GENE_FRAGMENTS:
            shares.append((five + PSEUDO_COUNT) / (total + 2 * PSEUDO_COUNT))
    if len(shares) < MIN_GENES:
        return None, len(shares)
    mean = sum(shares) / len(shares)
    return mean / (1 - mean), len(shares)


def strand_unclear(direction: Direction) -> bool | None:
    """Return whether a library is neither stranded nor unstranded, beyond chance; None with few fragments."""
    total = direction.sense + direction.antisense
    if total < MIN_FRAGMENTS:
        return None
    low, high = score_interval(max(direction.sense, direction.antisense), total)
    return low > UNSTRANDED and high < STRANDED


def score_interval(part: int, whole: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927, doi 10.1080/01621459.1927.10502953).

    >>> [round(limit, 3) for limit in score_interval(45, 50)]
    [0.786, 0.957]
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = part / whole
    centre = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z / (1 + z * z / whole) * (share * (1 - share) / whole + z * z / (4 * whole * whole)) ** 0.5
    # Exact at the ends, where rounding would leave a trace of a share that was not seen.
    return 0.0 if part == 0 else centre - half, 1.0 if part == whole else centre + half
