"""Gives a read that `call` laid on a junction its CIGAR on the junction's contig."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aspsfusion.evidence.placements import as_bases
from aspsfusion.io.bwa import MIN_SCORE
from aspsfusion.kernels import mismatches_at
from aspsfusion.realign import INDEL_WINDOW

if TYPE_CHECKING:
    from Bio.Align import PairwiseAligner


@dataclass(frozen=True)
class LaidRead:
    """A read on a contig.

    Attributes:
        start: first aligned base on the contig, 0-based.
        cigar: in the notation of SAM, the whole read.
        edits: mismatches and inserted or missing bases of the aligned part.
    """

    start: int
    cigar: str
    edits: int


def _aligner() -> "PairwiseAligner":
    """Return an aligner with the scores of BWA-MEM, whose soft clips everyone knows how to read."""
    from Bio.Align import PairwiseAligner  # takes 80 ms, and only reads with a gap need it

    aligner = PairwiseAligner()
    aligner.mode = "local"
    aligner.match_score, aligner.mismatch_score = 1, -4
    aligner.open_gap_score, aligner.extend_gap_score = -7, -1
    return aligner


def lay_read(bases: str, contig: str, start: int, edits: int) -> LaidRead | None:
    """Lay a read on a contig near the place that is known.

    Most reads lie there end to end. One with a gap, or one that lies on another transcript of the gene, is
    aligned by Smith and Waterman, first around the place, then on the whole contig, and clipped where it does
    not fit.

    Args:
        bases: the read in the orientation of the contig.
        contig: the contig.
        start: position of the read's first base on the contig, 0-based; may lie in front of it.
        edits: edits of the read when it was laid on the junction.

    Returns:
        Its place; None when less of it fits than the panel's aligner reports.
    """
    length = len(bases)
    found = int(mismatches_at(as_bases(bases), as_bases(contig), start, edits)) if start >= 0 else edits + 1
    if found <= edits and start + length <= len(contig):
        return LaidRead(start, f"{length}M", found)
    first = max(0, start - INDEL_WINDOW)
    near = contig[first : max(first, start + length + INDEL_WINDOW)]
    return _local(bases, near, first) or _local(bases, contig, 0)


def _local(bases: str, reference: str, offset: int) -> LaidRead | None:
    if not reference or not bases:
        return None
    alignments = _aligner().align(reference, bases)
    if alignments.score < MIN_SCORE:
        return None
    return _laid(bases, reference, offset, next(iter(alignments)).coordinates)


def _laid(bases: str, reference: str, offset: int, corners: npt.NDArray[np.int64]) -> LaidRead:
    """Turn the corners of an alignment's path, contig first, into a place."""
    places = [(int(at), int(of)) for at, of in zip(corners[0], corners[1], strict=True)]
    parts = [(places[0][1], "S")]
    edits = 0
    for (at, of), (next_at, next_of) in pairwise(places):
        covered, used = next_at - at, next_of - of
        if covered and used:
            parts.append((used, "M"))
            edits += sum(a != b for a, b in zip(reference[at:next_at], bases[of:next_of], strict=True))
        else:
            parts.append((covered, "D") if covered else (used, "I"))
            edits += covered + used
    parts.append((len(bases) - places[-1][1], "S"))
    return LaidRead(
        offset + places[0][0], "".join(f"{number}{operation}" for number, operation in parts if number), edits
    )
