"""Collects the evidence of a sample of long reads: what the wild type explains, and the windows of others.

A read counts once. Where it goes from one gene to another its window stays open for `call`; a read of one
gene, and one whose genes an artefact has joined, counts as wild type of each gene with its longest piece. Of
what it does not reach it says nothing: one that begins downstream of an acceptor is no sign of its absence.
"""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, get_args

import pysam

from aspsfusion.config import CallParameters
from aspsfusion.evidence.coverage import Coverage, WildTypeRules
from aspsfusion.evidence.evidence_file import Evidence, write_evidence
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.evidence.long_reads import ANCHOR, INFORMATIVE_ANCHOR, TRUNCATED, LongPlatform, LongReads
from aspsfusion.evidence.placements import (
    LONG_READS,
    UMI_TAG,
    as_sequenced,
    fragment_number,
    label_of,
    primary_record,
    require_same_panel,
)
from aspsfusion.evidence.strand import exon_borders
from aspsfusion.evidence.umis import NO_UMIS, UmiSource, are_umis, cluster_umis, plain_umi, umi_of_name
from aspsfusion.io.bam import sort_bam
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.io.files import replacing
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.long.breaks import LISTED_REACH, Break, BreakFinder, begins_foreign
from aspsfusion.long.pieces import Piece, error_rate, in_order, open_ends, piece_of
from aspsfusion.long.windows import WindowMaker, as_fragment
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.transcripts import DECOY

LEAST_FOREIGN = 150
"""Bases of other sequence beside a gene's piece from which the gene may be broken: primers, barcodes and
adapters at the ends of reads are shorter."""

RATE_DECIMALS = 4

MOST_BESIDE_RATE, MOST_TIMES_RATE = 0.05, 2
"""Share of edits, and times that of the sample's reads, up to which a read is the gene's own: the reads of a
run differ in quality, and those of another species or a diverged copy differ from the gene besides."""


def _platform(stream: pysam.AlignmentFile) -> LongPlatform | None:
    """Return the platform of a BAM of long reads, None for one of short reads."""
    comments = stream.header.to_dict().get("CO", [])
    return next((name for name in get_args(LongPlatform) if f"{LONG_READS}{name}" in comments), None)


def is_long(bam: Path) -> bool:
    """Tell whether a BAM is of long reads; False for what cannot be read, which is for others to say."""
    try:
        with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
            return _platform(stream) is not None
    except (OSError, ValueError):
        return False


def run_long_evidence(
    panel_directory: Path,
    bam: Path,
    output: Path,
    parameters: CallParameters,
    *,
    by_number: bool = False,
    force: bool = False,
) -> Evidence:
    """Collect the evidence of one sample of long reads and write it; see `evidence.run_evidence`.

    Args:
        panel_directory: that the BAM was aligned to.
        bam: BAM written by `aspsfusion align`.
        output: gzip JSON to write.
        parameters: thresholds of the call.
        by_number: whether the records are in the order of the reads.
        force: replace an existing file.

    Raises:
        ReadsError: the BAM cannot be read or belongs to another panel.
    """
    panel = load_panel(panel_directory)
    with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
        require_same_panel(panel, stream.references, bam)
        platform = _platform(stream) or "long"
    with scratch_directory() as scratch:
        ordered = bam
        if not by_number:
            ordered = scratch / "by_number.bam"
            sort_bam(bam, ordered, scratch, "-n", "-l", "1", remedy="run 'aspsfusion align' again")
        collector = Collector(panel, parameters)
        for read in reads_of(ordered):
            collector.add(read)
        evidence = collector.evidence(platform)
    with replacing(output, force=force) as draft:
        write_evidence(evidence, draft)
    return evidence


class LongRead(NamedTuple):
    """A read with its pieces in its order; bases as sequenced."""

    number: int
    label: str
    umi: str
    bases: str
    pieces: Sequence[Piece]


def reads_of(bam: Path) -> Iterator[LongRead]:
    """Yield the reads of a BAM in which the records of each follow each other."""
    with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
        for number, records in groupby(stream, key=lambda record: fragment_number(record, bam)):
            group = list(records)
            first = primary_record(group)
            label = label_of(first)
            tag = str(first.get_tag(UMI_TAG)) if first.has_tag(UMI_TAG) else ""
            pieces = in_order(piece_of(record) for record in group if not record.is_unmapped)
            yield LongRead(number, label, tag, as_sequenced(first), pieces)


class _WildType(NamedTuple):
    """The longest piece of a read in a gene, its share of edits, and whether it proves to be of the gene."""

    umi: str
    placement: Placement
    rate: float
    proves: bool


