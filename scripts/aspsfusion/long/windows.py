"""Makes of a break in a long read the short read that the calls are made of.

What decides on a junction are the bases around it. So of a read only a window is handed on: FLANK bases on
each side of the break. More than CORE bases from the break, its bases are the panel's: of which gene they are
all bases of the piece have shown, and their errors say nothing of the junction. The bases between the pieces,
and CORE ones on each side, are the read's own. A window costs the same whatever the length of its read.
"""

from collections.abc import Iterable

from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.long.breaks import Break
from aspsfusion.long.pieces import Piece
from aspsfusion.native import align_across
from aspsfusion.panel.panel import Panel

FLANK = 120
"""Bases of a window on each side of a break."""

CORE = 20
"""Raw bases on each side: an aligner's piece ends fewer from where the read leaves the gene."""

SLACK = 16
"""Bases by which indels may move a window against its placement."""


class WindowMaker:
    """Makes the windows of reads."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._contigs = ContigBases(panel)

    def of_break(self, read: str, found: Break) -> Mate:
        """Return the window of a break as a read with its places in the two genes."""
        five, three = found.five, found.three
        sense = reverse_complement(read) if found.reverse else read
        cut = min(five.query_end, three.query_start)
        onwards = max(five.query_end, three.query_start)
        last, end = five.last_before(max(five.query_start, cut - CORE))
        first, start = three.first_after(min(three.query_end, onwards + CORE))
        left = self._bases(five.contig, max(five.start, end - FLANK + CORE), end)
        right = self._bases(three.contig, start, min(three.end, start + FLANK - CORE))
        bases = left + sense[last:first] + right
        shift = len(left) - last
        places = (
            Placement(five.contig, False, end - len(left), five.end, 0, five.query_end + shift, 0),
            Placement(
                three.contig, False, three.start, start + len(right), three.query_start + shift, len(bases), 0
            ),
        )
        return Mate(1, bases, self._placements(bases, places))

    def of_end(self, read: str, piece: Piece, *, upstream: bool) -> Mate:
        """Return the window where a piece ends and the read goes on in other sequence.

        Args:
            read: bases as sequenced.
            piece: of a gene.
            upstream: whether the other sequence is upstream in the direction of the gene.
        """
        sense = reverse_complement(read) if piece.reverse else read
        if upstream:
            first, start = piece.first_after(min(piece.query_end, piece.query_start + CORE))
            right = self._bases(piece.contig, start, min(piece.end, start + FLANK - CORE))
            begin = max(0, piece.query_start - FLANK)
            bases = sense[begin:first] + right
            place = Placement(
                piece.contig, False, piece.start, start + len(right), piece.query_start - begin, len(bases), 0
            )
        else:
            last, end = piece.last_before(max(piece.query_start, piece.query_end - CORE))
            left = self._bases(piece.contig, max(piece.start, end - FLANK + CORE), end)
            bases = left + sense[last : piece.query_end + FLANK]
            shift = len(left) - last
            place = Placement(piece.contig, False, end - len(left), piece.end, 0, piece.query_end + shift, 0)
        return Mate(1, bases, self._placements(bases, (place,)))

    def _bases(self, contig: str, start: int, end: int) -> str:
        return self._contigs[contig][start:end].decode("ascii")

    def _placements(self, bases: str, places: Iterable[Placement]) -> tuple[Placement, ...]:
        """Return places on preferred contigs, with the edits of the whole window there, the best first."""
        found = []
        for place in places:
            on_primary = self._on_primary(place)
            contig = self._contigs[on_primary.contig]
            low = on_primary.start - on_primary.query_start - SLACK
            window = max(0, low), on_primary.end + len(bases) - on_primary.query_end + SLACK
            edits, *_ = align_across(bases.encode("ascii"), contig, 0, *window)
            found.append(on_primary._replace(edits=edits))
        ranks = self._panel.contig_ranks
        return tuple(sorted(found, key=lambda p: (p.edits, ranks[p.contig], p.start)))

    def _on_primary(self, place: Placement) -> Placement:
        """Return a place on the primary transcript of its gene where that has all of its bases."""
        primary = self._panel.primary[place.gene]
        start, last = (
            primary.from_genome(self._panel.genomic_position(place.contig, position))
            for position in (place.start, place.end - 1)
        )
        if start is None or last is None or last + 1 - start != place.end - place.start:
            return place
        own, other = self._contigs[place.contig], self._contigs[primary.key]
        if own[place.start : place.end] != other[start : last + 1]:
            return place
        return place._replace(contig=primary.key, start=start, end=last + 1)


def as_fragment(number: int, label: str, umi: str, mate: Mate) -> Fragment:
    """Return a read's window as a fragment of one read."""
    return Fragment(number, label, 1, (mate,), umis=(umi,))
