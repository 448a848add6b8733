"""Looks at the records of a sample part by part: which ends fragments show, and which the wild type explains.

A part is looked at twice, since which fragments are copies shows when the ends of all are known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pysam

from aspsfusion.config import CallParameters
from aspsfusion.evidence.border_words import BorderWords
from aspsfusion.evidence.coverage import Coverage, WildTypeRules, count_wild_type
from aspsfusion.evidence.ends import EndFinder
from aspsfusion.evidence.fragments import BOTH_ENDS, Fragment, Mate, Placement
from aspsfusion.evidence.molecules import Molecule, SeenFragment, seen_fragment
from aspsfusion.evidence.placements import (
    MERGED_TAG,
    ContigBases,
    RecordGroup,
    as_sequenced,
    label_of,
    primary_record,
    read_placements,
    says_nothing,
)
from aspsfusion.evidence.primers import Primer
from aspsfusion.evidence.strand import count_direction, exon_borders
from aspsfusion.io.records import unpacked
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.transcripts import DECOY


@dataclass(frozen=True)
class PartSetup:
    """What the parts of a sample are looked at by."""

    panel: Path
    header: dict[str, Any]
    parameters: CallParameters
    primers: tuple[Primer, ...] = ()


def fragments_in(part: bytes, header: pysam.AlignmentHeader) -> Iterator[tuple[int, list[RecordGroup]]]:
    """Yield number and records by read of each fragment of a part."""
    records = (pysam.AlignedSegment.fromstring(line, header) for line in unpacked(part))
    for name, own in groupby(records, key=lambda record: record.query_name):
        first: RecordGroup = []
        second: RecordGroup = []
        for record in own:
            (second if record.is_read2 else first).append(record)
        mates = [mate for mate in (first, second) if mate]
        # A mate that says nothing must not silence the other one: what is left is a single read.
        yield int(str(name)), [mate for mate in mates if not says_nothing(mate)] or mates[:1]


class EndReader:
    """Tells what the fragments of a part show of their molecules."""

    def __init__(self, setup: PartSetup) -> None:
        self._header = pysam.AlignmentHeader.from_dict(setup.header)
        self._ends = EndFinder(load_panel(setup.panel), setup.primers)

    def __call__(self, part: bytes) -> list[SeenFragment]:
        """Return what each fragment of a part shows."""
        return [
            seen_fragment(number, label_of(mates[0][0]), mates, self._ends)
            for number, mates in fragments_in(part, self._header)
        ]


class CountedPart(NamedTuple):
    """A part of which the fragments are counted that the wild type explains.

    Attributes:
        coverage: their counts.
        open: the others.
        inserts: lengths in nt of the former, where both ends are on one transcript.
    """

    coverage: Coverage
    open: list[Fragment]
    inserts: list[int]


class PartCounter:
    """Counts the fragments of a part that the wild type explains, one of each molecule."""

    def __init__(self, setup: PartSetup) -> None:
        panel = load_panel(setup.panel)
        self._header = pysam.AlignmentHeader.from_dict(setup.header)
        self._panel = panel
        self._contigs = ContigBases(panel)
        self._rules = WildTypeRules.of(panel, setup.parameters)
        self._borders = exon_borders(panel.transcripts.values())
        self._words = BorderWords(panel, setup.parameters.min_anchor)

    def __call__(self, given: tuple[bytes, Mapping[int, Molecule]]) -> CountedPart:
        """Count those fragments of a part that are the best ones of the molecules given by their number."""
        part, molecules = given
        counted = CountedPart(Coverage(self._rules.parameters.min_anchor), [], [])
        for number, mates in fragments_in(part, self._header):
            molecule = molecules.get(number)
            if molecule is None:
                continue
            fragment = self._fragment(number, mates, molecule)
            if not any(mate.placements for mate in fragment.mates):
                continue
            if not _explained(fragment, self._rules.parameters.margin):
                counted.open.append(fragment)
                continue
            placements = count_wild_type(counted.coverage, fragment, self._rules)
            if placements and placements[0].gene == DECOY:
                continue
            direction = counted.coverage.direction
            count_direction(direction, fragment, placements, self._borders, self._panel.unspliced)
            insert = insert_length(self._panel, fragment, placements)
            if insert is not None:
                counted.inserts.append(insert)
        return counted

    def _fragment(self, number: int, mates: list[RecordGroup], molecule: Molecule) -> Fragment:
        """Return a fragment with all placements of its reads, or the borders that the aligner misses."""
        reads = []
        for records in mates:
            bases = as_sequenced(primary_record(records))
            placements = read_placements(records, self._contigs, self._rules.ranks)
            placements = placements or self._words.placements(bases, self._contigs)
            reads.append(Mate(2 if records[0].is_read2 else 1, bases, placements))
        return Fragment(
            number,
            label_of(mates[0][0]),
            molecule.copies,
            tuple(reads),
            merged=primary_record(mates[0]).has_tag(MERGED_TAG),
            umis=molecule.umis,
        )


def _explained(fragment: Fragment, margin: int) -> bool:
    """Whether no junction can beat the wild type for a fragment.

    True when one gene holds every read with fewer edits than the margin: a junction would need a negative
    number of edits to win a read, and reads that share a gene are no spanning pair.
    """
    common: set[str] | None = None
    for mate in fragment.mates:
        genes = {gene for gene, edits in mate.edits_by_gene.items() if edits < margin}
        common = genes if common is None else common & genes
    return bool(common)


def insert_length(panel: Panel, fragment: Fragment, placements: list[Placement]) -> int | None:
    """Return the length of a fragment in nt; None unless both of its ends are on one transcript."""
    if not placements or not (fragment.merged or len(placements) == BOTH_ENDS):
        return None
    if not placements[0].contig == placements[-1].contig in panel.transcripts:
        return None
    return max(p.end for p in placements) - min(p.start for p in placements)
