"""The fusion transcripts of a sample's junctions as sequences that reads can be laid on and looked at."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aspsfusion.calls_file import CalledJunction, CallsFile
from aspsfusion.evidence.anchors import Anchors
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.junction_model import JunctionModel
from aspsfusion.panel.panel import Junction, Panel

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
