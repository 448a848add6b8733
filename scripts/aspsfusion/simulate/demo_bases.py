"""The bases of one locus of a demonstration reference while they are being settled.

A canvas starts as seeded filler. What the panel demands is placed on it in the order of its weight; a base
that is settled is never changed by a demand of the same or lower weight, so that contradictions come to
light instead of the last writer winning.

Positions are genomic, 0-based; bases are held on the plus strand as the numbers 0 to 3 for A, C, G, T.

What a panel demands of the bases of a demonstration reference, in the order of its weight.

Published junction sequences come first, then splice sites and reading frames of primary transcripts, then
those of the alternative ones. What is demanded of primary transcripts must all be had: a contradiction is
an error of the panel. Alternative transcripts get what is left; what they lack is reported.

Coordinates are 0-based and half-open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from aspsfusion.errors import PanelError
from aspsfusion.panel.panel import Panel, Transcript
from aspsfusion.panel.spec import PanelSpec

Codes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]

LETTERS = np.frombuffer(b"ACGT", dtype=np.uint8)
_CODE_OF = {letter: code for code, letter in enumerate("ACGT")}
_CYTOSINE = _CODE_OF["C"]

FILLER_BLOCK = 1 << 16
# 58 of 256 byte values for each of C and G: 45 percent GC.
_FILLER_OF_BYTE = np.repeat(np.arange(4, dtype=np.uint8), (70, 58, 58, 70))

_IS_STOP = np.zeros(64, dtype=bool)
for _codon in ("TAA", "TAG", "TGA"):
    _IS_STOP[sum(_CODE_OF[base] << shift for base, shift in zip(_codon, (4, 2, 0), strict=True))] = True


class Weight(IntEnum):
    """How firmly a base is settled."""

    FILLER = 0
    ALTERNATIVE = 1
    REQUIRED = 2


def filler(seed: int, chrom: str, start: int, end: int) -> Codes:
    """Return random bases that depend on seed, chromosome and position alone.

    Blocks of fixed size have a generator each, so that a gene added to the panel, or two loci becoming
    one, changes no base elsewhere. The raw stream of the bit generator is used because numpy guarantees
    that it never changes, unlike the methods of `Generator`.

    Args:
        seed: any whole number from 0.
        chrom: chromosome name.
        start: first position, 0-based.
        end: end, half-open.
    """
    parts = []
    for block in range(start // FILLER_BLOCK, (end - 1) // FILLER_BLOCK + 1):
        sequence = np.random.SeedSequence((seed, crc32(chrom.encode("ascii")), block))
        raw = np.random.PCG64(sequence).random_raw(FILLER_BLOCK // 8)
        parts.append(_FILLER_OF_BYTE[np.asarray(raw).astype("<u8").view(np.uint8)])
    first = start // FILLER_BLOCK * FILLER_BLOCK
    return np.concatenate(parts)[start - first : end - first]


def transcript_positions(transcript: Transcript) -> Positions:
    """Return the genomic position of every base of a transcript, 5' to 3' of the RNA (all 0-based)."""
    exons = [np.arange(exon.start, exon.end, dtype=np.int64) for exon in transcript.exons]
    if transcript.strand == "-":
        exons = [exon[::-1] for exon in exons]
    return np.concatenate(exons)


@dataclass(frozen=True)
class ReadingFrame:
    """The codons of a transcript, start and stop included.

    Attributes:
        owner: what to call it in messages.
        codons: genomic positions (0-based), one row of three per codon in sense order.
        strand: `+` or `-`.
        weight: which bases may be changed to keep it open: those settled less firmly.
    """

    owner: str
    codons: Positions
    strand: str
    weight: Weight

    @classmethod
    def of(cls, transcript: Transcript, positions: Positions, weight: Weight) -> "ReadingFrame | None":
        """Return the frame of a transcript whose base positions are given; None when it has no cds."""
        if transcript.cds is None:
            return None
        first, end = transcript.cds
        return cls(transcript.key, positions[first:end].reshape(-1, 3), transcript.strand, weight)


class Canvas:
    """One locus in the making.

    Args:
        chrom: chromosome.
        start: first position, 0-based.
        end: end, half-open.
        seed: seed of the filler.
    """

    def __init__(self, chrom: str, start: int, end: int, seed: int) -> None:
        self.chrom = chrom
        self.start = start
        self.end = end
        self._bases = filler(seed, chrom, start, end)
        self._weights = np.zeros(end - start, dtype=np.uint8)
        self._owners: dict[int, str] = {}

    def letters(self) -> bytes:
        """Return the plus strand in upper-case letters."""
        return LETTERS[self._bases].tobytes()

    def read(self, positions: Positions, strand: str) -> str:
        """Return the bases at genomic positions (0-based) in the orientation of the strand."""
        return LETTERS[self._sense(positions, strand)].tobytes().decode("ascii")

    def clash(self, positions: Positions, strand: str, text: str) -> str | None:
        """Say which settled base stands against placing a text, None when nothing does.

        Args:
            positions: genomic, 0-based, in the order of the text.
            strand: strand that the text is written on.
            text: upper-case bases.
        """
        wanted = self._plus_codes(text, strand)
        local = positions - self.start
        against = (self._weights[local] > Weight.FILLER) & (self._bases[local] != wanted)
        if not against.any():
            return None
        first = int(np.flatnonzero(against)[0])
        position = int(positions[first])
        held = self.read(positions[first : first + 1], strand)
        return (
            f"{text[first]} is needed at {self.chrom}:{position + 1} ({strand} strand) where "
            f"{self._owners[position]} has {held}"
        )

    def place(self, positions: Positions, strand: str, text: str, weight: Weight, owner: str) -> str | None:
        """Settle bases; returns the clash, with nothing changed, when one of them is settled otherwise."""
        clash = self.clash(positions, strand, text)
        if clash is None:
            local = positions - self.start
            self._bases[local] = self._plus_codes(text, strand)
            for position in positions[self._weights[local] == Weight.FILLER]:
                self._owners[int(position)] = owner
            self._weights[local] = np.maximum(self._weights[local], weight)
        return clash

    def owners(self, positions: Positions) -> list[str]:
        """Return who settled the bases at genomic positions (0-based), each once, in their order."""
        return list(dict.fromkeys(self._owners[int(p)] for p in positions if int(p) in self._owners))

    def stops(self, frame: ReadingFrame) -> npt.NDArray[np.intp]:
        """Return the numbers (0-based) of the codons in front of the last that are stop codons."""
        codes = self._sense(frame.codons[:-1], frame.strand).astype(np.intp)
        return np.flatnonzero(_IS_STOP[codes[:, 0] << 4 | codes[:, 1] << 2 | codes[:, 2]])

    def open_frame(self, frame: ReadingFrame, turn: int) -> int:
        """Take stop codons out of a frame as far as less firmly settled bases allow.

        One base of each becomes C in sense orientation. No stop codon holds C, so that this never closes
        another frame of the same strand; a frame of the other strand may need another turn.

        Args:
            frame: the frame.
            turn: number of the attempt; shifts the choice of the base, lest two strands undo each other.

        Returns:
            How many codons were changed.
        """
        changed = 0
        for number in self.stops(frame):
            local = frame.codons[number] - self.start
            weights = self._weights[local]
            if weights.min() >= frame.weight:
                continue
            loosest = local[weights == weights.min()]
            self._bases[loosest[turn % len(loosest)]] = _on_plus(_CYTOSINE, frame.strand)
            changed += 1
        return changed

    def _sense(self, positions: Positions, strand: str) -> Codes:
        codes = self._bases[positions - self.start]
        return codes if strand == "+" else (3 - codes).astype(np.uint8)

    @staticmethod
    def _plus_codes(text: str, strand: str) -> Codes:
        return np.array([_on_plus(_CODE_OF[letter], strand) for letter in text], dtype=np.uint8)


def _on_plus(code: int, strand: str) -> int:
    return code if strand == "+" else 3 - code


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
