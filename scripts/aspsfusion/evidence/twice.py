"""Holds the settled molecules of which a read has two edits, for whoever looks at fragments that are open.

Aligned, such a molecule is open until all junctions are known, and is counted as wild type then. Settled, it
is counted at once; what it says of others, and where it is, must still be known to the caller.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from aspsfusion.evidence.coverage import Differences
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.evidence.settled import Bools, Int64s, PanelText, either
from aspsfusion.native.place import Settled

UNKNOWN = ord("N")
_LETTERS = 256
_CHROMOSOME_SHIFT = 40
"""A place in the genome is one number: the chromosome's above so many bits, its position below them."""


def edited_twice(rows: Settled) -> Bools:
    """Tell which fragments have a read with two edits."""
    return either(rows["second"] >= 0)


class TwiceEdited:
    """The settled molecules of a sample of which a read has two edits.

    Args:
        rows: settled fragments, one of each molecule.
    """

    def __init__(self, text: PanelText, rows: Settled) -> None:
        self.text = text
        self._rows = rows

    @property
    def longest(self) -> int:
        """Bases of the longest read."""
        return int(self._rows["size"].max(initial=0))

    def differences(self) -> dict[tuple[str, int, int], int]:
        """Return in how many molecules a contig's base is another one, by contig, position and that base."""
        rows = self._rows
        keys = [
            np.where(
                (rows[edit] >= 0) & (rows[base] != UNKNOWN),
                (rows["shared"].astype(np.int64) + rows[edit]) * _LETTERS + rows[base],
                -1,
            )
            for edit, base in (("edit", "base"), ("second", "second_base"))
        ]
        # Once for each molecule, if both of its mates have it.
        own = np.sort(np.concatenate(keys, axis=1), axis=1)
        first = np.c_[own[:, :1] >= 0, (own[:, 1:] != own[:, :-1]) & (own[:, 1:] >= 0)]
        found, counts = np.unique(own[first], return_counts=True)
        places = found // _LETTERS
        contigs = self.text.table.contigs[places]
        positions = places - self.text.table.starts[contigs]
        columns = contigs.tolist(), positions.tolist(), (found % _LETTERS).tolist(), counts.tolist()
        return {
            (self.text.names[contig], position, base): count
            for contig, position, base, count in zip(*columns, strict=True)
        }

    def overlaps(self) -> dict[str, Differences]:
        """Return by contig, as differences, how many molecules cover a base with both of their mates."""
        rows = self._rows[self._rows["reads"] == BOTH_ENDS]
        start = rows["shared"].max(axis=1).astype(np.int64)
        end = (rows["shared"].astype(np.int64) + rows["size"]).min(axis=1)
        found: dict[str, Differences] = {}
        for first, last in zip(*(each[start < end].tolist() for each in (start, end)), strict=True):
            contig = int(self.text.table.contigs[first])
            begin = int(self.text.table.starts[contig])
            changes = found.setdefault(self.text.names[contig], {})
            for position, change in ((first - begin, 1), (last - begin, -1)):
                changes[position] = changes.get(position, 0) + change
        return found

    def reads_in(self, zones: Mapping[str, Iterable[tuple[int, int]]]) -> Iterator[tuple[str, int]]:
        """Yield bases, in sense, and edits of each read that has edits and a base in one of some zones.

        Args:
            zones: half-open intervals of contigs, which may reach beyond them; a base is in one that has its
                place in the genome.
        """
        table = self.text.table
        within = np.zeros(table.text.size, np.bool_)
        for contig, intervals in zones.items():
            number = self.text.names.index(contig)
            begin, size = int(table.starts[number]), int(np.count_nonzero(table.contigs == number))
            for first, last in intervals:
                within[begin + max(0, first) : begin + min(size, max(0, last))] = True
        loci: Int64s = table.genome + (self.text.chromosome_at << _CHROMOSOME_SHIFT)
        before = np.r_[0, np.cumsum(np.isin(loci, loci[within]) & (table.contigs >= 0))]
        for read in range(BOTH_ENDS):
            own = self._rows["own"][:, read].astype(np.int64)
            edits = np.add.reduce([self._rows[name][:, read] >= 0 for name in ("edit", "second")], dtype=int)
            there = (edits > 0) & (before[own + self._rows["size"][:, read]] > before[own])
            yield from zip(self.text.sense_reads(self._rows[there], read), edits[there].tolist(), strict=True)

    def places_of(self, word: bytes) -> Iterable[tuple[str, int]]:
        """Yield contig and position of each place of a word on the panel."""
        table = self.text.table
        at = self.text.bases.find(word)
        while at >= 0:
            contig = int(table.contigs[at])
            yield self.text.names[contig], at - int(table.starts[contig])
            at = self.text.bases.find(word, at + 1)
