"""Names fusion transcripts in the notation of HGVS, and translocations in that of the ISCN.

RNA positions are numbered like coding DNA: 1 is the A of the start codon, -1 the base before it, *1 the first
base after the stop codon; a transcript without reading frame is numbered from its first base. A fusion
transcript joins two ranges with `::`, ends that were not analysed are `?` (HGVS recommendation SVD-WG007,
adjoined transcripts); bases of neither gene are written between two `::`, in lower case and with u, as RNA
is. RNA shows which genes are joined, not which chromosomes are left: a translocation names the two bands and
leaves open whether it is balanced.
"""

import re

from aspsfusion.panel.panel import Transcript
from aspsfusion.panel.spec import PanelSpec

_BAND = re.compile(r"^(?P<chromosome>[0-9]{1,2}|[XY])(?P<band>[pq][0-9.]+)$")


def fusion_name(
    five: Transcript, five_pos: int, three: Transcript, three_pos: int, inserted: str = ""
) -> str:
    """Return the HGVS name of a fusion transcript whose outer ends were not analysed.

    The genomic positions are 0-based: the last joined base of the 5' gene, the first one of the 3' gene.
    """
    left, right = genomic_position_name(five, five_pos), genomic_position_name(three, three_pos)
    between = f"{inserted.lower().replace('t', 'u')}::" if inserted else ""
    return f"{five.name}:r.?_{left}::{between}{three.name}:r.{right}_?"


def genomic_position_name(transcript: Transcript, position: int) -> str:
    """Return the HGVS number of a genomic base (0-based), with intron offset where it is not exonic.

    The offset counts from the nearer exon, from the 5' one in the middle of an intron.
    """
    tx_pos = transcript.from_genome(position)
    if tx_pos is not None:
        return position_name(transcript, tx_pos)
    sense = 1 if transcript.strand == "+" else -1
    nearest: tuple[int, int, str] | None = None
    for exon in transcript.exons:
        for base, side in ((exon.tx_end - 1, 0), (exon.tx_start, 1)):
            offset = (position - transcript.to_genome(base)) * sense
            if (offset > 0) == (side == 0):
                candidate = (abs(offset), side, f"{position_name(transcript, base)}{offset:+d}")
                nearest = min(nearest, candidate) if nearest else candidate
    assert nearest is not None
    return nearest[2]


def position_name(transcript: Transcript, tx_pos: int) -> str:
    """Return the HGVS number of a base of a transcript, given by its 0-based position on it."""
    if transcript.cds is None:
        return str(tx_pos + 1)
    start, end = transcript.cds
    if tx_pos < start:
        return str(tx_pos - start)
    if tx_pos >= end:
        return f"*{tx_pos - end + 1}"
    return str(tx_pos - start + 1)


def translocation(spec: PanelSpec, five_gene: str, three_gene: str) -> str:
    """Return the translocation between two genes, empty where the panel cannot tell it.

    The target fusion, in either direction, has the notation that the panel gives for it, since published
    bands are often coarser than those of the genes. Any other is made from the bands of the two genes.
    """
    target = spec.target
    if {five_gene, three_gene} == {target.five_prime, target.three_prime} and target.translocation:
        return target.translocation
    return from_bands(spec.gene(five_gene).cytoband, spec.gene(three_gene).cytoband)


def from_bands(first: str, second: str) -> str:
    """Return the notation for two bands: sex chromosomes first, then by number (ISCN 2020, section 4.1).

    Within one chromosome two bands do not show the kind of rearrangement, so nothing is returned.

    >>> from_bands("17q25.3", "Xp11.23"), from_bands("1q23.1", "1p34.3"), from_bands("", "Xp11.23")
    ('t(X;17)(p11.23;q25.3)', '', '')
    """
    places = [_BAND.match(band) for band in (first, second)]
    if not all(places):
        return ""
    parts = sorted(
        ((place["chromosome"], place["band"]) for place in places if place), key=lambda part: _rank(part[0])
    )
    if parts[0][0] == parts[1][0]:
        return ""
    return f"t({parts[0][0]};{parts[1][0]})({parts[0][1]};{parts[1][1]})"


def _rank(chromosome: str) -> int:
    return int(chromosome) if chromosome.isdecimal() else 0
