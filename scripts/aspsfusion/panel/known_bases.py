"""Reads the real bases that are known of exons: they prove a reference, and make one for demonstrations.

The file has the plus strand, one record for each stretch of an exon; resources/README.md has the sources.
A lower-case base was seen in a single read. An IUPAC code is a site at which people differ.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from Bio.Data.IUPACData import ambiguous_dna_values

from aspsfusion.io.fasta import fasta_pieces, parse_contig
from aspsfusion.io.shipped import shipped

FILE = "resources/demo/known_bases.fa"
BUILD = "GRCh38"
"""Build of its positions."""

BASES_OF_CODE: Mapping[str, str] = ambiguous_dna_values


class Stretch(NamedTuple):
    """Known bases of the plus strand from a position on (0-based)."""

    chrom: str
    start: int
    bases: str


@cache
def known_stretches(build: str) -> tuple[Stretch, ...]:
    """Return what is known of a build, in genomic order."""
    found: list[Stretch] = []
    for header, bases in fasta_pieces(shipped(FILE)) if build == BUILD else ():
        if header is None:
            found[-1] = found[-1]._replace(bases=found[-1].bases + bases.decode("ascii"))
        else:
            chrom, start, _ = parse_contig(header.split()[0])
            found.append(Stretch(chrom, start, ""))
    return tuple(found)
