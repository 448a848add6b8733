"""Keeps some settled fragments to be looked at in a genome viewer, and makes their records.

Of a deep sample nearly all is wild type, and of that a viewer needs no more than what shows how deep and how
even it is. The first fragments of the sample at each place are kept: the same reads give the same file.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.align.candidates import Header, read_header
from aspsfusion.align.chunks import RECORD_LINES
from aspsfusion.align.structures import TEMPLATES_ALONE, ReadStructures
from aspsfusion.align.trim import cut_unknown_end, merge_mates
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.evidence.placements import LABEL_TAG, MERGED_TAG, UMI_TAG
from aspsfusion.evidence.settled import AT_ONCE, Int64s, PanelText, SettledFragments
from aspsfusion.native.place import MERGED, Settled
from aspsfusion.panel.panel import Panel

STEP = 100
"""Bases of a stretch of a panel sequence of which a number of fragments is kept."""

OF_TARGETS, OF_OTHERS = 200, 2
"""Settled fragments of each stretch that are kept, of the targets of the panel and of its other genes."""

QUALITY = 60
"""Mapping quality of a settled read: what BWA-MEM gives to a unique place."""

COMMENT = (
    "of the fragments that one gene explains beyond doubt, those are here that come first at each "
    f"{STEP} bases: {OF_TARGETS} of the panel's targets and {OF_OTHERS} of its other genes; the report "
    "counts all"
)

PAIRED, PROPER, REVERSE, MATE_REVERSE, FIRST, SECOND = 1, 2, 16, 32, 64, 128
"""Bits of a record's FLAG (SAM specification)."""


class Sample:
    """The settled fragments of a sample, and those of them that are kept to be looked at."""

    def __init__(self, panel: Panel, structures: ReadStructures = TEMPLATES_ALONE) -> None:
        self.settled = SettledFragments(panel)
        self._targets = panel.unspliced
        self._structures = structures
        self._parts: list[Settled] = []
        self._texts: list[bytes] = []

    @cached_property
    def _left(self) -> npt.NDArray[np.int64]:
        """How many more are kept of each stretch of the panel's text."""
        text = self.settled.text
        targets = np.array([gene in self._targets for gene in text.genes])
        of_target = (text.table.contigs >= 0) & targets[text.table.contigs]
        stretches = np.arange(0, of_target.size, STEP)
        return np.where(np.logical_or.reduceat(of_target, stretches), OF_TARGETS, OF_OTHERS)

    def choose(self, rows: Settled) -> Int64s:
        """Return the indices of those that are to be kept of the next fragments."""
        stretch = rows["shared"][:, 0] // STEP
        order = np.argsort(stretch, kind="stable")
        ordered = stretch[order]
        # How many of the same stretch precede each.
        before = np.arange(rows.size) - np.searchsorted(ordered, ordered)
        chosen: npt.NDArray[np.int64] = np.sort(order[before < self._left[ordered]])
        self._left -= np.minimum(np.bincount(stretch, minlength=self._left.size), self._left)
        return chosen

    def add(self, rows: Settled, labels: Mapping[int, tuple[str, str]], text: bytes) -> None:
        """Add fragments, and keep those that are to be looked at.

        Args:
            rows: fragments as they were settled.
            labels: see `SettledFragments`.
            text: in which their records are.
        """
        self.settled.add(rows)
        self.settled.labels.update(labels)
        chosen = rows[self.choose(rows)]
        if not chosen.size:
            return
        self._texts += texts_of(chosen, text)
        self._parts.append(chosen)

    @property
    def labels(self) -> dict[int, str]:
        """The names of the reads that are kept by the number of their fragment."""
        return {header.number: header.label for header in map(_header_of, self._texts)}

    def records(self, names: Mapping[int, str], group: str) -> Iterator[tuple[int, str]]:
        """Yield number and records of the fragments that are kept, by number, as text of a SAM file.

        Args:
            names: of the records by the number of the fragment; one that is not the read's own comes with
                that in a tag.
            group: of the reads.
        """
        if not self._parts:
            return
        rows = np.concatenate(self._parts)
        order = np.argsort(rows["number"], kind="stable")
        for first in range(0, order.size, AT_ONCE):
            some = order[first : first + AT_ONCE]
            yield from self._records(rows[some], [self._texts[index] for index in some], names, group)

    def _records(
        self, rows: Settled, texts: Sequence[bytes], names: Mapping[int, str], group: str
    ) -> Iterator[tuple[int, str]]:
        text = self.settled.text
        fields = [list(map(_Fields._make, zip(*own, strict=True))) for own in _columns(text, rows)]
        bases = [list(text.sense_reads(rows, read)) for read in range(BOTH_ENDS)]
        reads, merged = rows["reads"].tolist(), (rows["flags"] & MERGED != 0).tolist()
        sizes = rows["size"].tolist()
        for index, (header, lines) in enumerate(map(lines_of, texts)):
            number, name = header.number, names[header.number]
            _, umi = self.settled.labels.get(number, ("", ""))
            tags = f"\tRG:Z:{group}"
            if header.label != name:
                tags += f"\t{LABEL_TAG}:Z:{header.label}"
            if merged[index]:
                tags += f"\t{MERGED_TAG}:i:1"
            if umi:
                tags += f"\t{UMI_TAG}:Z:{umi}"
            qualities = _qualities(reads_in(lines), sizes[index], self._structures, merged=merged[index])
            written = ""
            for read in range(reads[index]):
                own = fields[read][index]
                quality = qualities[read][::-1] if own.flag & REVERSE else qualities[read]
                written += (
                    f"{name}\t{own.flag}\t{text.names[own.contig]}\t{own.position}\t{QUALITY}\t{own.size}M\t"
                    f"{_mate_contig(own, text)}\t{own.mate_position}\t{own.length}\t{bases[read][index]}\t"
                    f"{quality}\tNM:i:{own.edits}{tags}\n"
                )
            yield number, written


