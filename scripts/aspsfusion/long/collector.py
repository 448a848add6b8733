"""Collects the evidence of a sample of long reads: what the wild type explains, and the windows of others.

A read counts once. Where it goes from one gene to another its window stays open for `call`; a read of one
gene, and one whose genes an artefact has joined, counts as wild type of each gene with its longest piece. Of
what it does not reach it says nothing: one that begins downstream of an acceptor is no sign of its absence.
"""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from aspsfusion.config import CallParameters
from aspsfusion.evidence.coverage import WildTypeRules
from aspsfusion.evidence.evidence_file import Evidence
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.evidence.long_reads import ANCHOR, INFORMATIVE_ANCHOR, TRUNCATED, LongPlatform, LongReads
from aspsfusion.evidence.umis import NO_UMIS, UmiSource, are_umis, plain_umi, umi_of_name
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.long.breaks import LISTED_REACH, Break, BreakFinder, begins_foreign
from aspsfusion.long.pieces import Piece, error_rate, open_ends
from aspsfusion.long.umis import one_of_each
from aspsfusion.long.wild_type import WildPiece, count, foreign, molecules
from aspsfusion.long.windows import WindowMaker, as_fragment
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.transcripts import DECOY

LEAST_FOREIGN = 150
"""Bases of other sequence beside a gene's piece from which the gene may be broken: primers, barcodes and
adapters at the ends of reads are shorter."""

RATE_DECIMALS = 4


class LongRead(NamedTuple):
    """A read with its pieces in its order; bases as sequenced."""

    number: int
    label: str
    umi: str
    bases: str
    pieces: Sequence[Piece]


