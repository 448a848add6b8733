"""Holds the fragments that are wild type beyond doubt, as `native.place` settles them, and shows their ends.

Of a settled read its place, its length and the bases that may differ, two at most, are kept, from which its
bases can be made again. A million pairs take 56 MB.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.evidence.ends import (
    CLEAR_BASES,
    FIRST_BASES,
    MIN_RUN,
    Blocks,
    End,
    Place,
    Shown,
    contig_blocks,
    in_order,
    without_primed,
)
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native.place import MERGED, SETTLED, PlaceTable, Settled
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.transcripts import DECOY

AT_ONCE = 4096
"""Fragments whose ends are found at once: as many as make the arrays' overhead small."""

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def either(columns: Bools) -> Bools:
    """Tell for which rows one of two columns is true."""
    return columns[:, 0] | columns[:, 1]


class PanelText:
    """The panel's sequences in a row, in the order of preference, and what a place in it is.

    Attributes:
        names: of the contigs, by number.
        genes: gene of each contig.
        table: places reads.
        chromosomes: by number, in order.
        genome: genomic position of each place (int64).
    """

    def __init__(self, panel: Panel) -> None:
        self.names = sorted(panel.contig_ranks, key=panel.contig_ranks.__getitem__)
        self.genes = [name.split("|", 1)[0] for name in self.names]
        numbers = {gene: number for number, gene in enumerate(dict.fromkeys(self.genes))}
        numbers[DECOY] = -1
        blocks = contig_blocks(panel)
        sequences = {name: panel.sequence_of(name).encode("ascii") for name in self.names}
        positions = [_positions(blocks[name], len(bases)) for name, bases in sequences.items()]
        borders = _borders(panel)
        self.table = PlaceTable(
            list(sequences.values()),
            [numbers[gene] for gene in self.genes],
            positions,
            [
                np.isin(own, borders.get(gene, np.empty(0, np.int64)))
                for own, gene in zip(positions, self.genes, strict=True)
            ],
        )
        self.genome = self.table.genome
        self.chromosomes = sorted({each.chromosome for each in blocks.values()})
        self._chromosome = np.array([self.chromosomes.index(blocks[name].chromosome) for name in self.names])
        self._forward = np.array([blocks[name].forward for name in self.names])
        self._runs = _runs(self.table.text)
        self.bases = self.table.text.tobytes()

    @property
    def chromosome_at(self) -> Int64s:
        """Number of the chromosome of each place, that of any contig between these."""
        numbers: Int64s = self._chromosome[self.table.contigs]
        return numbers

    def contigs_of(self, places: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Return the number of the contig of each place."""
        return self.table.contigs[places]

    def sense_reads(self, rows: Settled, read: int) -> Iterator[str]:
        """Yield the bases of one read of each of some settled fragments, in sense."""
        names = "own", "size", "edit", "base", "second", "second_base"
        columns = (rows[name][:, read].tolist() for name in names)
        for at, size, edit, base, second, second_base in zip(*columns, strict=True):
            bases = self.bases[at : at + size]
            if edit >= 0:
                bases = bases[:edit] + bytes((base,)) + bases[edit + 1 :]
            if second >= 0:
                bases = bases[:second] + bytes((second_base,)) + bases[second + 1 :]
            yield bases.decode("ascii")


_texts: list[tuple[Panel, PanelText]] = []


def panel_text(panel: Panel) -> PanelText:
    """Return a panel's sequences in a row, made when first asked for: small samples do without them."""
    if not (_texts and _texts[0][0] is panel):
        _texts[:] = [(panel, PanelText(panel))]
    return _texts[0][1]


def _positions(blocks: Blocks, size: int) -> Int64s:
    """Return the genomic position of each base of a contig."""
    offsets = np.arange(size)
    block = np.searchsorted(blocks.starts, offsets, "right") - 1
    shift = offsets - np.array(blocks.starts)[block]
    positions: Int64s = np.array(blocks.positions)[block] + (shift if blocks.forward else -shift)
    return positions


def _borders(panel: Panel) -> dict[str, Int64s]:
    """Return for each gene the genomic positions of the outer bases of exons, and of listed places."""
    found: dict[str, set[int]] = {}
    for transcript in panel.transcripts.values():
        own = found.setdefault(transcript.gene, set())
        own.update(place for exon in transcript.exons for place in (exon.start, exon.end - 1))
    for listed in panel.catalogue:
        found.setdefault(listed.five_gene, set()).add(listed.five_pos)
        found.setdefault(listed.three_gene, set()).add(listed.three_pos)
    return {gene: np.array(sorted(places)) for gene, places in found.items()}


def _runs(text: npt.NDArray[np.uint8]) -> tuple[Int64s, Int64s]:
    """Return the first and the last place of the homopolymer run at each place, -1 where there is none."""
    places = np.arange(text.size)
    begins = np.r_[True, text[1:] != text[:-1]]
    first = np.maximum.accumulate(np.where(begins, places, 0))
    ends = np.r_[begins[1:], True]
    last = np.minimum.accumulate(np.where(ends, places, text.size)[::-1])[::-1]
    none = last - first + 1 < MIN_RUN
    first[none] = last[none] = -1
    return first, last


class ReadEnds(NamedTuple):
    """One end of each of some molecules, as `End` has it.

    Attributes:
        chromosome: its number.
        antisense: see `End`.
        position: the same.
        run: the same, -1 for none.
        clear: the same.
        rightmost: whether it is the last base of the sense read.
        at: its place in the text.
        edit: index, counted from the end on, of the base that differs; negative for none.
        base: what it is instead, in sense.
        second: likewise of another one.
        second_base: the same.
    """

    chromosome: Int64s
    antisense: Bools
    position: Int64s
    run: Int64s
    clear: Bools
    rightmost: Bools
    at: Int64s
    edit: Int64s
    base: npt.NDArray[np.uint8]
    second: Int64s
    second_base: npt.NDArray[np.uint8]

    def taken(self, chosen: Int64s) -> "ReadEnds":
        """Return the ends of some molecules."""
        return ReadEnds._make(column[chosen] for column in self)

    def or_else(self, those: Bools, other: "ReadEnds") -> "ReadEnds":
        """Return these ends, and other ends of those molecules."""
        both: Iterable[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = zip(other, self, strict=True)
        return ReadEnds._make(np.where(those, one, own) for one, own in both)


def read_ends(text: PanelText, rows: Settled, read: int, *, other: bool = False) -> ReadEnds:
    """Return where reads begin, as `EndFinder` finds it for their alignments.

    Args:
        text: the panel's.
        rows: settled fragments that have the read.
        read: index of the read.
        other: where the molecule of a merged read ends instead.
    """
    own, size = rows["own"][:, read].astype(np.int64), rows["size"][:, read].astype(np.int64)
    rightmost = (rows["reverse"][:, read] != 0) != other
    at = np.where(rightmost, own + size - 1, own)
    first, last = text._runs
    run = np.where(rightmost, last[at], first[at])
    contigs = text.contigs_of(rows["own"][:, read])
    edits = (rows[name][:, read].astype(np.int64) for name in ("edit", "second"))
    edit, second = (np.where((each >= 0) & rightmost, size - 1 - each, each) for each in edits)
    edited = (edit >= 0, second >= 0)
    clear = (~edited[0] | (edit >= CLEAR_BASES)) & (~edited[1] | (second >= CLEAR_BASES))
    clear &= ~edited[1] | (np.maximum(edit, second) >= FIRST_BASES)
    return ReadEnds(
        text._chromosome[contigs],
        rightmost == text._forward[contigs],
        text.genome[at],
        np.where(run < 0, -1, text.genome[run]),
        clear,
        rightmost,
        at,
        edit,
        rows["base"][:, read],
        second,
        rows["second_base"][:, read],
    )


def shown_by(text: PanelText, rows: Settled, primed: Collection[Place] = ()) -> Iterator[Shown]:
    """Yield what settled fragments show of their molecules' ends, see `EndFinder.shown_by`."""
    found: list[list[End]] = [[] for _ in range(rows.size)]
    merged = (rows["flags"] & MERGED) != 0
    kinds = ((rows["reads"] > 0, 0, False), (rows["reads"] == BOTH_ENDS, 1, False), (merged, 0, True))
    for those, read, other in kinds:
        chosen = np.flatnonzero(those)
        reads = text.sense_reads(rows[chosen], read)
        ends = read_ends(text, rows[chosen], read, other=other)
        for index, bases, *end in zip(chosen.tolist(), reads, *(each.tolist() for each in ends), strict=True):
            chromosome, antisense, position, run, clear, rightmost, *_ = end
            found[index].append(
                End(
                    text.chromosomes[chromosome],
                    antisense,
                    position,
                    None if run < 0 else run,
                    clear,
                    reverse_complement(bases) if rightmost else bases,
                )
            )
    for own in found:
        yield without_primed(Shown(in_order(own)), primed)


class ShownFragment(NamedTuple):
    """What a settled fragment shows, with its number and the sum of its base qualities."""

    number: int
    quality: int
    shown: Shown


class SettledFragments:
    """The settled fragments of a sample.

    Attributes:
        labels: label and UMI of the fragments that may carry a UMI, by number; both may be empty.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._bytes = bytearray()
        self._in_order = True
        self.labels: dict[int, tuple[str, str]] = {}

    @property
    def text(self) -> PanelText:
        """The panel's sequences in a row."""
        return panel_text(self._panel)

    def add(self, rows: Settled) -> None:
        """Add fragments."""
        self._bytes += rows.tobytes()
        self._in_order &= not rows.size

    @property
    def rows(self) -> Settled:
        """All fragments, by number; none can be added as long as these are held."""
        if not self._bytes:
            return np.empty(0, SETTLED)
        rows = np.frombuffer(self._bytes, SETTLED)
        if not self._in_order:
            numbers = rows["number"]
            if (numbers[1:] < numbers[:-1]).any():
                rows[:] = rows[np.argsort(numbers, kind="stable")]
            self._in_order = True
        return rows

    @property
    def ends_shown(self) -> Int64s:
        """How many ends of its molecule each fragment shows."""
        both = (self.rows["reads"] == BOTH_ENDS) | (self.rows["flags"] & MERGED != 0)
        return np.where(both, BOTH_ENDS, 1)

    @property
    def second_mates(self) -> int:
        """How many fragments have a second mate, merged or not."""
        return int(np.count_nonzero(self.ends_shown == BOTH_ENDS))

    def shown(self, chosen: Settled, primed: Collection[Place] = ()) -> Iterator[ShownFragment]:
        """Yield what each of some fragments shows of its molecule, see `shown_by`."""
        for first in range(0, chosen.size, AT_ONCE):
            rows = chosen[first : first + AT_ONCE]
            numbers, qualities = rows["number"].tolist(), rows["quality"].tolist()
            for own in zip(numbers, qualities, shown_by(self.text, rows, primed), strict=True):
                yield ShownFragment(*own)