@dataclass
class Collector:
    """Collects the evidence of a sample read by read.

    Args:
        panel: that the reads are aligned to.
        parameters: thresholds of the call.
    """

    panel: Panel
    parameters: CallParameters
    _total: int = 0
    _tagged: int = 0
    _wild: list[_WildType] = field(default_factory=list)
    _open: list[Fragment] = field(default_factory=list)
    _exons: dict[int, str] = field(default_factory=dict)
    _ends: dict[int, tuple[int, int]] = field(default_factory=dict)
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
        self._artefacts.update({found.artefact for found in breaks if not found.candidate})
        chosen = self._chosen(breaks)
        mate = None
        if chosen:
            mate = self._windows.of_break(read.bases, chosen)
            if chosen.artefact:
                self._suspected[read.number] = chosen.artefact
        else:
            mate = self._end_window(read)
        if mate is not None:
            self._open.append(as_fragment(read.number, read.label, umi, mate))
            in_sense = _in_sense(read.pieces)
            self._exons[read.number] = exons_shown(self.panel, in_sense)
            self._ends[read.number] = _ends(self.panel, in_sense)
            return
        longest: dict[str, Piece] = {}
        for piece in read.pieces:
            if piece.gene == DECOY:
                continue
            held = longest.get(piece.gene)
            if held is None or piece.end - piece.start > held.end - held.start:
                longest[piece.gene] = piece
        for piece in longest.values():
            rate = error_rate([piece])
            self._wild.append(_WildType(umi, _placement(piece), rate, self._proves(read.bases, piece)))

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

    def evidence(self, platform: LongPlatform) -> Evidence:
        """Return the evidence of all reads."""
        have_umis = bool(self._umis) and are_umis(self._umis)
        kept = _one_of_each(self._wild) if have_umis else self._wild
        rate = statistics.median(self._rates) if self._rates else 0.0
        coverage = self._coverage(kept, MOST_BESIDE_RATE + MOST_TIMES_RATE * rate)
        source: UmiSource = NO_UMIS
        if have_umis:
            source = "tag" if 2 * self._tagged > self._total else "read names"
        return Evidence(
            coverage,
            self._open if have_umis else [replace(fragment, umis=("",)) for fragment in self._open],
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

    def _coverage(self, wild: Sequence[_WildType], most_edits: float) -> Coverage:
        """Count wild type; what has a larger share of edits is of another species or a diverged copy."""
        coverage = Coverage(self._anchor)
        coverage.diverged = dict(Counter(each.placement.gene for each in wild if each.rate > most_edits))
        coverage.informative = {p.key: 0 for places in self._rules.informative.values() for p in places}
        borders = exon_borders(self.panel.transcripts.values())
        for each in wild:
            if each.rate > most_edits:
                continue
            place = each.placement
            informative = self._rules.informative if each.proves else {}
            before = sum(coverage.informative.values())
            coverage.add(place.gene, [place], informative, both_ends=False)
            own = borders.get(place.contig, []) if place.gene in self.panel.unspliced else None
            coverage.direction.add(place, [place], own)
            if place.gene == self.panel.spec.target.three_prime:
                self._artefacts[TRUNCATED] += sum(coverage.informative.values()) == before
        coverage.ends = {}  # cDNA begins and ends where its transcript does, which is no sign of primers
        return coverage


def _placement(piece: Piece) -> Placement:
    return Placement(
        piece.contig, piece.reverse, piece.start, piece.end, piece.query_start, piece.query_end, piece.edits
    )


def _one_of_each(wild: Sequence[_WildType]) -> list[_WildType]:
    """Return one piece of each molecule: those of one gene with one UMI are of one."""
    by_gene: dict[str, list[_WildType]] = {}
    for each in wild:
        by_gene.setdefault(each.placement.gene, []).append(each)
    kept: list[_WildType] = []
    for group in by_gene.values():
        chosen = cluster_umis(each.umi for each in group)
        longest: dict[str, _WildType] = {}
        for each in group:
            held = longest.get(chosen[each.umi])
            if held is None or _bases(each) > _bases(held):
                longest[chosen[each.umi]] = each
        kept += longest.values()
    return kept


def _bases(each: _WildType) -> int:
    return each.placement.end - each.placement.start


def _in_sense(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return the pieces of a read in the order of the RNA."""
    return pieces[::-1] if sum(piece.reverse for piece in pieces) > len(pieces) / 2 else pieces


def _ends(panel: Panel, pieces: Sequence[Piece]) -> tuple[int, int]:
    """Return the genomic positions of the first and last base of pieces in the order of the RNA."""
    own = [piece for piece in pieces if piece.gene != DECOY]
    return (
        panel.genomic_position(own[0].contig, own[0].start),
        panel.genomic_position(own[-1].contig, own[-1].end - 1),
    )


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
