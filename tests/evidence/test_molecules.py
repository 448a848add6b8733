"""Copies of a molecule: the same ends, the same bases there, and the same UMI where there are any."""

import random
from typing import cast

import pysam
import pytest

from aspsfusion.evidence.ends import EndFinder
from aspsfusion.evidence.molecules import MoleculeFinder, seen_fragment
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.transcripts import Decoy, Exon, Transcript, Unspliced

HEADER = pysam.AlignmentHeader.from_dict({"SQ": [{"SN": "G|T1", "LN": 1000}]})
GENE = "".join(random.Random(4).choices("ACGT", k=1000))
TRANSCRIPT = Transcript("G", "T1", "chr1", "+", (Exon(1, 5000, 6000, 0, 1000),), None, True, GENE)


class OneGene:
    """As much of a panel as finding ends needs."""

    def __init__(self) -> None:
        self.transcripts = {TRANSCRIPT.key: TRANSCRIPT}
        self.unspliced: dict[str, Unspliced] = {}
        self.decoys: dict[str, Decoy] = {}

    def sequence_of(self, contig: str) -> str:
        return self.transcripts[contig].sequence


FOREIGN = "".join(random.Random(9).choices("ACGT", k=20))


def read(
    start: int, bases: str, *, second: bool = False, cigar: str | None = None, quality: int = 30
) -> list[pysam.AlignedSegment]:
    """Return the one record of a read, the second one of a pair on the reverse strand."""
    record = pysam.AlignedSegment(HEADER)
    record.query_sequence = bases
    record.query_qualities = pysam.qualitystring_to_array(chr(33 + quality) * len(bases))
    record.reference_id, record.reference_start = 0, start
    record.cigarstring = cigar or f"{len(bases)}M"
    record.is_reverse = record.is_read2 = second
    return [record]


def pair(start: int, end: int, quality: int = 30) -> list[list[pysam.AlignedSegment]]:
    """Return a pair of reads of 50 nt at the ends of a molecule."""
    return [
        read(start, GENE[start : start + 50], quality=quality),
        read(end - 50, GENE[end - 50 : end], second=True, quality=quality),
    ]


def copies(fragments: dict[str, list[list[pysam.AlignedSegment]]]) -> dict[str, int]:
    """Return the copies of each molecule by the label of the fragment that is kept."""
    finder, ends = MoleculeFinder(), EndFinder(cast(Panel, OneGene()))
    labels = list(fragments)
    for number, (label, mates) in enumerate(fragments.items()):
        finder.add(seen_fragment(number, label, mates, ends))
    assert finder.total == len(fragments)
    return {labels[number]: molecule.copies for number, molecule in finder.molecules().found.items()}


def test_the_copy_of_best_quality_is_kept_then_the_lowest_number() -> None:
    assert copies({"a": pair(100, 300), "b": pair(100, 300, 35), "c": pair(100, 300, 35)}) == {"b": 3}


@pytest.mark.parametrize(("start", "end"), [(101, 300), (100, 301)])
def test_another_end_is_another_molecule(start: int, end: int) -> None:
    assert copies({"a": pair(100, 300), "b": pair(start, end)}) == {"a": 1, "b": 1}


def test_mates_may_have_read_a_molecule_in_either_order() -> None:
    first, second = pair(100, 300)
    second[0].is_read2, first[0].is_read2 = False, True
    assert copies({"a": pair(100, 300), "b": [second, first]}) == {"a": 2}


def test_clipped_foreign_bases_at_the_same_place_are_another_molecule() -> None:
    bases = GENE[100:130] + FOREIGN
    fusion = [read(100, bases, cigar="30M20S"), pair(100, 300)[1]]
    assert copies({"wild": pair(100, 300), "fusion": fusion}) == {"wild": 1, "fusion": 1}


def test_umis_distinguish_molecules_with_the_same_ends() -> None:
    fragments = {f"{n}_{umi}": pair(100, 300) for n, umi in enumerate(("ACGT", "ACGA", "TTTT"))}
    fragments |= {f"{n}_{umi}": pair(9 * n, 400) for n, umi in enumerate(("CCCC", "GGGG"), start=5)}
    assert copies(fragments) == {"0_ACGT": 2, "2_TTTT": 1, "5_CCCC": 1, "6_GGGG": 1}


def unplaced(bases: str) -> list[pysam.AlignedSegment]:
    """Return the record of a second read that is not aligned."""
    record = pysam.AlignedSegment(HEADER)
    record.query_sequence = bases
    record.query_qualities = pysam.qualitystring_to_array("I" * len(bases))
    record.is_unmapped = record.is_read2 = True
    return [record]


def test_the_length_of_a_single_read_is_no_end() -> None:
    fragments = {f"{n}": [read(100, GENE[100 : 150 - n])] for n in range(15)}
    assert copies(fragments) == {"0": 15}


def test_single_reads_of_two_strands_are_two_molecules() -> None:
    assert copies({"a": [read(100, GENE[100:150])], "b": [read(100, GENE[100:150], second=True)]}) == {
        "a": 1,
        "b": 1,
    }


def test_an_indel_beside_a_clipped_beginning_does_not_move_it() -> None:
    # The first 12 bases are clipped, because one base after them is missing.
    bases = GENE[100:112] + GENE[113:151]
    assert copies({"a": pair(100, 300), "b": [read(113, bases, cigar="12S38M"), pair(100, 300)[1]]}) == {
        "a": 2
    }


@pytest.mark.parametrize("mate", ["", "ACGT", "G" * 50, "N" * 50])
def test_a_mate_that_says_nothing_makes_no_molecule(mate: str) -> None:
    fragments = {"a": pair(100, 300), "b": [read(100, GENE[100:150]), unplaced(mate)]}
    assert copies(fragments) == {"a": 2}


def test_a_mate_of_unknown_sequence_is_another_molecule() -> None:
    fragments = {"a": pair(100, 300), "b": [read(100, GENE[100:150]), unplaced(FOREIGN * 2)]}
    assert copies(fragments) == {"a": 1, "b": 1}


def test_a_crowded_place_is_compared_up_to_a_number() -> None:
    source = random.Random(1)
    fragments = {}
    for n in range(300):
        bases = GENE[100:120] + "".join(source.choices("ACGT", k=30))
        fragments[str(n)] = [read(100, bases, cigar="20M30S")]
    found = copies(fragments)
    assert sum(found.values()) == 300
    assert len(found) <= 60
