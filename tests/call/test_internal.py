"""Deletions and duplications within a target gene, by reads of a simulator of its own."""

import random

import pytest

from aspsfusion.report.html import render_html
from aspsfusion.report.models import Report as ReportModel
from carriers.junctions import LIBRARIES
from carriers.reads import across, join
from carriers.sample import Report, Runner
from carriers.wild_type import wild_type


def report_of(runner: Runner, gene: str, last: int, first: int, count: int) -> Report:
    """Sequence wild type, and fragments that leave a gene at an exon's end and go on at another's start."""
    rng, library, own = random.Random(last), LIBRARIES["2x100"], runner.genes[gene]
    joined = join(own, own.end_of(last), own, own.start_of(first))
    fragments = across(joined, count, (25, 40), library, rng, "i")
    return runner.report([*fragments, *wild_type(runner.genes, library, rng)])


@pytest.mark.parametrize(
    ("gene", "last", "first", "kind"), [("ASPSCR1", 3, 9, "deletion"), ("TFE3", 6, 4, "duplication")]
)
def test_three_fragments_that_agree_are_reported_and_touch_no_verdict(
    runner: Runner, gene: str, last: int, first: int, kind: str
) -> None:
    report = report_of(runner, gene, last, first, 3)
    (event,) = report["internal_events"]
    assert (event["gene"], event["kind"], event["fragments"]) == (gene, kind, 3)
    assert (event["five_prime"]["exon"], event["three_prime"]["exon"]) == (last, first)
    assert event["five_prime"]["at_exon_boundary"]
    assert event["three_prime"]["at_exon_boundary"]
    own = runner.genes[gene]
    assert event["length"] == abs(own.start_of(first) - own.end_of(last))
    assert report["verdict"]["call"] == "EXCLUDED"
    assert f"end of exon {last}" in render_html(ReportModel.model_validate(report))


@pytest.mark.parametrize(("last", "first", "count"), [(3, 9, 2), (3, 5, 6)])
def test_few_fragments_and_a_skipped_exon_are_no_event(
    runner: Runner, last: int, first: int, count: int
) -> None:
    report = report_of(runner, "ASPSCR1", last, first, count)
    assert report["internal_events"] == []
    assert report["verdict"]["call"] == "EXCLUDED"
