"""Draws a fusion transcript between the two genes it comes from: exons to scale, breakpoints, domains.

`lay_out` works out what is where, in nucleotides of the transcripts; `draw_fusion` sets that as SVG.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from types import MappingProxyType
from typing import Literal

from aspsfusion.report.findings import DomainStatus, Fusion, FusionSide
from aspsfusion.report.models import GeneModel
from aspsfusion.report.svg import CAPITAL_HEIGHT, POINTS, Box, Fill, Sheet, text_width

Source = Literal["five_prime", "three_prime"]

UTR_SHOWN = 150
"""Bases of a 3' untranslated region that are drawn: the rest is long and says nothing here."""

INTRON_SHOWN = 90
"""Width, in nt, of the piece drawn for retained intron sequence, whose length the reads do not show."""

CODON = 3

# Light fills carry dark text; what is lost is hatched as well, so that no colour need be seen.
PAPER, INK = "#ffffff", "#1a1a1a"
KEPT: dict[Source, Fill] = {
    "five_prime": Fill("#a6cee8", "#00568a"),
    "three_prime": Fill("#fbc98b", "#9a4a00"),
}
LOST: dict[Source, Fill] = {source: Fill(PAPER, fill.edge, hatched=True) for source, fill in KEPT.items()}
DOMAIN_KEPT, DOMAIN_LOST = Fill("#4d4d4d", "#4d4d4d"), Fill(PAPER, "#4d4d4d", hatched=True)

WIDTH = 7.4 * POINTS
"""The width of an A4 page between its margins."""

MARGIN = 4.0
ROW_HEIGHT = 62.0
MIDDLE = 27.0
"""From the top of a row to the middle of its exons; above them is the label, below them the domains."""

CODING_HEIGHT, UNTRANSLATED_HEIGHT, DOMAIN_HEIGHT = 17.3, 9.4, 3.6
LABEL_SIZE, NUMBER_SIZE, DOMAIN_SIZE = 9.0, 8.2, 8.2
"""Paper shows the sheet a little smaller than it is; nothing on it is to be below 8 pt there."""

NUMBER_RIM = 1.2
"""Paper around a number on hatching."""

DOMAIN_LINE = 9.0
"""From the first line of the domains' names to the second."""

JOIN_DASHES = "3.7 1.6"

CHROMOSOME_WIDTH, CHROMOSOME_HEIGHT = 110.0, 5.5
CHROMOSOME = Fill(PAPER, "#4d4d4d")
MEGABASE = 1_000_000


@dataclass(frozen=True)
class ExonBox:
    """An exon or a part of one, with its coding part, in nt from the left of its row, half-open.

    Without a coding part `coding_start` equals `coding_end`; `kept` is whether the fusion holds it.
    """

    number: int
    start: int
    end: int
    coding_start: int
    coding_end: int
    source: Source
    kept: bool


@dataclass(frozen=True)
class DomainBar:
    """A protein domain below the exons that code for it."""

    name: str
    start: int
    end: int
    status: Literal["kept", "partly kept", "lost"]


@dataclass(frozen=True)
class Chromosome:
    """Where on its chromosome a gene's breakpoint is: in words, and as a share of the chromosome's length."""

    label: str
    share: float


@dataclass(frozen=True)
class Row:
    """A transcript: its label, its exons, its domains, and the breakpoint on it.

    Attributes:
        label: gene and transcript, or the fusion.
        boxes: exons from left to right.
        domains: bars below them.
        breakpoint: place of the breakpoint, in nt.
        cut: whether the 3' untranslated region goes on beyond the drawing.
        intron: left and right end of retained intron sequence; None without any.
        inserted: left and right end of inserted bases; None without any.
        chromosome: of a gene, where its length is known.
    """

    label: str
    boxes: tuple[ExonBox, ...]
    domains: tuple[DomainBar, ...]
    breakpoint: int
    cut: bool
    intron: tuple[int, int] | None = None
    inserted: tuple[int, int] | None = None
    chromosome: Chromosome | None = None