class _Fields(NamedTuple):
    """Fields of a record as a SAM file has them; contigs are numbers, -1 for none."""

    flag: int
    contig: int
    position: int
    size: int
    mate_contig: int
    mate_position: int
    length: int
    edits: int


def _mate_contig(own: _Fields, text: PanelText) -> str:
    if own.mate_contig < 0:
        return "*"
    return "=" if own.mate_contig == own.contig else text.names[own.mate_contig]


def _columns(text: PanelText, rows: Settled) -> list[list[list[int]]]:
    """Return the fields of all records by read, in the order of `_Fields`, see `join_mates`."""
    contig = text.contigs_of(rows["own"]).astype(np.int64)
    start = rows["own"] - text.table.starts[contig]
    end = start + rows["size"]
    reverse = rows["reverse"] != 0
    pair = (rows["reads"] == BOTH_ENDS)[:, None]
    together = pair[:, 0] & (contig[:, 0] == contig[:, 1])
    (first, second), (one, other) = start.T, reverse.T
    first_is_left = (first < second) | ((first == second) & (one <= other))
    proper = together & np.where(first_is_left, ~one & other, ~other & one)
    flag = REVERSE * reverse + pair * (PAIRED + PROPER * proper[:, None] + MATE_REVERSE * reverse[:, ::-1])
    flag += pair * np.array([FIRST, SECOND])
    length = np.where(together, (end.max(axis=1) - start.min(axis=1)) * np.where(first_is_left, 1, -1), 0)
    columns = (
        flag,
        contig,
        start + 1,
        rows["size"],
        np.where(pair, contig[:, ::-1], -1),
        np.where(pair, start[:, ::-1] + 1, 0),
        np.stack([length, -length], axis=1),
        (rows["edit"] >= 0).astype(np.int64) + (rows["second"] >= 0),
    )
    return [[column[:, read].astype(np.int64).tolist() for column in columns] for read in range(BOTH_ENDS)]


def texts_of(rows: Settled, text: bytes) -> list[bytes]:
    """Return the records of settled fragments out of the text in which they are."""
    if not rows.size:
        return []
    line_ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    records = np.where((rows["reads"] == BOTH_ENDS) | (rows["flags"] & MERGED != 0), BOTH_ENDS, 1)
    last = np.searchsorted(line_ends, rows["header"]) + RECORD_LINES * records - 1
    ends = (line_ends[last] + 1).tolist()
    return [text[at:end] for at, end in zip(rows["header"].tolist(), ends, strict=True)]


def _header_of(text: bytes) -> Header:
    header = read_header(text[: text.index(b"\n")])
    assert header is not None  # it was read once
    return header


def lines_of(text: bytes) -> tuple[Header, list[str]]:
    """Return the header of a fragment, and the lines of its records."""
    return _header_of(text), text.decode("ascii").split("\n")[:-1]


def reads_in(lines: list[str]) -> list[tuple[str, str]]:
    """Return bases and qualities of the reads in the lines of a fragment's records."""
    return [(lines[first + 1], lines[first + 3]) for first in range(0, len(lines), RECORD_LINES)]


def _qualities(
    reads: list[tuple[str, str]], sizes: list[int], structures: ReadStructures, *, merged: bool
) -> tuple[str, ...]:
    """Return the qualities of a settled fragment's reads as they were trimmed and merged.

    Args:
        reads: bases and qualities of its reads as they were sequenced.
        sizes: bases of each read that is settled.
        structures: what the reads consist of.
        merged: whether the mates are merged.
    """
    if structures.layouts:
        reads = structures.apart(reads).templates
    if merged:
        known = (cut_unknown_end(*read) for read in reads)
        first, second = ((bases[: sizes[0]], quality[: sizes[0]]) for bases, quality in known)
        return (merge_mates(first, second, sizes[0])[1],)
    return tuple(quality[:size] for (_, quality), size in zip(reads, sizes, strict=False))
