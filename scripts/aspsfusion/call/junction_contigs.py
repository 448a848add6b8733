"""Makes contigs of the fusion transcripts of a sample's junctions, and aligns supporting reads to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from aspsfusion.call.calls_file import CalledJunction, CallsFile
from aspsfusion.call.junction import JunctionModel
from aspsfusion.call.realign import INDEL_WINDOW
from aspsfusion.evidence.anchors import Anchors
from aspsfusion.evidence.placements import ContigBases, panel_contigs
from aspsfusion.io.bwa import MIN_SCORE
from aspsfusion.native import mismatches_at
from aspsfusion.panel.panel import Panel

if TYPE_CHECKING:
    from Bio.Align import PairwiseAligner


PREFIX = "JUNCTION"
"""First word of the names, so that a viewer's list shows the junctions together."""

FASTA_LINE = 60
"""Bases in a line of FASTA."""


@dataclass(frozen=True)
class JunctionContig:
    """A piece of the fusion transcript around a junction.

    Attributes:
        name: name of the sequence, of characters that SAM and genome viewers allow.
        description: the junction in words, for the header of the BAM.
        sequence: bases in the sense of the fusion transcript.
        junction: position of the first base of the 3' gene, 0-based.
    """

    name: str
    description: str
    sequence: str
    junction: int


@dataclass(frozen=True)
class ContigAlignment:
    """A read aligned to a contig.

    Attributes:
        start: first aligned base on the contig, 0-based.
        cigar: in the notation of SAM, the whole read.
        edits: mismatches and inserted or missing bases of the aligned part.
    """

    start: int
    cigar: str
    edits: int


def contig_name(junction: CalledJunction) -> str:
    """Return the name of a junction's contig; the positions are genomic and 1-based, as in the report."""
    five = f"{junction.five_gene}_{junction.five_pos + 1}"
    three = f"{junction.three_gene}_{junction.three_pos + 1}"
    # Junctions of the same two places differ by what is inserted.
    return "|".join([PREFIX, five, *([junction.inserted] if junction.inserted else []), three])


def junction_contigs(panel: Panel, record: CallsFile) -> list[JunctionContig]:
    """Return a contig for each junction of a sample, in the order of the calls.

    The contig is the fusion transcript of the two genes' primary transcripts where they hold the breakpoints,
    to as many bases on each side as a fragment can be long.
    """
    contigs = ContigBases(panel)
    # `call` has judged the reads; the model is here for its sequence alone.
    anchors = Anchors(record.parameters.min_anchor, record.parameters.min_anchor)
    reach = record.parameters.max_insert
    found = []
    for called in record.calls.junctions:
        five, three = JunctionModel(panel, contigs, called.junction, anchors).flanks(reach)
        before = five + called.inserted
        found.append(
            JunctionContig(contig_name(called), _words(called, len(five)), before + three, len(before))
        )
    return found


def _words(called: CalledJunction, last: int) -> str:
    """Return a description; `last` is the 1-based position of the last base of the 5' gene on the contig."""
    listed = f" {called.catalogue_id}" if called.catalogue_id else ""
    state = f"not reported ({', '.join(called.rejections)})" if called.rejections else "reported"
    return (
        f"{called.five_gene}::{called.three_gene}{listed}, {called.five_gene} up to {last}, "
        + (f"then {len(called.inserted)} inserted, " if called.inserted else "")
        + f"{state}, "
        f"fragments {called.fragments}"
    )


def fasta_lines(panel: Panel, junctions: Iterable[JunctionContig]) -> Iterator[str]:
    """Yield a FASTA with the panel's sequences and those of the junctions, in the order of the BAM."""
    for name in panel_contigs(panel):
        yield from _record(name, panel.sequence_of(name))
    for contig in junctions:
        yield from _record(f"{contig.name} {contig.description}", contig.sequence)


def _record(head: str, sequence: str) -> Iterator[str]:
    yield f">{head}\n"
    for start in range(0, len(sequence), FASTA_LINE):
        yield f"{sequence[start : start + FASTA_LINE]}\n"


def align_to_contig(bases: str, contig: str, start: int, edits: int) -> ContigAlignment | None:
    """Align a read to a contig near the place that is known.

    Most reads fit there end to end. One with a gap, or one of another transcript of the gene, is aligned by
    the method of Smith and Waterman, first around the place, then on the whole contig, and clipped where it
    does not fit.

    Args:
        bases: the read in the orientation of the contig.
        contig: bases of the contig.
        start: position of the read's first base on the contig, 0-based; negative before its first base.
        edits: edits of the read on the junction, as `call` found them.

    Returns:
        Its alignment; None when less of it fits than the panel's aligner reports.
    """
    length = len(bases)
    found = edits + 1
    if start >= 0:
        found = mismatches_at(bases.encode("ascii"), contig.encode("ascii"), start, edits)
    if found <= edits and start + length <= len(contig):
        return ContigAlignment(start, f"{length}M", found)
    first = max(0, start - INDEL_WINDOW)
    near = contig[first : max(first, start + length + INDEL_WINDOW)]
    return _local(bases, near, first) or _local(bases, contig, 0)


def _aligner() -> "PairwiseAligner":
    """Return an aligner with the scores of BWA-MEM, whose soft clips everyone knows how to read."""
    from Bio.Align import PairwiseAligner  # takes 80 ms, and only reads with a gap need it

    aligner = PairwiseAligner()
    aligner.mode = "local"
    aligner.match_score, aligner.mismatch_score = 1, -4
    aligner.open_gap_score, aligner.extend_gap_score = -7, -1
    return aligner


def _local(bases: str, reference: str, offset: int) -> ContigAlignment | None:
    if not reference or not bases:
        return None
    alignments = _aligner().align(reference, bases)
    if alignments.score < MIN_SCORE:
        return None
    return _from_corners(bases, reference, offset, next(iter(alignments)).coordinates)


def _from_corners(bases: str, reference: str, offset: int, corners: npt.NDArray[np.int64]) -> ContigAlignment:
    """Return an alignment from the corners of its path, which hold contig and read positions."""
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
    return ContigAlignment(
        offset + places[0][0], "".join(f"{number}{operation}" for number, operation in parts if number), edits
    )