@dataclass(frozen=True)
class FusionDrawing:
    """The two genes and the fusion transcript, with what they show in words."""

    five_prime: Row
    three_prime: Row
    fusion: Row
    words: str

    @property
    def rows(self) -> tuple[Row, Row, Row]:
        """The rows from top to bottom; the fusion in the middle, so that no line crosses a gene."""
        return self.five_prime, self.fusion, self.three_prime


def lay_out(
    fusion: Fusion, models: Sequence[GeneModel], lengths: Mapping[str, int] = MappingProxyType({})
) -> FusionDrawing | None:
    """Return the drawing of a fusion, None where a breakpoint lies outside its gene or a model is missing.

    Args:
        fusion: reported.
        models: exon structures of the report.
        lengths: of chromosomes by name, in nt, as far as they are known.
    """
    five_model, three_model = _model(fusion.five_prime, models), _model(fusion.three_prime, models)
    if five_model is None or three_model is None:
        return None
    five_break = _breakpoint(fusion.five_prime, five_model, last=True)
    three_break = _breakpoint(fusion.three_prime, three_model, last=False)
    if five_break is None or three_break is None:
        return None
    five = _gene_row(five_model, five_break, "five_prime", fusion.retained_domains)
    three = _gene_row(three_model, three_break, "three_prime", fusion.retained_domains)
    five = replace(five, chromosome=_chromosome(fusion.five_prime, five_model, lengths))
    three = replace(three, chromosome=_chromosome(fusion.three_prime, three_model, lengths))
    return FusionDrawing(five, three, _fusion_row(fusion, five, three), _words(fusion, five, three))


def _model(side: FusionSide, models: Sequence[GeneModel]) -> GeneModel | None:
    return next((m for m in models if (m.gene, m.transcript) == (side.gene, side.transcript)), None)


def _chromosome(side: FusionSide, model: GeneModel, lengths: Mapping[str, int]) -> Chromosome | None:
    length = lengths.get(side.chrom)
    if not length:
        return None
    where = " ".join(filter(None, (side.chrom, model.cytoband and f"({model.cytoband})")))
    return Chromosome(
        f"{where}, {side.pos / MEGABASE:.1f} of {length / MEGABASE:.1f} Mb", min(1.0, side.pos / length)
    )


def _breakpoint(side: FusionSide, model: GeneModel, *, last: bool) -> int | None:
    """Return the boundary of the breakpoint on the transcript; that between two exons for an intron."""
    if side.tx_pos is not None:
        return side.tx_pos if last else side.tx_pos - 1
    if side.intron is not None:
        return sum(model.exon_lengths[: side.intron])
    return None


def _gene_row(model: GeneModel, place: int, source: Source, domains: Sequence[DomainStatus]) -> Row:
    length = sum(model.exon_lengths)
    first, last = (model.cds_first or 1) - 1, model.cds_last or 0
    shown = min(length, last + UTR_SHOWN) if last else length
    boxes = []
    start = 0
    for number, size in enumerate(model.exon_lengths, 1):
        # An exon that holds the breakpoint is drawn as two parts.
        edges = [start, *([place] if start < place < start + size else []), start + size]
        for left, right in itertools.pairwise(edges):
            if left < shown:
                kept = right <= place if source == "five_prime" else left >= place
                boxes.append(_box(number, left, min(right, shown), (first, last), source, kept))
        start += size
    bars = tuple(
        DomainBar(
            domain.name,
            first + CODON * (domain.first_residue - 1),
            first + CODON * domain.last_residue,
            domain.status,
        )
        for domain in domains
        if domain.gene == model.gene and model.primary and last
    )
    return Row(f"{model.gene} {model.transcript}", tuple(boxes), bars, place, length > shown)


def _box(number: int, left: int, right: int, coding: tuple[int, int], source: Source, kept: bool) -> ExonBox:
    coding_start = min(max(left, coding[0]), right)
    coding_end = max(coding_start, min(right, coding[1]))
    return ExonBox(number, left, right, coding_start, coding_end, source, kept)


