"""What a report says of few fragments with inserted bases; `carriers.study` judges more, and variants."""

import random

from carriers.junctions import LIBRARIES, with_inserted
from carriers.reads import across
from carriers.sample import Report, Runner, target_of
from carriers.wild_type import wild_type


def report_of(runner: Runner, kind: str, length: int, count: int, seed: int) -> tuple[Report, str]:
    """Return the report of so many fragments of a junction among wild type, and its inserted bases."""
    rng, library = random.Random(seed), LIBRARIES["2x100"]
    truth = with_inserted(runner.genes, kind, length, rng)
    fragments = across(truth.joined, count, (16, 20), library, rng, "f")
    return runner.report([*fragments, *wild_type(runner.genes, library, rng)]), truth.inserted


def test_inserted_bases_are_described(runner: Runner) -> None:
    report, inserted = report_of(runner, "type 1", 8, 12, seed=5)
    (fusion,) = report["fusions"]
    assert fusion["inserted_sequence"] == inserted
    assert fusion["deviation"] == f"8 nt inserted ({inserted})"
    assert (fusion["split_reads"], fusion["five_prime"]["exon"], fusion["three_prime"]["exon"]) == (12, 7, 6)


def test_two_fragments_are_not_excluded_and_say_what_is_inserted(runner: Runner) -> None:
    report, inserted = report_of(runner, "type 1", 20, 2, seed=8)
    assert report["verdict"]["call"] == "INDETERMINATE"
    fusion = target_of(report)
    assert fusion is not None
    assert fusion["inserted_sequence"] == inserted
    assert inserted in report["verdict"]["statement"]


def test_one_fragment_forbids_an_exclusion(runner: Runner) -> None:
    report, inserted = report_of(runner, "type 2", 15, 1, seed=2)
    assert report["exclusion"]["adequate"]
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert report["filtered"][0]["inserted_sequence"] == inserted
