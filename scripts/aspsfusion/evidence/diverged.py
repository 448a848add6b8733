"""Finds fragments of another species, or of a diverged copy of a gene, among those of the wild type.

They fit a gene of the panel nearly as well as its own fragments do, but say nothing of the patient's RNA. The
share of edits alone does not tell them from poor reads: of a run with 5 percent errors many fragments have
more edits than those of a copy that is 95 percent identical. But an error is anywhere, while a difference of
the sequence is in every read that covers its place. So what counts is how many of a fragment's differences
other fragments share. A single nucleotide polymorphism is shared too; there are few of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.evidence.coverage import (
    Coverage,
    Differences,
    placed_reads,
    wild_type_gene,
    wild_type_placements,
)
from aspsfusion.evidence.fragments import Fragment, Placement
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.evidence.twice import UNKNOWN, TwiceEdited
from aspsfusion.panel.transcripts import DECOY

MIN_SHARING = 3
MIN_SHARE = 0.2
"""Fragments that show a difference, as a number and as a share of those that cover its place, from which it
belongs to the sequence. In a run with 5 percent errors two of 14 others show the error of a read with a
probability of 0.02, and a fifth of more than 30 hardly ever. Of a mixture with fewer foreign reads the
exclusion would be hardly any stronger than it is."""

MIN_SHARED = 3
MIN_SHARED_RATE = 0.03
"""Such differences of one fragment, as a number and for each base, from which it is foreign. People differ
from the reference at one base in a thousand, mouse and dog in the coding sequence at ten in a hundred."""

ANY_EDIT_RATE = 1.0


Difference = tuple[str, int, int]
"""A contig, a position on it (0-based), and the base that a read has there as a byte."""

Bases = npt.NDArray[np.uint8]


class _Shown(NamedTuple):
    """What a fragment shows of a gene; differences where its mates overlap are there twice.

    Attributes:
        bases: aligned bases.
        differences: of these from the contig.
    """

    number: int
    gene: str
    bases: int
    differences: list[Difference]


def diverged_fragments(
    fragments: Iterable[Fragment],
    coverage: Coverage,
    contigs: ContigBases,
    ranks: Mapping[str, int],
    margin: int,
    settled: TwiceEdited | None = None,
) -> dict[int, str]:
    """Return the numbers of foreign fragments, each with the gene that it fits.

    Args:
        fragments: that no junction explains and that are not counted yet.
        coverage: of all others of the wild type.
        contigs: the panel's sequences.
        ranks: order of preference among equal contigs.
        margin: see `Mate.near_best_genes`.
        settled: further fragments that would be among these if they had been aligned, but for too few
            differences to be foreign; counted already.
    """
    sharing: Counter[Difference] = Counter()
    depths = _Depths(coverage, contigs, settled.overlaps() if settled else {})
    seen = []
    for fragment in fragments:
        gene = wild_type_gene(fragment, margin, ANY_EDIT_RATE)
        if gene is None or gene == DECOY:
            continue
        bases, differences = 0, []
        placements = wild_type_placements(fragment, gene, ranks)
        for mate, placement in placed_reads(fragment, placements):
            read = mate.oriented(reverse=placement.reverse).encode("ascii")
            bases += placement.query_end - placement.query_start
            differences += differences_of(read, contigs[placement.contig], placement)
        depths.add(placements)
        sharing.update(set(differences))
        seen.append(_Shown(fragment.number, gene, bases, differences))
    of_settled = settled.differences() if settled else {}
    sharing.update({each: of_settled[each] for each in sharing.keys() & of_settled.keys()})
    shared = {
        each
        for each, count in sharing.items()
        if count >= MIN_SHARING and count >= MIN_SHARE * depths.at(each[0], each[1])
    }
    return {shown.number: shown.gene for shown in seen if _is_foreign(shown, shared)}


def _is_foreign(shown: _Shown, shared: set[Difference]) -> bool:
    own = [each for each in shown.differences if each in shared]
    return len(set(own)) >= MIN_SHARED and len(own) >= MIN_SHARED_RATE * shown.bases


def differences_of(read: bytes, contig: bytes, placement: Placement) -> list[Difference]:
    """Return where the aligned bases of a read differ from the contig.

    An alignment with gaps is taken as one with a single gap, where that leaves the fewest differences.
    Neither inserted nor unknown bases differ.

    Args:
        read: its bases in the contig's orientation.
        contig: the whole contig.
        placement: of the read on it.
    """
    bases = np.frombuffer(read, dtype=np.uint8)[placement.query_start : placement.query_end]
    whole = np.frombuffer(contig, dtype=np.uint8)
    inserted = max(0, len(bases) - (placement.end - placement.start))
    starts = placement.start, placement.end - len(bases)
    before, after = (whole[max(0, start) : max(0, start) + len(bases)] for start in starts)
    if starts[1] < 0 or len(before) < len(bases):
        return []  # an inserted piece at the end of the contig
    left, right = ((bases != own) & (bases != UNKNOWN) for own in (before, after))
    gap = _best_gap(left, right, inserted)
    places = [(index, starts[0]) for index in np.flatnonzero(left[:gap])]
    places += [(index + gap + inserted, starts[1]) for index in np.flatnonzero(right[gap + inserted :])]
    return [(placement.contig, start + int(index), int(bases[index])) for index, start in places]


def _best_gap(left: npt.NDArray[np.bool_], right: npt.NDArray[np.bool_], inserted: int) -> int:
    """Return up to which base a read is compared from its left end; after inserted bases, from its right."""
    before = np.concatenate(([0], np.cumsum(left)))
    after = np.concatenate(([0], np.cumsum(right)))
    return int(np.argmin(before[: len(before) - inserted] + after[-1] - after[inserted:]))


class _Depths:
    """Fragments that cover each base of a contig: those counted as wild type, and others that are added.

    Args:
        coverage: counts of the wild type.
        more: differences to be added to these counts, by contig.
    """

    def __init__(self, coverage: Coverage, contigs: ContigBases, more: Mapping[str, Differences]) -> None:
        self._counts = coverage.depth, more
        self._contigs = contigs
        self._changes: dict[str, npt.NDArray[np.int64]] = {}
        self._depths: dict[str, npt.NDArray[np.int64]] = {}

    def add(self, placements: Iterable[Placement]) -> None:
        """Add a fragment; where its mates overlap it is there twice."""
        for contig, _, start, end, *_ in placements:
            if contig not in self._changes:
                self._changes[contig] = np.zeros(len(self._contigs[contig]) + 1, dtype=np.int64)
                for counts in self._counts:
                    for position, change in counts.get(contig, {}).items():
                        self._changes[contig][position] += change
            self._changes[contig][start] += 1
            self._changes[contig][end] -= 1

    def at(self, contig: str, position: int) -> int:
        """Return the fragments over a base; nothing can be added to the contig after that."""
        if contig not in self._depths:
            self._depths[contig] = np.cumsum(self._changes[contig])
        return int(self._depths[contig][position])