def _fusion_row(fusion: Fusion, five: Row, three: Row) -> Row:
    introns = [side for side in (fusion.five_prime, fusion.three_prime) if side.intron is not None]
    junction = five.breakpoint
    size = len(fusion.inserted_sequence)
    gap = INTRON_SHOWN if introns else size
    shift = junction + gap - three.breakpoint
    boxes = [box for box in five.boxes if box.kept]
    boxes += [_moved(box, shift) for box in three.boxes if box.kept]
    bars = [
        DomainBar(bar.name, bar.start, min(bar.end, junction), bar.status)
        for bar in five.domains
        if bar.status != "lost"
    ]
    bars += [
        DomainBar(bar.name, max(bar.start, three.breakpoint) + shift, bar.end + shift, bar.status)
        for bar in three.domains
        if bar.status != "lost"
    ]
    return Row(
        fusion.full_name,
        tuple(boxes),
        tuple(bars),
        junction,
        three.cut,
        (junction, junction + gap) if introns else None,
        (junction, junction + gap) if size and not introns else None,
    )


def _moved(box: ExonBox, shift: int) -> ExonBox:
    moved = {name: getattr(box, name) + shift for name in ("start", "end", "coding_start", "coding_end")}
    return replace(box, **moved)


def _words(fusion: Fusion, five: Row, three: Row) -> str:
    parts = [
        f"Fusion transcript {fusion.full_name}:",
        f"{_exon_words(five)} of {fusion.five_prime.gene}, then "
        + (f"{len(fusion.inserted_sequence)} inserted nt, then " if fusion.inserted_sequence else "")
        + f"{_exon_words(three)} of {fusion.three_prime.gene}; exons to scale.",
    ]
    for status in ("kept", "partly kept", "lost"):
        names = [
            f"{domain.name} of {domain.gene}" for domain in fusion.retained_domains if domain.status == status
        ]
        if names:
            parts.append(f"{status.capitalize()}: {', '.join(names)}.")
    return " ".join(parts)


def _exon_words(row: Row) -> str:
    numbers = sorted({box.number for box in row.boxes if box.kept})
    if not numbers:
        return "no exon"
    if len(numbers) == 1:
        return f"exon {numbers[0]}"
    return f"exons {numbers[0]} to {numbers[-1]}"


def draw_fusion(drawing: FusionDrawing, identifier: str) -> str:
    """Return the drawing as an SVG element; `identifier` begins the ids inside and is unique on the page."""
    return _Figure(drawing, identifier).svg


