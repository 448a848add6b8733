"""Trims unknown bases and adapters from candidate fragments, and merges mates that overlap.

Cycles that fail leave unknown bases at the ends of reads. They say nothing of the molecule, and would count
as edits and as bases of another gene.

Short inserts, the rule in FFPE tissue, let both mates run into the adapters. Where the mates overlap, the
insert's length follows from the reads themselves and no adapter needs to be known; single reads and pairs
without overlap are searched for the adapters of the common library kits.

Where mates overlap, the same base of the molecule was read twice. Weighed apart, an error in one of them
leaves the other to vote alone, and the anchors of both are cut at the read's end; merged, the molecule
speaks once, with its whole length.
"""

from dataclasses import dataclass
from functools import cache

from cutadapt.adapters import BackAdapter

from aspsfusion import native
from aspsfusion.io.fasta import reverse_complement

ADAPTERS = ("AGATCGGAAGAGC", "CTGTCTCTTATACACATCT")
"""Beginning of the Illumina TruSeq and of the Nextera transposase adapters (Illumina Adapter Sequences,
document 1000000002694)."""

UNKNOWN = "Nn."
"""Letters of a base that was not called."""

ADAPTER_ERROR_RATE = 0.1
ADAPTER_MIN_OVERLAP = 5
"""Shorter ends are left: a clip that short does no harm, and four bases match by chance in 1 of 256."""

PAIR_ADAPTER_MIN_OVERLAP = 12
"""A pair that runs into the adapters overlaps, unless next to nothing is between them; so in a pair without
overlap only a long piece of adapter is believed, which is an adapter dimer."""

OVERLAP_MINIMUM = 16
"""Bases in which mates must agree to count as overlapping: about 1 of 4^16 by chance, times 300 offsets."""

OVERLAP_MISMATCH_RATE = 0.1
MIN_LENGTH = 20
"""Reads shorter than this after trimming are kept as an empty mate: they cannot be placed uniquely."""


MERGE_OVERLAP = 40
"""Bases in which mates must overlap to be merged. Shorter overlaps may be two copies of a tandem repeat: the
repeat at the 5' breakpoint of the shipped panel has 31 nt that occur twice, with one mismatch."""


@dataclass(frozen=True)
class TrimmedRead:
    """A read after trimming; both strings are empty when too little was left."""

    sequence: str
    quality: str
    adapter_found: bool


@dataclass(frozen=True)
class TrimmedPair:
    """Both mates after trimming, and the insert length where they overlap."""

    first: TrimmedRead
    second: TrimmedRead
    insert: int | None


def trim_single(sequence: str, quality: str) -> TrimmedRead:
    """Trim the unknown bases that end a single read, and at the first base of an adapter."""
    return _trim_at_adapter(*cut_unknown_end(sequence, quality), ADAPTER_MIN_OVERLAP)


def trim_pair(first: tuple[str, str], second: tuple[str, str]) -> TrimmedPair:
    """Trim both mates of a pair.

    Args:
        first: bases and qualities of read 1, as sequenced.
        second: bases and qualities of read 2, as sequenced.

    Returns:
        The trimmed mates and the insert length in nt, None where the mates do not overlap.
    """
    first, second = cut_unknown_end(*first), cut_unknown_end(*second)
    insert = native.overlap_insert(
        first[0].encode("ascii"),
        reverse_complement(second[0]).encode("ascii"),
        OVERLAP_MINIMUM,
        OVERLAP_MISMATCH_RATE,
    )
    if insert:
        mates = [
            _cut(sequence, quality, min(len(sequence), insert), adapter_found=len(sequence) > insert)
            for sequence, quality in (first, second)
        ]
        return TrimmedPair(mates[0], mates[1], insert)
    return TrimmedPair(
        _trim_at_adapter(*first, PAIR_ADAPTER_MIN_OVERLAP),
        _trim_at_adapter(*second, PAIR_ADAPTER_MIN_OVERLAP),
        None,
    )


def cut_unknown_end(sequence: str, quality: str) -> tuple[str, str]:
    """Return bases and qualities of a read up to the last base that was called.

    Unknown bases at its beginning stay: that is an end of the molecule, by which copies are recognised.

    >>> cut_unknown_end("NACGTNN", "#FFFF##")
    ('NACGT', '#FFFF')
    """
    known = sequence.rstrip(UNKNOWN)
    return known, quality[: len(known)]


@cache
def _searches(min_overlap: int) -> list[BackAdapter]:
    """Return the searches for all adapters: made once and when needed, because each takes 10 ms to make."""
    return [
        BackAdapter(adapter, max_errors=ADAPTER_ERROR_RATE, min_overlap=min_overlap) for adapter in ADAPTERS
    ]


def _cut(sequence: str, quality: str, length: int, *, adapter_found: bool) -> TrimmedRead:
    if length < MIN_LENGTH:
        return TrimmedRead("", "", adapter_found)
    return TrimmedRead(sequence[:length], quality[:length], adapter_found)


def _trim_at_adapter(sequence: str, quality: str, min_overlap: int) -> TrimmedRead:
    length = len(sequence)
    for search in _searches(min_overlap):
        match = search.match_to(sequence)
        if match is not None:
            length = min(length, match.rstart)
    return _cut(sequence, quality, length, adapter_found=length < len(sequence))


def overlap_length(first: int, second: int, insert: int) -> int:
    """Return by how many bases mates of these lengths overlap on an insert, all in nt.

    >>> overlap_length(75, 75, 100)
    50
    """
    return min(first, insert) - max(0, insert - second)


def merge_mates(first: tuple[str, str], second: tuple[str, str], insert: int) -> tuple[str, str]:
    """Return bases and qualities of the whole insert, in the orientation of the first mate.

    Where the mates disagree the base of better quality is taken with the difference of the qualities, as
    most programs that merge pairs do (for example PEAR, Zhang 2014 Bioinformatics 30:614); where the
    qualities are equal too, neither is believed and the base is N.

    Args:
        first: bases and qualities (Phred+33) of read 1, adapters removed.
        second: bases and qualities of read 2, both reads as sequenced.
        insert: length of the molecule in nt; the mates must overlap.

    >>> merge_mates(("ACGTA", "IIIII"), ("TTTACG", "IIIIII"), 7)
    ('ACGTAAA', 'IIIIIII')
    """
    (one, one_quality), (two, two_quality) = first, second
    bases, quality = native.merge_mates(
        (one.encode("ascii"), one_quality.encode("ascii")),
        (reverse_complement(two).encode("ascii"), two_quality.encode("ascii")),
        insert,
    )
    return bases.decode("ascii"), quality.decode("ascii")
