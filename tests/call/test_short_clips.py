"""Clips of a few bases, which agree with each other, show a fusion that no read shows alone."""

import random
from collections.abc import Iterable

import pytest

from carriers.junctions import listed
from carriers.reads import Fragment, Join, Library, join, sequenced
from carriers.sample import Report, Runner
from carriers.wild_type import covered, wild_type

SHORT = Library(read=36, insert=120, errors=0)
PAIRS = Library(read=100, insert=220, errors=0)


def reading(joined: Join, spans: Iterable[tuple[int, int]], library: Library) -> list[Fragment]:
    """Return fragments with so many bases before and after a join."""
    rng = random.Random(0)
    molecules = [joined.bases[joined.left - before : joined.left + after] for before, after in spans]
    return [
        sequenced(bases, library, rng, f"f{number}", reverse=False) for number, bases in enumerate(molecules)
    ]


def beginning(joined: Join, starts: Iterable[int], library: Library) -> list[Fragment]:
    """Return fragments that begin so many bases before a join."""
    return reading(joined, [(before, library.insert - before) for before in starts], library)


def report_of(runner: Runner, fragments: list[Fragment], library: Library) -> Report:
    """Return the report of a sample that would be excluded without these fragments."""
    report = runner.report([*wild_type(runner.genes, library, random.Random(1)), *fragments])
    assert covered(report)
    return report


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("before", [(12, 24, 25), (12, 13, 11), (23, 24, 25)])
def test_a_place_inside_exons_is_found_by_short_pairs(
    runner: Runner, place: int, before: tuple[int, ...]
) -> None:
    five, three = runner.genes["ASPSCR1"], runner.genes["TFE3"]
    joined = join(five, (500, 1152, 1410)[place], three, (1107, 753, 1460)[place])
    report = report_of(runner, beginning(joined, before, SHORT), SHORT)
    assert report["verdict"]["call"] == "INDETERMINATE"
    found = [each for each in report["fusions"] + report["filtered"] if each["name"] == "ASPSCR1::TFE3"]
    assert [each["fragments"] for each in found] == [3]
    assert [reason["code"] for each in report["filtered"] for reason in each["reasons"]] == (
        [] if max(before) >= 18 and min(before) <= 18 else ["SHORT_ANCHORS"]
    )


def test_anchors_of_a_dozen_bases_beside_the_borders(runner: Runner) -> None:
    five, three = runner.genes["ASPSCR1"], runner.genes["TFE3"]
    joined = join(five, five.end_of(7) - 5, three, three.start_of(6) + 4)
    report = report_of(runner, beginning(joined, [12, 13, 87], PAIRS), PAIRS)
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert sum(fusion["fragments"] for fusion in report["fusions"]) == 3


def test_reads_that_go_on_otherwise_are_of_no_such_junction(runner: Runner) -> None:
    five, three = runner.genes["ASPSCR1"], runner.genes["TFE3"]
    alike, other = three.bases[1107:1118], "".join(random.Random(4).choices("ACGT", k=300))
    joined = Join(five.bases[:500] + alike + other, 500, 500)
    report = report_of(runner, beginning(joined, [89, 89, 80, 70, 60, 50], PAIRS), PAIRS)
    assert report["fusions"] == report["filtered"] == []
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert [found["fragments"] for found in report["one_sided"]] == [5]


def test_a_deletion_in_the_repeat_before_a_listed_junction(runner: Runner) -> None:
    """One read each proposes, bridges and touches a place that its repeats share with the listed one."""
    whole = listed(runner.genes, "type 1").joined
    bases = whole.bases[: whole.left - 24] + whole.bases[whole.left - 12 :]
    joined = Join(bases, whole.left - 12, whole.left - 12)
    report = report_of(runner, reading(joined, [(102, 70), (46, 163), (24, 170)], PAIRS), PAIRS)
    assert report["verdict"]["call"] == "INDETERMINATE"


def test_an_insertion_that_looks_like_the_other_gene_confirms_nothing(runner: Runner) -> None:
    five, three = runner.genes["ASPSCR1"], runner.genes["TFE3"]
    bases = three.bases[:1300] + five.bases[600:615] + three.bases[1300:]
    report = report_of(runner, beginning(Join(bases, 1300, 1315), range(2, 90, 2), PAIRS), PAIRS)
    assert report["fusions"] == []
    texts = [reason["text"] for each in report["filtered"] for reason in each["reasons"]]
    assert any(text.startswith("No read shows more than 17 nt of ASPSCR1; a junction") for text in texts)
    assert report["verdict"]["call"] == "INDETERMINATE"