@dataclass
class Collector:
    """Collects the evidence of a sample read by read."""

    panel: Panel
    parameters: CallParameters
    _total: int = 0
    _tagged: int = 0
    _wild: list[WildPiece] = field(default_factory=list)
    _open: list[Fragment] = field(default_factory=list)
    _exons: dict[int, str] = field(default_factory=dict)
    _ends: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    _artefacts: Counter[str] = field(default_factory=Counter)
    _suspected: dict[int, str] = field(default_factory=dict)
    _rates: list[float] = field(default_factory=list)
    _umis: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        anchor = max(self.parameters.min_anchor, ANCHOR)
        informative = self.parameters.model_copy(update={"min_anchor": max(anchor, INFORMATIVE_ANCHOR)})
        self._anchor = anchor
        self._rules = WildTypeRules.of(self.panel, informative)
        self._breaks = BreakFinder(self.panel)
        self._windows = WindowMaker(self.panel)
        self._targets = set(self.panel.spec.genes_with_role("target"))

    def add(self, read: LongRead) -> None:
        """Add a read."""
        umi = plain_umi(read.umi) if read.umi else umi_of_name(read.label)
        self._total += 1
        self._tagged += bool(read.umi)
        self._umis[umi] += 1
        if not read.pieces:
            return
        self._rates.append(error_rate(read.pieces))
        breaks = list(self._breaks.breaks(read.bases, read.pieces))
        chosen = self._chosen(breaks)
        mate = None
        if chosen:
            mate = self._windows.of_break(read.bases, chosen)
            if chosen.artefact:
                self._suspected[read.number] = chosen.artefact
        else:
            self._artefacts.update({found.artefact for found in breaks if found.artefact})
            mate = self._end_window(read)
        if mate is not None:
            self._open.append(as_fragment(read.number, read.label, umi, mate))
            in_sense = _in_sense(read.pieces)
            self._exons[read.number] = exons_shown(self.panel, in_sense)
            own = [piece for piece in in_sense if piece.gene != DECOY]
            self._ends[read.number] = (
                self._inner_end(own[0], upstream=True),
                self._inner_end(own[-1], upstream=False),
            )
            return
        longest: dict[str, Piece] = {}
        for piece in read.pieces:
            if piece.gene == DECOY:
                continue
            held = longest.get(piece.gene)
            if held is None or piece.end - piece.start > held.end - held.start:
                longest[piece.gene] = piece
        self._wild += [self._wild_piece(umi, read.bases, piece) for piece in longest.values()]

    def _chosen(self, breaks: Sequence[Break]) -> Break | None:
        """Return the candidate that a read counts for: one of the target's genes before one with another."""
        target = {self.panel.spec.target.five_prime, self.panel.spec.target.three_prime}

        def rank(found: Break) -> tuple[bool, int]:
            genes = {found.five.gene, found.three.gene}
            shorter = min(piece.end - piece.start for piece in (found.five, found.three))
            return genes != target, -shorter

        candidates = (
            found
            for found in breaks
            if found.candidate and {found.five.gene, found.three.gene} & self._targets
        )
        return min(candidates, key=rank, default=None)

    def _end_window(self, read: LongRead) -> Mate | None:
        """Return the window where a read leaves a target for sequence not on the panel, if it does."""
        for piece, upstream, begin, end in open_ends(read.pieces):
            if piece.gene not in self._targets or end - begin < LEAST_FOREIGN:
                continue
            after = begin == piece.span[1]
            beside = read.bases[begin:end] if after else reverse_complement(read.bases[begin:end])
            if not self._breaks.is_outer(piece, upstream=upstream) and not begins_foreign(beside):
                return self._windows.of_end(read.bases, piece, upstream=upstream)
        return None

    def _proves(self, bases: str, piece: Piece) -> bool:
        """Whether a read may inform: it holds sequence that occurs in the gene alone, where that is known."""
        specificity = self._rules.specificity
        reaches = any(
            piece.start < place.boundary < piece.end
            for place in self._rules.informative.get(piece.contig, ())
        )
        if specificity is None or not reaches:
            return True
        first, last = piece.span
        return specificity.proof(piece.gene, [bases[first:last]]) == "unique"

    def _wild_piece(self, umi: str, bases: str, piece: Piece) -> WildPiece:
        placement = Placement(
            piece.contig,
            piece.reverse,
            piece.start,
            piece.end,
            piece.query_start,
            piece.query_end,
            piece.edits,
        )
        return WildPiece(
            umi,
            placement,
            error_rate([piece]),
            self._proves(bases, piece),
            tuple(piece.changes()) if piece.gene in self._targets else (),
            self._inner_end(piece, upstream=True),
            self._inner_end(piece, upstream=False),
        )

    def _inner_end(self, piece: Piece, *, upstream: bool) -> int | None:
        """Return the genomic position of a piece's end; None at the end of its gene's transcript."""
        if self._breaks.is_outer(piece, upstream=upstream):
            return None
        return self.panel.genomic_position(piece.contig, piece.start if upstream else piece.end - 1)

    def evidence(self, platform: LongPlatform) -> Evidence:
        """Return the evidence of all reads."""
        have_umis = bool(self._umis) and are_umis(self._umis)
        rate = statistics.median(self._rates) if self._rates else 0.0
        kept, found = self._wild, self._open
        umis = dict.fromkeys((umi for fragment in found for umi in fragment.umis), "")
        if have_umis:
            kept = molecules(self._wild, rate)
            umis = one_of_each((umi for fragment in found for umi in fragment.umis), rate)
        coverage, truncated = count(self.panel, self._rules, self._anchor, kept, foreign(kept, rate))
        self._artefacts[TRUNCATED] += truncated
        source: UmiSource = NO_UMIS
        if have_umis:
            source = "tag" if 2 * self._tagged > self._total else "read names"
        return Evidence(
            coverage,
            [replace(each, umis=tuple(umis[umi] for umi in each.umis)) for each in found],
            candidates=self._total,
            duplicates=len(self._wild) - len(kept),
            umi_source=source,
            long_reads=LongReads(
                platform,
                round(rate, RATE_DECIMALS),
                dict(sorted(self._artefacts.items())),
                self._suspected,
                self._exons,
                self._ends,
            ),
        )


def _in_sense(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return the pieces of a read in the order of the RNA."""
    return pieces[::-1] if sum(piece.reverse for piece in pieces) > len(pieces) / 2 else pieces


def exons_shown(panel: Panel, pieces: Sequence[Piece]) -> str:
    """Return the exons of each gene that a read shows, of its pieces in the order of the RNA."""
    return ", ".join(dict.fromkeys(_exons(panel, piece) for piece in pieces if piece.gene != DECOY))


def _exons(panel: Panel, piece: Piece) -> str:
    """Return gene and first and last exon of a piece, by the numbers of the primary transcript.

    Of an exon a piece shows more than the few bases by which its end may be off.
    """
    primary = panel.primary[piece.gene]
    numbers = []
    for position in (piece.start + LISTED_REACH, piece.end - 1 - LISTED_REACH):
        place = primary.from_genome(panel.genomic_position(piece.contig, position))
        numbers.append("intron" if place is None else str(primary.exon_at(place).number))
    return f"{piece.gene} {'-'.join(dict.fromkeys(numbers))}"
