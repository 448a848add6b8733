"""The fusion transcripts of a sample's junctions as sequences that reads can be laid on and looked at.

Gives a read that `call` laid on a junction its CIGAR on the junction's contig.
"""

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
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.io.bwa import MIN_SCORE
from aspsfusion.native import mismatches_at
from aspsfusion.panel.panel import Junction, Panel

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
    found = edits + 1
    if start >= 0:
        found = mismatches_at(bases.encode("ascii"), contig.encode("ascii"), start, edits)
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


PREFIX = "JUNCTION"
"""First word of the names, so that a viewer's list shows the junctions together."""

LINE = 60
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


def contig_name(junction: CalledJunction) -> str:
    """Return the name of a junction's contig; the positions are genomic and 1-based, as in the report."""
    five = f"{junction.five_gene}_{junction.five_pos + 1}"
    three = f"{junction.three_gene}_{junction.three_pos + 1}"
    return f"{PREFIX}|{five}|{three}"


def junction_contigs(panel: Panel, record: CallsFile) -> list[JunctionContig]:
    """Return a contig for each junction of a sample, in the order of the calls.

    The contig is the fusion transcript of the two genes' primary transcripts where they hold the breakpoints,
    to as many bases on each side as a fragment can be long.

    Args:
        panel: built panel that the sample was called with.
        record: calls of the sample.
    """
    contigs = ContigBases(panel)
    # Reads have been judged by `call`; the model is here for its sequence alone.
    anchors = Anchors(record.parameters.min_anchor, record.parameters.min_anchor)
    reach = record.parameters.max_insert
    found = []
    for called in record.calls.junctions:
        junction = Junction(called.five_gene, called.five_pos, called.three_gene, called.three_pos)
        five, three = JunctionModel(panel, contigs, junction, anchors).flanks(reach)
        found.append(JunctionContig(contig_name(called), _words(called, len(five)), five + three, len(five)))
    return found


def _words(called: CalledJunction, last: int) -> str:
    """Return a description; `last` is the 1-based position of the last base of the 5' gene on the contig."""
    listed = f" {called.catalogue_id}" if called.catalogue_id else ""
    state = f"not reported ({', '.join(called.rejections)})" if called.rejections else "reported"
    return (
        f"{called.five_gene}::{called.three_gene}{listed}, {called.five_gene} up to {last}, {state}, "
        f"fragments {called.fragments}"
    )


def fasta_lines(panel: Panel, junctions: Iterable[JunctionContig]) -> Iterator[str]:
    """Yield a FASTA with the panel's sequences and those of the junctions, in the order of the BAM."""
    for name in panel_contigs(panel):
        yield from _record(name, panel.sequence_of(name))
    for contig in junctions:
        yield from _record(f"{contig.name} {contig.description}", contig.sequence)


def panel_contigs(panel: Panel) -> list[str]:
    """Return the names of the panel's sequences in the order of the aligner's BAM."""
    return [*panel.transcripts, *(unspliced.key for unspliced in panel.unspliced.values())]


def _record(head: str, sequence: str) -> Iterator[str]:
    yield f">{head}\n"
    for start in range(0, len(sequence), LINE):
        yield f"{sequence[start : start + LINE]}\n"
