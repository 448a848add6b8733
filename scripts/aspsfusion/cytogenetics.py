"""Writes the translocation that would join two genes in the notation of the ISCN.

RNA shows which genes are joined, not which chromosomes are left: the notation names the two bands and
leaves open whether the translocation is balanced.
"""

import re

from aspsfusion.panel.spec import PanelSpec

_BAND = re.compile(r"^(?P<chromosome>[0-9]{1,2}|[XY])(?P<band>[pq][0-9.]+)$")


def translocation(spec: PanelSpec, five_gene: str, three_gene: str) -> str:
    """Return the translocation between two genes, empty where the panel can not tell it.

    The target fusion, in either direction, has the notation that the panel gives for it, since published
    bands are often coarser than those of the genes. Any other is made from the bands of the two genes.

    Args:
        spec: the panel.
        five_gene: 5' gene.
        three_gene: 3' gene.
    """
    target = spec.target
    if {five_gene, three_gene} == {target.five_prime, target.three_prime} and target.translocation:
        return target.translocation
    return from_bands(spec.gene(five_gene).cytoband, spec.gene(three_gene).cytoband)


def from_bands(first: str, second: str) -> str:
    """Return the notation for two bands: sex chromosomes first, then by number (ISCN 2020, section 4.1).

    Within one chromosome the kind of rearrangement can not be told from two bands, so nothing is returned.

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
