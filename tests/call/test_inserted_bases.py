"""What a report says of few fragments with inserted bases; `carriers.study` judges more, and variants."""

import random
from dataclasses import replace

from carriers.junctions import LIBRARIES, with_inserted
from carriers.reads import across, join
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


def test_inserted_bases_that_resemble_the_gene_are_not_taken_for_errors(filler_runner: Runner) -> None:
    """As many substitutions would explain the reads, but more than their short anchors may have."""
    rng, genes = random.Random(0), filler_runner.genes
    library = replace(LIBRARIES["2x100"], trimmed=True)
    joined = join(genes["ASPSCR1"], 111, genes["TFE3"], 886, "TAC")
    fragments = across(joined, 8, (17, 17), library, rng, "f")
    report = filler_runner.report([*fragments, *wild_type(genes, library, rng)])
    assert report["verdict"]["call"] == "CONFIRMED"
    (fusion,) = report["fusions"]
    assert (fusion["split_reads"], fusion["inserted_sequence"]) == (8, "TAC")


def test_an_indel_that_inserted_bases_imitate_counts_for_the_frame(filler_runner: Runner) -> None:
    """The 11 inserted bases repeat those of TFE3 before the join but for one, so that one base seems lost."""
    rng, library, genes = random.Random(0), LIBRARIES["2x150"], filler_runner.genes
    joined = join(genes["ASPSCR1"], 296, genes["TFE3"], 1152, "GGGCTTCAGCC")
    fragments = across(joined, 12, (17, 25), library, rng, "f")
    (fusion,) = filler_runner.report([*fragments, *wild_type(genes, library, rng)])["fusions"]
    assert (fusion["in_frame"], fusion["deviation"]) == (True, "TFE3 r.1022del")
