"""Joins overlapping mates into one read, so that what both of them show is said once.

Where mates overlap, the same base of the molecule was read twice. Weighed apart, an error in one of them
leaves the other to vote alone, and the anchors of both are cut at the read's end; joined, the molecule
speaks once, with its whole length.
"""

import numpy as np
import numpy.typing as npt

from aspsfusion.io.fasta import reverse_complement

MERGE_OVERLAP = 40
"""Bases in which mates must overlap to be joined. Shorter overlaps may be two copies of a tandem repeat: the
repeat at the 5' breakpoint of the shipped panel has 31 nt that occur twice, with one mismatch."""

_ANY = ord("N")
_LOWEST = ord("!")
_HIGHEST = ord("I")
"""Phred+33 of 0 and of 40; two reads that agree are not trusted more than that."""

_Bytes = npt.NDArray[np.uint8]


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
        second: the same of read 2, both as sequenced.
        insert: length of the molecule in nt; the mates must overlap.

    >>> merge_mates(("ACGTA", "IIIII"), ("TTTACG", "IIIIII"), 7)
    ('ACGTAAA', 'IIIIIII')
    """
    one, one_quality = _arrays(*first)
    two, two_quality = _arrays(reverse_complement(second[0]), second[1][::-1])
    start = insert - two.size
    bases = np.concatenate([one, two[one.size - start :]])
    quality = np.concatenate([one_quality, two_quality[one.size - start :]])
    low, high = max(0, start), one.size
    mine, mine_quality = one[low:high], one_quality[low:high]
    other, other_quality = two[low - start : high - start], two_quality[low - start : high - start]
    agree = mine == other
    higher = np.maximum(mine_quality, other_quality)
    lower = np.minimum(mine_quality, other_quality)
    bases[low:high] = np.where(other_quality > mine_quality, other, mine)
    bases[low:high][~agree & (mine_quality == other_quality)] = _ANY
    quality[low:high] = np.where(agree, higher, _LOWEST + (higher - lower))
    return _text(bases), _text(np.minimum(quality, _HIGHEST))


def _arrays(bases: str, quality: str) -> tuple[_Bytes, _Bytes]:
    return (
        np.frombuffer(bases.encode("ascii"), dtype=np.uint8),
        np.frombuffer(quality.encode("ascii"), dtype=np.uint8),
    )


def _text(values: _Bytes) -> str:
    return values.tobytes().decode("ascii")
