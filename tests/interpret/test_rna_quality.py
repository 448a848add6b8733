"""What kind of RNA a library was made of: spliced, stranded, whole. A part of tests/rna_quality_study.py."""

from pathlib import Path

import numpy as np
import pytest

from aspsfusion.config import ClassifyParameters
from aspsfusion.evidence.coverage import Coverage
from aspsfusion.evidence.fragments import Placement
from aspsfusion.evidence.strand import Direction
from aspsfusion.interpret.rna_quality import (
    MIN_GENE_FRAGMENTS,
    Borders,
    exon_borders_crossed,
    five_to_three_ratio,
    score_interval,
    strand_unclear,
)
from aspsfusion.panel.panel import Panel
from aspsfusion.report.models import QualityControl, Report
from aspsfusion.simulate.fragments import draw_along
from aspsfusion.simulate.records import SimulationParameters
from rna_quality_study import Make, report_of


def flags(qc: QualityControl) -> set[str]:
    return {flag.code for flag in qc.flags}


@pytest.fixture(scope="module")
def reports(demo_panel_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    directory = tmp_path_factory.mktemp("libraries")
    makes = {
        "clean": Make(stranded=True),
        "mostly DNA": Make(dna=0.6, stranded=True, depth=40),
        "DNA": Make(dna=1.0, depth=20),
        "degraded": Make(decay=500),
    }
    return {
        name: report_of(demo_panel_directory, directory / name, make, seed=1) for name, make in makes.items()
    }


def test_clean_rna_is_spliced_stranded_and_even(reports: dict[str, Report]) -> None:
    qc = reports["clean"].qc
    assert qc.unspliced_fraction == 0.0
    assert qc.five_to_three_ratio == pytest.approx(1.0, abs=0.25)
    assert qc.strand == "forward"
    assert not flags(qc)
    assert {check.status for check in qc.checks} == {"pass"}


def test_dna_is_seen_by_introns_and_by_the_strand(reports: dict[str, Report]) -> None:
    qc = reports["mostly DNA"].qc
    assert qc.unspliced_fraction == pytest.approx(0.6, abs=0.1)
    assert flags(qc) == {"UNSPLICED_FRAGMENTS", "STRAND_UNCLEAR"}


def test_dna_alone_is_all_unspliced_and_never_excluded(reports: dict[str, Report]) -> None:
    report = reports["DNA"]
    assert report.qc.unspliced_fraction == 1.0
    assert {"UNSPLICED_FRAGMENTS", "NO_SPLICED_READS"} <= flags(report.qc)
    assert report.verdict.call == "INDETERMINATE"


@pytest.mark.parametrize(("start", "end", "spliced"), [(92, 108, 1), (93, 150, 0), (50, 107, 0)])
def test_a_few_bases_beyond_a_border_are_no_splice(start: int, end: int, spliced: int) -> None:
    direction, placement = Direction(), Placement("T", False, start, end, 0, 60, 0)
    direction.add(placement, [placement], [100])
    assert direction.spliced == spliced


def test_degraded_rna_is_read_towards_the_tail(reports: dict[str, Report]) -> None:
    qc = reports["degraded"].qc
    assert qc.five_to_three_ratio is not None
    assert qc.five_to_three_ratio < 0.4
    assert flags(qc) == {"THREE_PRIME_BIAS"}


def test_a_warning_does_not_touch_the_verdict(
    reports: dict[str, Report], demo_panel_directory: Path, tmp_path: Path
) -> None:
    limitless = ClassifyParameters(min_five_to_three_ratio=0.0)
    report = report_of(demo_panel_directory, tmp_path, Make(decay=500), 1, limitless)
    assert not flags(report.qc)
    assert report.verdict == reports["degraded"].verdict


def crossing(contig: str, border: int) -> list[Placement]:
    return [Placement(contig, False, border - 30, border + 30, 0, 60, 0)]


def test_borders_are_counted_per_intron_whatever_its_length(demo_panel: Panel) -> None:
    gene = "TFE3"
    transcript, whole = demo_panel.primary[gene], demo_panel.unspliced[gene]
    coverage = Coverage(10)
    for exon in transcript.exons[1:]:
        coverage.add(gene, crossing(transcript.key, exon.tx_start), {})
        for base, behind in ((exon.tx_start - 1, 1), (exon.tx_start, 0)):
            place = whole.from_genome(transcript.to_genome(base)) + behind
            coverage.add(gene, crossing(whole.key, place), {})
    introns = len(transcript.exons) - 1
    assert exon_borders_crossed(demo_panel, coverage) == Borders(introns, introns)


def test_few_fragments_tell_no_share() -> None:
    assert Borders(40.0, 9.5).unspliced_share is None
    assert Borders(40.0, 10.0).unspliced_share == 0.2


@pytest.mark.parametrize(("genes", "known"), [(2, False), (3, True)])
def test_evenness_needs_several_genes(demo_panel: Panel, genes: int, known: bool) -> None:
    coverage = Coverage(10)
    for gene in demo_panel.spec.genes_with_role("control")[:genes]:
        transcript = demo_panel.primary[gene]
        for number in range(MIN_GENE_FRAGMENTS):
            start = 0 if number % 4 else len(transcript.sequence) - 60  # three quarters in the 5' half
            coverage.add(gene, [Placement(transcript.key, False, start, start + 60, 0, 60, 0)], {})
    ratio, counted = five_to_three_ratio(demo_panel, coverage)
    assert counted == genes
    assert (ratio is not None) == known
    if ratio is not None:
        assert ratio == pytest.approx(15.5 / 5.5)


@pytest.mark.parametrize(
    ("sense", "antisense", "unclear"),
    [
        (24, 25, None),  # too few
        (98, 2, False),
        (2, 98, False),
        (500, 500, False),
        (30, 20, False),  # 60%, but chance explains it
        (600, 400, True),
        (300, 700, True),
        (790, 210, False),  # 79%, but chance explains it
        (7900, 2100, True),
    ],
)
def test_what_is_neither_stranded_nor_unstranded(sense: int, antisense: int, unclear: bool | None) -> None:
    assert strand_unclear(Direction(sense=sense, antisense=antisense)) is unclear


def test_the_interval_of_a_share_has_published_values() -> None:
    # Newcombe 1998, Stat Med 17:857, table I, method 3
    assert [round(limit, 4) for limit in score_interval(81, 263)] == [0.2553, 0.3662]
    assert [round(limit, 4) for limit in score_interval(15, 148)] == [0.0624, 0.1605]
    assert [round(limit, 4) for limit in score_interval(0, 20)] == [0.0, 0.1611]
    assert [round(limit, 4) for limit in score_interval(1, 29)] == [0.0061, 0.1718]


def test_simulated_decay_is_exponential_from_the_three_prime_end() -> None:
    library = SimulationParameters(insert_mean=200, insert_sd=0, three_prime_decay=400)
    drawn = draw_along(20_000, 3_000, library, np.random.default_rng(1))
    distance = 3_000 - drawn.start - drawn.length
    assert drawn.start.min() >= 0
    assert distance.min() == 0
    assert distance.mean() == pytest.approx(400, rel=0.05)
    assert np.mean(distance > 400) == pytest.approx(np.exp(-1), abs=0.02)