class _Figure:
    """A fusion transcript on its sheet, drawn row by row."""

    def __init__(self, drawing: FusionDrawing, identifier: str) -> None:
        self._sheet = Sheet(WIDTH, ROW_HEIGHT * len(drawing.rows), identifier, drawing.words)
        self._longest = max(box.end for row in drawing.rows for box in row.boxes)
        middles = [ROW_HEIGHT * number + MIDDLE for number in range(len(drawing.rows))]
        for row, middle in zip(drawing.rows, middles, strict=True):
            self._row(row, middle)
        self._joins(drawing, middles)
        self.svg = self._sheet.svg()

    def _x(self, place: float) -> float:
        """Return where a place of a transcript, in nt, is on the sheet; dots fit after the longest."""
        return MARGIN + place / self._longest * (WIDTH - 2 * MARGIN - LABEL_SIZE)

    def _row(self, row: Row, middle: float) -> None:
        base = middle - CODING_HEIGHT / 2 - 6
        self._sheet.text((MARGIN, base), row.label, LABEL_SIZE, INK, bold=True)
        if row.chromosome:
            self._chromosome(row.chromosome, base)
        for box in row.boxes:
            self._exon(box, middle)
        if row.intron:
            left, right = row.intron
            self._sheet.line([(self._x(left), middle), (self._x(right), middle)], INK, 1.0, "1 1.6")
        if row.inserted:
            left, right = row.inserted
            self._sheet.box(
                self._span(left, right, middle - CODING_HEIGHT / 2, CODING_HEIGHT), Fill(PAPER, INK)
            )
        if row.cut:
            end = max(box.end for box in row.boxes)
            self._sheet.text((self._x(end) + 1, middle), "\u2026", LABEL_SIZE, INK)
        taken = [-inf, -inf]
        for bar in sorted(row.domains, key=lambda bar: bar.start):
            self._domain(bar, middle, taken)

    def _chromosome(self, chromosome: Chromosome, base: float) -> None:
        """Draw a chromosome as a plain bar with a mark at the breakpoint, at the right of a label."""
        left, top = WIDTH - MARGIN - CHROMOSOME_WIDTH, base - CHROMOSOME_HEIGHT
        self._sheet.text((left - 5, base), chromosome.label, NUMBER_SIZE, INK, "end")
        self._sheet.box(Box(left, top, CHROMOSOME_WIDTH, CHROMOSOME_HEIGHT), CHROMOSOME)
        mark = left + chromosome.share * CHROMOSOME_WIDTH
        self._sheet.line([(mark, top - 2), (mark, base + 2)], INK, 2.0)

    def _exon(self, box: ExonBox, middle: float) -> None:
        fill = (KEPT if box.kept else LOST)[box.source]
        parts = (
            (box.start, box.coding_start, UNTRANSLATED_HEIGHT),
            (box.coding_start, box.coding_end, CODING_HEIGHT),
            (box.coding_end, box.end, UNTRANSLATED_HEIGHT),
        )
        for left, right, height in parts:
            if right > left:
                self._sheet.box(self._span(left, right, middle - height / 2, height), fill)
        label = str(box.number)
        width, height = text_width(label, NUMBER_SIZE), NUMBER_SIZE * CAPITAL_HEIGHT
        # In the high part if it fits: across the step it would hide where the coding part begins.
        places = ((box.coding_start, box.coding_end), (box.start, box.end))
        centre = next(
            (self._x((left + right) / 2) for left, right in places if self._x(right) - self._x(left) > width),
            None,
        )
        if centre is None:
            return
        if not box.kept:
            # Paper below the number, which could not be read on the hatching.
            top, rim = middle - height / 2, NUMBER_RIM
            paper = Box(centre - width / 2 - rim, top - rim, width + 2 * rim, height + 2 * rim)
            self._sheet.box(paper, Fill(PAPER, "none"))
        self._sheet.text((centre, middle + height / 2), label, NUMBER_SIZE, INK, "middle")

    def _span(self, left: float, right: float, top: float, height: float) -> Box:
        return Box(self._x(left), top, self._x(right) - self._x(left), height)

    def _domain(self, bar: DomainBar, middle: float, taken: list[float]) -> None:
        """Draw a bar and its name; a name that would touch the one before it goes to the second line."""
        top = middle + CODING_HEIGHT / 2 + 2
        fill = DOMAIN_LOST if bar.status == "lost" else DOMAIN_KEPT
        self._sheet.box(self._span(bar.start, bar.end, top, DOMAIN_HEIGHT), fill)
        name = bar.name if bar.status == "kept" else f"{bar.name} ({bar.status})"
        half = text_width(name, DOMAIN_SIZE) / 2
        centre = self._x((bar.start + bar.end) / 2)
        # No name runs over the edge of the sheet.
        centre = max(min(centre, WIDTH - MARGIN - half), MARGIN + half)
        line = 0 if centre - half > taken[0] else 1
        taken[line] = centre + half
        base = top + DOMAIN_HEIGHT + 1.5 + DOMAIN_SIZE * CAPITAL_HEIGHT + line * DOMAIN_LINE
        self._sheet.text((centre, base), name, DOMAIN_SIZE, INK, "middle")

    def _joins(self, drawing: FusionDrawing, middles: list[float]) -> None:
        """Lead from the breakpoints of the genes to the junction of the fusion transcript."""
        five, fusion, three = middles
        half = CODING_HEIGHT / 2 + 3
        five_x, three_x = self._x(drawing.five_prime.breakpoint), self._x(drawing.three_prime.breakpoint)
        target = self._x(drawing.fusion.breakpoint)
        between = drawing.fusion.intron or drawing.fusion.inserted
        right = self._x(between[1]) if between else target
        for place, middle in ((five_x, five), (three_x, three), (target, fusion)):
            self._sheet.line([(place, middle - half), (place, middle + half)], INK, 1.6)
        self._sheet.line([(five_x, five + half), (target, fusion - half)], INK, 1.0, JOIN_DASHES)
        self._sheet.line([(three_x, three - half), (right, fusion + half)], INK, 1.0, JOIN_DASHES)
