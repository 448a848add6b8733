"""What a panel demands of the bases of a demonstration reference, in the order of its weight.

Published junction sequences come first, then splice sites and reading frames of primary transcripts, then
those of the alternative ones. What is demanded of primary transcripts must all be had: a contradiction is
an error of the panel. Alternative transcripts get what is left; what they lack is reported.

Coordinates are 0-based and half-open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from aspsfusion.demo_canvas import Canvas, Positions, ReadingFrame, Weight
from aspsfusion.errors import PanelError
from aspsfusion.panel.panel import Panel, Transcript
from aspsfusion.panel.spec import PanelSpec

STOP_CODONS = ("TGA", "TAA", "TAG")

# Frames of one strand need one turn, overlapping ones of opposite strands a few.
_TURNS = 20


@dataclass(frozen=True)
class PlacedTranscript:
    """A transcript on its canvas, with the genomic position (0-based) of each of its bases."""

    transcript: Transcript
    canvas: Canvas
    positions: Positions

    @property
    def weight(self) -> Weight:
        """How firmly its demands are to be settled."""
        return Weight.REQUIRED if self.transcript.primary else Weight.ALTERNATIVE

    def introns(self) -> list[tuple[str, Positions, Positions]]:
        """Return name, donor and acceptor positions (two each, in sense order) of every intron."""
        step = 1 if self.transcript.strand == "+" else -1
        found = []
        for number, (before, after) in enumerate(pairwise(self.transcript.exons), start=1):
            last, first = self.positions[before.tx_end - 1], self.positions[after.tx_start]
            donor = np.array([last + step, last + 2 * step], dtype=np.int64)
            acceptor = np.array([first - 2 * step, first - step], dtype=np.int64)
            found.append((f"intron {number} of {self.transcript.key}", donor, acceptor))
        return found


def require(clash: str | None, owner: str) -> None:
    """Raise PanelError when a demand that must be met met a clash."""
    if clash is not None:
        raise PanelError(f"{owner} contradicts the rest of the panel: {clash}")


def plant_junctions(spec: PanelSpec, primary: dict[str, PlacedTranscript]) -> None:
    """Place every published junction sequence on the primary transcripts of its two genes."""
    panel = Panel(Path(), spec, {each.transcript.key: each.transcript for each in primary.values()}, {}, {})
    for junction in spec.junctions:
        if junction.sequence is None:
            continue
        owner = f"the sequence of junction {junction.id}"
        joined = panel.locate(junction)
        five_text, three_text = junction.sequence.split("|")
        for gene, position, text, backwards in (
            (joined.five_gene, joined.five_pos, five_text, True),
            (joined.three_gene, joined.three_pos, three_text, False),
        ):
            each = primary[gene]
            tx_pos = each.transcript.from_genome(position)
            assert tx_pos is not None, "a catalogue junction lies in an exon"
            start = tx_pos + 1 - len(text) if backwards else tx_pos
            if start < 0 or start + len(text) > len(each.positions):
                raise PanelError(f"{owner} reaches beyond the end of {each.transcript.key}")
            positions = each.positions[start : start + len(text)]
            strand = each.transcript.strand
            require(each.canvas.place(positions, strand, text, Weight.REQUIRED, owner), owner)


def place_splice_sites(each: PlacedTranscript) -> None:
    """Let every intron begin GT and end AG; an alternative one may fall back on GC, which is spliced too."""
    strand = each.transcript.strand
    required = each.weight == Weight.REQUIRED
    for owner, donor, acceptor in each.introns():
        clash = each.canvas.place(donor, strand, "GT", each.weight, owner)
        if required:
            require(clash, owner)
        elif clash is not None:
            each.canvas.place(donor, strand, "GC", each.weight, owner)
        clash = each.canvas.place(acceptor, strand, "AG", each.weight, owner)
        if required:
            require(clash, owner)


def place_frame(each: PlacedTranscript) -> ReadingFrame | None:
    """Settle start and stop codon of a transcript and return its frame, None when it has none."""
    frame = ReadingFrame.of(each.transcript, each.positions, each.weight)
    if frame is None:
        return None
    owner = f"the reading frame of {frame.owner}"
    start = each.canvas.place(frame.codons[0], frame.strand, "ATG", each.weight, owner)
    stop: str | None = None
    # The choice among the stop codons depends on the length alone, so that it stays when genes are added.
    turn = len(frame.codons) % len(STOP_CODONS)
    for codon in STOP_CODONS[turn:] + STOP_CODONS[:turn]:
        stop = each.canvas.place(frame.codons[-1], frame.strand, codon, each.weight, owner)
        if stop is None:
            break
    if each.weight == Weight.REQUIRED:
        require(start, owner)
        require(stop, owner)
    return frame


def open_frames(frames: Sequence[tuple[PlacedTranscript, ReadingFrame]]) -> None:
    """Take stop codons out of all frames, in turns because frames of opposite strands may overlap."""
    required = [pair for pair in frames if pair[1].weight == Weight.REQUIRED]
    for turn in range(2 * _TURNS):
        # When the alternative ones can not be had as well, the second half settles the primary ones.
        pairs = frames if turn < _TURNS else required
        if not sum(each.canvas.open_frame(frame, turn) for each, frame in pairs):
            return


def proved(placed: Iterable[PlacedTranscript], frames: dict[str, ReadingFrame]) -> tuple[str, ...]:
    """Read the finished bases back; a primary transcript must be whole, others are reported.

    Raises:
        PanelError: a primary transcript's splice sites or reading frame are not as they must be.
    """
    compromises = []
    for each in placed:
        for fault in _faults(each, frames.get(each.transcript.key)):
            if each.transcript.primary:
                raise PanelError(fault)
            compromises.append(fault)
    return tuple(compromises)


def _faults(each: PlacedTranscript, frame: ReadingFrame | None) -> list[str]:
    strand, canvas = each.transcript.strand, each.canvas
    faults = []
    for owner, donor, acceptor in each.introns():
        ends = (canvas.read(donor, strand), canvas.read(acceptor, strand))
        if ends not in (("GT", "AG"), ("GC", "AG")):
            faults.append(f"{owner} runs from {ends[0]} to {ends[1]} instead of GT to AG")
    if frame is None:
        return faults
    if canvas.read(frame.codons[0], strand) != "ATG":
        faults.append(f"the cds of {frame.owner} can not begin with ATG")
    if canvas.read(frame.codons[-1], strand) not in STOP_CODONS:
        faults.append(f"the cds of {frame.owner} can not end with a stop codon")
    for number in canvas.stops(frame)[:1]:
        codon = frame.codons[number]
        faults.append(
            f"the cds of {frame.owner} has the stop codon {canvas.read(codon, strand)} at "
            f"c.{3 * int(number) + 1} ({canvas.chrom}:{int(codon[0]) + 1}), made by "
            f"{' and '.join(canvas.owners(codon))}"
        )
    return faults
