"""Settles the bases of the loci of a demonstration reference.

A canvas starts as seeded filler. What the panel demands is placed on it in this order: published junction
sequences, splice sites and reading frames of primary transcripts, those of alternative ones. A settled base
is never changed. Primary transcripts must get all they demand: a contradiction is an error of the panel.
Alternative ones get what is left; what they lack is reported.

Positions are genomic, 0-based. Arrays of positions are in the order of the RNA, 5' to 3'.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from aspsfusion.errors import PanelError
from aspsfusion.panel.panel import Panel, Transcript
from aspsfusion.panel.spec import PanelSpec

Letters = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]

FILLER_BLOCK = 1 << 16
# 58 of 256 byte values for each of C and G: 45 percent GC.
_FILLER_OF_BYTE = np.repeat(np.frombuffer(b"ACGT", dtype=np.uint8), (70, 58, 58, 70))

STOP_CODONS = ("TGA", "TAA", "TAG")
FRAME_TURNS = 20
"""Times that all frames are gone through to open them. Frames of one strand need one turn, overlapping ones
of opposite strands a few."""

_COMPLEMENT = str.maketrans("ACGT", "TGCA")


class Weight(IntEnum):
    """How firmly a base is settled."""

    FILLER = 0
    ALTERNATIVE = 1
    REQUIRED = 2


def filler(seed: int, chrom: str, start: int, end: int) -> Letters:
    """Return random bases of an interval (half-open) that depend on seed, chromosome and position alone.

    Blocks of fixed size have a generator each, so that a gene added to the panel, or two loci becoming
    one, changes no base elsewhere. The raw stream of the bit generator is used because numpy guarantees
    that it never changes, unlike the methods of `Generator`.
    """
    parts = []
    for block in range(start // FILLER_BLOCK, (end - 1) // FILLER_BLOCK + 1):
        sequence = np.random.SeedSequence((seed, crc32(chrom.encode("ascii")), block))
        raw = np.random.PCG64(sequence).random_raw(FILLER_BLOCK // 8)
        parts.append(_FILLER_OF_BYTE[np.asarray(raw).astype("<u8").view(np.uint8)])
    first = start // FILLER_BLOCK * FILLER_BLOCK
    return np.concatenate(parts)[start - first : end - first]


class Canvas:
    """The plus strand of one locus (0-based, half-open) in the making."""

    def __init__(self, chrom: str, start: int, end: int, seed: int) -> None:
        self.chrom, self.start, self.end = chrom, start, end
        self._bases = filler(seed, chrom, start, end)
        self._settled: dict[int, tuple[Weight, str]] = {}  # by position, with what settled the base first

    def letters(self) -> str:
        """Return the plus strand in upper-case letters."""
        return self._bases.tobytes().decode("ascii")

    def read(self, positions: Positions, strand: str) -> str:
        """Return the bases at positions that are in the order of the strand."""
        return _on_strand(self._bases[positions - self.start].tobytes().decode("ascii"), strand)

    def place(self, positions: Positions, strand: str, text: str, weight: Weight, owner: str) -> str | None:
        """Settle bases of a strand; where one is settled otherwise, change nothing and return the clash."""
        places = positions.tolist()
        for place, wanted, held in zip(places, text, self.read(positions, strand), strict=True):
            if wanted != held and place in self._settled:
                return (
                    f"{wanted} is needed at {self.chrom}:{place + 1} ({strand} strand) where "
                    f"{self._settled[place][1]} has {held}"
                )
        self._bases[positions - self.start] = np.frombuffer(_on_strand(text, strand).encode(), dtype=np.uint8)
        for place in places:
            held_weight, first = self._settled.get(place, (weight, owner))
            self._settled[place] = max(weight, held_weight), first
        return None

    def loosen(self, codon: Positions, strand: str, weight: Weight, turn: int) -> bool:
        """Make one of the less firmly settled bases of a stop codon C; return whether there is one.

        No stop codon holds C, so that this never closes another frame of the same strand.

        Args:
            codon: its three positions.
            strand: strand of the frame.
            weight: how firmly the frame is to be settled.
            turn: number of the attempt; shifts the choice of the base, lest two strands undo each other.
        """
        weights = [self._settled.get(place, (Weight.FILLER, ""))[0] for place in codon.tolist()]
        if min(weights) >= weight:
            return False
        loosest = [place for place, held in zip(codon, weights, strict=True) if held == min(weights)]
        self._bases[loosest[turn % len(loosest)] - self.start] = ord(_on_strand("C", strand))
        return True

    def owners(self, positions: Positions) -> list[str]:
        """Return what settled the bases at some positions, each once, in their order."""
        return list(dict.fromkeys(self._settled[p][1] for p in positions.tolist() if p in self._settled))


def _on_strand(text: str, strand: str) -> str:
    """Return plus-strand bases as those of a strand, or the other way round; the order stays."""
    return text if strand == "+" else text.translate(_COMPLEMENT)


@dataclass(frozen=True)
class PlacedTranscript:
    """A transcript on the canvas that holds it."""

    transcript: Transcript
    canvas: Canvas

    @cached_property
    def positions(self) -> Positions:
        """The position of each of its bases."""
        exons = [np.arange(exon.start, exon.end, dtype=np.int64) for exon in self.transcript.exons]
        return np.concatenate(exons if self.transcript.strand == "+" else [exon[::-1] for exon in exons])

    @property
    def weight(self) -> Weight:
        """How firmly its demands are to be settled."""
        return Weight.REQUIRED if self.transcript.primary else Weight.ALTERNATIVE

    @property
    def codons(self) -> Positions:
        """One row of three positions for each codon, start and stop included; no row without a frame."""
        first, end = self.transcript.cds or (0, 0)
        return self.positions[first:end].reshape(-1, 3)

    def introns(self) -> Iterator[tuple[str, Positions, Positions]]:
        """Yield name, donor and acceptor (two positions each) of every intron."""
        step = 1 if self.transcript.strand == "+" else -1
        for number, (before, after) in enumerate(pairwise(self.transcript.exons), start=1):
            donor = self.positions[before.tx_end - 1] + np.array([step, 2 * step])
            acceptor = self.positions[after.tx_start] - np.array([2 * step, step])
            yield f"intron {number} of {self.transcript.key}", donor, acceptor

    def read(self, positions: Positions) -> str:
        """Return the bases at some positions."""
        return self.canvas.read(positions, self.transcript.strand)

    def settle(self, positions: Positions, owner: str, *texts: str) -> None:
        """Settle bases as the first of some texts that fits; a primary transcript must get one of them."""
        for text in texts:
            clash = self.canvas.place(positions, self.transcript.strand, text, self.weight, owner)
            if clash is None:
                return
        if self.transcript.primary:
            raise PanelError(f"{owner} contradicts the rest of the panel: {clash}")

    def stops(self) -> list[int]:
        """Return the 0-based numbers of the codons before the last that are stop codons."""
        coding = self.read(self.codons[:-1].ravel())
        return [at // 3 for at in range(0, len(coding), 3) if coding[at : at + 3] in STOP_CODONS]


def plant_junctions(spec: PanelSpec, primary: dict[str, PlacedTranscript]) -> None:
    """Place every published junction sequence on the primary transcripts, by gene, of its two genes."""
    panel = Panel(Path(), spec, {each.transcript.key: each.transcript for each in primary.values()}, {}, {})
    for junction in spec.junctions:
        if junction.sequence is None:
            continue
        owner = f"the sequence of junction {junction.id}"
        joined = panel.locate(junction)
        five_text, three_text = junction.sequence.split("|")
        for gene, position, text, before in (
            (joined.five_gene, joined.five_pos, five_text, len(five_text) - 1),
            (joined.three_gene, joined.three_pos, three_text, 0),
        ):
            each = primary[gene]
            tx_pos = each.transcript.from_genome(position)
            assert tx_pos is not None, "a catalogue junction lies in an exon"
            start = tx_pos - before
            if start < 0 or start + len(text) > len(each.positions):
                raise PanelError(f"{owner} reaches beyond the end of {each.transcript.key}")
            each.settle(each.positions[start : start + len(text)], owner, text)


def place_splice_sites(each: PlacedTranscript) -> None:
    """Let every intron begin GT and end AG; an alternative one may fall back on GC, which is spliced too."""
    for owner, donor, acceptor in each.introns():
        each.settle(donor, owner, *(("GT",) if each.transcript.primary else ("GT", "GC")))
        each.settle(acceptor, owner, "AG")


def place_frame(each: PlacedTranscript) -> None:
    """Settle start and stop codon of a transcript that has a reading frame."""
    codons, owner = each.codons, f"the reading frame of {each.transcript.key}"
    if len(codons):
        each.settle(codons[0], owner, "ATG")
        # Which stop codon comes first depends on the length alone, so that it stays when genes are added.
        turn = len(codons) % len(STOP_CODONS)
        each.settle(codons[-1], owner, *STOP_CODONS[turn:], *STOP_CODONS[:turn])


def open_frames(placed: Sequence[PlacedTranscript]) -> None:
    """Take stop codons out of all frames, in turns because frames of opposite strands may overlap."""
    required = [each for each in placed if each.weight == Weight.REQUIRED]
    for turn in range(2 * FRAME_TURNS):
        changed = False
        # Where the alternative ones cannot be opened as well, the second half opens the primary ones.
        for each in placed if turn < FRAME_TURNS else required:
            for number in each.stops():
                strand = each.transcript.strand
                changed |= each.canvas.loosen(each.codons[number], strand, each.weight, turn)
        if not changed:
            return


def compromises(placed: Iterable[PlacedTranscript]) -> tuple[str, ...]:
    """Read the finished bases back and return what alternative transcripts lack.

    Raises:
        PanelError: a primary transcript's splice sites or reading frame are not as they must be.
    """
    found = []
    for each in placed:
        for fault in _faults(each):
            if each.transcript.primary:
                raise PanelError(fault)
            found.append(fault)
    return tuple(found)


def _faults(each: PlacedTranscript) -> Iterator[str]:
    for owner, donor, acceptor in each.introns():
        ends = each.read(donor), each.read(acceptor)
        if ends not in (("GT", "AG"), ("GC", "AG")):
            yield f"{owner} runs from {ends[0]} to {ends[1]} instead of GT to AG"
    codons, key = each.codons, each.transcript.key
    if not len(codons):
        return
    if each.read(codons[0]) != "ATG":
        yield f"the cds of {key} cannot begin with ATG"
    if each.read(codons[-1]) not in STOP_CODONS:
        yield f"the cds of {key} cannot end with a stop codon"
    for number in each.stops()[:1]:
        codon = codons[number]
        yield (
            f"the cds of {key} has the stop codon {each.read(codon)} at "
            f"c.{3 * number + 1} ({each.canvas.chrom}:{int(codon[0]) + 1}), made by "
            f"{' and '.join(each.canvas.owners(codon))}"
        )
