"""Arranges a fusion transcript between the two genes it comes from: exons to scale, breakpoints, domains.

What is where is in nucleotides of the transcripts; `fusion_drawing` sets it as SVG.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from aspsfusion.report.findings import DomainStatus, Fusion, FusionSide
from aspsfusion.report.models import GeneModel

Source = Literal["five_prime", "three_prime"]

UTR_SHOWN = 150
"""Bases of a 3' untranslated region that are drawn: the rest is long and says nothing here."""

INTRON_SHOWN = 90
"""Width, in nt, of the piece drawn for retained intron sequence, whose length the reads do not show."""

CODON = 3
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


def lay_out(fusion: Fusion, models: Sequence[GeneModel], lengths: Mapping[str, int]) -> FusionDrawing | None:
    """Return the drawing of a fusion, None where a breakpoint lies outside its gene or a model is missing.

    `lengths` are those of chromosomes, in nt, as far as they are known.
    """
    rows = []
    sources: tuple[Source, Source] = ("five_prime", "three_prime")
    for side, source in zip((fusion.five_prime, fusion.three_prime), sources, strict=True):
        model = next((m for m in models if (m.gene, m.transcript) == (side.gene, side.transcript)), None)
        place = _breakpoint(side, model, source) if model else None
        if model is None or place is None:
            return None
        row = _gene_row(model, place, source, fusion.retained_domains)
        rows.append(replace(row, chromosome=_chromosome(side, model, lengths.get(side.chrom))))
    five, three = rows
    return FusionDrawing(five, three, _fusion_row(fusion, five, three), _words(fusion, five, three))


def _chromosome(side: FusionSide, model: GeneModel, length: int | None) -> Chromosome | None:
    if not length:
        return None
    where = f"{side.chrom} ({model.cytoband})" if model.cytoband else side.chrom
    return Chromosome(
        f"{where}, {side.pos / MEGABASE:.1f} of {length / MEGABASE:.1f} Mb", min(1.0, side.pos / length)
    )


def _breakpoint(side: FusionSide, model: GeneModel, source: Source) -> int | None:
    """Return the boundary of the breakpoint on the transcript; that between two exons for an intron."""
    if side.tx_pos is not None:
        return side.tx_pos if source == "five_prime" else side.tx_pos - 1
    return None if side.intron is None else sum(model.exon_lengths[: side.intron])


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
                right = min(right, shown)
                coding_start = min(max(left, first), right)
                coding_end = max(coding_start, min(right, last))
                boxes.append(ExonBox(number, left, right, coding_start, coding_end, source, kept))
        start += size
    bars = tuple(
        DomainBar(
            domain.name,
            first + CODON * (domain.first_residue - 1),
            first + CODON * domain.last_residue,
            domain.status,
        )
        for domain in sorted(domains, key=lambda domain: domain.first_residue)
        if domain.gene == model.gene and model.primary and last
    )
    return Row(f"{model.gene} {model.transcript}", tuple(boxes), bars, place, length > shown)


def _fusion_row(fusion: Fusion, five: Row, three: Row) -> Row:
    introns = [side for side in (fusion.five_prime, fusion.three_prime) if side.intron is not None]
    junction = five.breakpoint
    size = len(fusion.inserted_sequence)
    gap = INTRON_SHOWN if introns else size
    shift = junction + gap - three.breakpoint
    boxes = [box for box in five.boxes if box.kept]
    for box in filter(lambda box: box.kept, three.boxes):
        moved = {name: getattr(box, name) + shift for name in ("start", "end", "coding_start", "coding_end")}
        boxes.append(replace(box, **moved))
    bars = [replace(bar, end=min(bar.end, junction)) for bar in five.domains if bar.status != "lost"]
    bars += [
        replace(bar, start=max(bar.start, three.breakpoint) + shift, end=bar.end + shift)
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


def _words(fusion: Fusion, five: Row, three: Row) -> str:
    parts = [
        f"Fusion transcript {fusion.full_name}:",
        f"{_exon_words(five)} of {fusion.five_prime.gene}, then "
        + (f"{len(fusion.inserted_sequence)} inserted nt, then " if fusion.inserted_sequence else "")
        + f"{_exon_words(three)} of {fusion.three_prime.gene}; exons to scale.",
    ]
    for status in ("kept", "partly kept", "lost"):
        names = [f"{each.name} of {each.gene}" for each in fusion.retained_domains if each.status == status]
        if names:
            parts.append(f"{status.capitalize()}: {', '.join(names)}.")
    return " ".join(parts)


def _exon_words(row: Row) -> str:
    numbers = sorted({box.number for box in row.boxes if box.kept})
    if len(numbers) > 1:
        return f"exons {numbers[0]} to {numbers[-1]}"
    return f"exon {numbers[0]}" if numbers else "no exon"
