"""The bases of one locus of a demonstration reference while they are being settled.

A canvas starts as seeded filler. What the panel demands is placed on it in the order of its weight; a base
that is settled is never changed by a demand of the same or lower weight, so that contradictions come to
light instead of the last writer winning.

Positions are genomic, 0-based; bases are held on the plus strand as the numbers 0 to 3 for A, C, G, T.
"""

from dataclasses import dataclass
from enum import IntEnum
from zlib import crc32

import numpy as np
import numpy.typing as npt

from aspsfusion.panel.panel import Transcript

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
