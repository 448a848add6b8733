"""Keeps some settled fragments to be looked at in a genome viewer, and makes their records.

Of a deep sample nearly all is wild type, and of that a viewer needs no more than what shows how deep and how
even it is. The first fragments of the sample at each place are kept: the same reads give the same file.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pysam

from aspsfusion.align.structures import ReadStructures
from aspsfusion.align.trim import merge_mates
from aspsfusion.evidence.placements import LABEL_TAG, MERGED_TAG, UMI_TAG, RecordGroup
from aspsfusion.evidence.settled import PanelText, SettledFragments
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

RECORD_LINES = 4


class Sampled(NamedTuple):
    """A settled fragment that is kept.

    Attributes:
        row: as it was settled, an array of one.
        label: read name.
        umi: see `Candidate`.
        qualities: of each read in the order of sequencing, Phred+33.
    """

    row: Settled
    label: str
    umi: str
    qualities: tuple[str, ...]

    @property
    def number(self) -> int:
        """Number of the fragment."""
        return int(self.row["number"][0])


class Sample:
    """The settled fragments of a sample, and those of them that are kept to be looked at.

    Args:
        panel: that they are of.

    Attributes:
        settled: all.
        fragments: those that are kept.
    """

    def __init__(self, panel: Panel) -> None:
        self.settled = SettledFragments(panel)
        self.fragments: list[Sampled] = []
        self._targets = panel.unspliced

    @cached_property
    def _left(self) -> npt.NDArray[np.int64]:
        """How many more are kept of each stretch of the panel's text."""
        text = self.settled.text
        targets = np.array([gene in self._targets for gene in text.genes])
        of_target = (text.table.contigs >= 0) & targets[text.table.contigs]
        stretches = np.arange(0, of_target.size, STEP)
        return np.where(np.logical_or.reduceat(of_target, stretches), OF_TARGETS, OF_OTHERS)

    def choose(self, rows: Settled) -> npt.NDArray[np.int64]:
        """Return the indices of those that are to be kept of the next fragments."""
        stretch = rows["shared"][:, 0] // STEP
        order = np.argsort(stretch, kind="stable")
        ordered = stretch[order]
        # How many of the same stretch precede each.
        before = np.arange(rows.size) - np.searchsorted(ordered, ordered)
        chosen: npt.NDArray[np.int64] = np.sort(order[before < self._left[ordered]])
        self._left -= np.minimum(np.bincount(stretch, minlength=self._left.size), self._left)
        return chosen


def reads_in(lines: list[str]) -> list[tuple[str, str]]:
    """Return bases and qualities of the reads in the lines of a fragment's records."""
    return [(lines[first + 1], lines[first + 3]) for first in range(0, len(lines), RECORD_LINES)]


def qualities_of(reads: list[tuple[str, str]], row: Settled, structures: ReadStructures) -> tuple[str, ...]:
    """Return the qualities of a settled fragment's reads as they were trimmed and merged.

    Args:
        reads: bases and qualities of its reads as they were sequenced.
        row: the fragment, an array of one.
        structures: what the reads consist of.
    """
    if structures.layouts:
        reads = structures.apart(reads).templates
    sizes = row["size"][0].tolist()
    if row["flags"][0] & MERGED:
        first, second = ((bases[: sizes[0]], quality[: sizes[0]]) for bases, quality in reads)
        return (merge_mates(first, second, sizes[0])[1],)
    return tuple(quality[:size] for (_, quality), size in zip(reads, sizes, strict=False))


def records_of(
    sampled: Sampled, text: PanelText, header: pysam.AlignmentHeader, sample: str
) -> list[RecordGroup]:
    """Return the records of a settled fragment by read, without what depends on the mate.

    Args:
        sampled: the fragment.
        text: the panel's.
        header: of the file that they are for.
        sample: name of the read group.
    """
    row = sampled.row
    mates: list[RecordGroup] = []
    for read, quality in enumerate(sampled.qualities):
        place, reverse = int(row["own"][0, read]), bool(row["reverse"][0, read])
        contig = int(text.table.contigs[place])
        tags = [f"NM:i:{int(row['edit'][0, read] >= 0)}", f"RG:Z:{sample}", f"{LABEL_TAG}:Z:{sampled.label}"]
        if row["flags"][0] & MERGED:
            tags.append(f"{MERGED_TAG}:i:1")
        if sampled.umi:
            tags.append(f"{UMI_TAG}:Z:{sampled.umi}")
        fields = [
            str(sampled.number),
            str(int(pysam.FREVERSE) if reverse else 0),
            text.names[contig],
            str(place - int(text.table.starts[contig]) + 1),
            str(QUALITY),
            f"{row['size'][0, read]}M",
            *"*00",
            next(text.sense_reads(row, read)),
            quality[::-1] if reverse else quality,
            *tags,
        ]
        # As text, which is parsed in a fifth of the time that setting each field takes.
        record = pysam.AlignedSegment.fromstring("\t".join(fields), header)
        mates.append([record])
    return mates
