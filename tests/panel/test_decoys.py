"""A part of the study of copied genes: what the pass over the whole genome prevents and must not cost."""

from pathlib import Path

import pytest

from aspsfusion.report.models import Report
from decoy_study import SCENARIOS, World, fragments, make_world
from stages import report_pairs

FEW = 6
"""Fragments of each gene, so 600 of each copy: the study's proportions, made quick."""


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[float, World]:
    directory = tmp_path_factory.mktemp("decoys")
    return {identity: make_world(identity, directory / str(identity)) for identity in (0.90, 0.95, 0.98)}


def report(world: World, title: str, directory: Path, *, whole: bool = True) -> Report:
    panel = world.with_genome if whole else world.without_genome
    return report_pairs(panel, directory, fragments(world, SCENARIOS[title], title, FEW))


@pytest.mark.parametrize("identity", [0.90, 0.95, 0.98])
def test_a_gene_made_of_both_copies_is_no_fusion(
    worlds: dict[float, World], tmp_path: Path, identity: float
) -> None:
    found = report(worlds[identity], "a gene made of both copies", tmp_path)
    assert found.verdict.call == "INDETERMINATE"
    assert [fusion for fusion in found.fusions if fusion.is_target] == []
    for candidate in found.filtered:
        assert candidate.reasons[0].code == "SEQUENCE_ELSEWHERE"
    if identity > 0.90:  # reads of the most distant copies do not fit the junction at all
        assert "occurs nowhere else in the genome" in found.verdict.statement
        assert "may come from a copy of the gene" in found.verdict.statement


def test_without_the_genome_it_would_be_called(worlds: dict[float, World], tmp_path: Path) -> None:
    found = report(worlds[0.98], "a gene made of both copies", tmp_path, whole=False)
    assert found.verdict.call == "CONFIRMED"
    assert found.reference.whole_genome_specificity is False
    assert any("Reads of such a copy could imitate a junction" in sentence for sentence in found.limits)
    assert any(sentence.startswith("Decoys, which are") for sentence in found.limits)


def test_copies_do_not_stand_in_for_the_coverage_of_the_gene(
    worlds: dict[float, World], tmp_path: Path
) -> None:
    title = "copies of both genes"
    found = report(worlds[0.98], title, tmp_path)
    assert found.reference.whole_genome_specificity is True
    assert not any("copies of its genes" in sentence for sentence in found.limits)
    assert not any("were not sought" in sentence for sentence in found.limits)
    assert found.reference.decoys > 0
    assert [reason.code for reason in found.verdict.reasons] == ["LOW_COVERAGE"]
    assert max(found.exclusion.informative_fragments.values()) < 20
    misled = report(worlds[0.98], title, tmp_path, whole=False)
    assert misled.verdict.call == "EXCLUDED"
    # Some of them show three differences that others share, and are recognised by these.
    assert min(misled.exclusion.informative_fragments.values()) > 90


def test_where_a_copy_ends_no_gene_is_broken(worlds: dict[float, World], tmp_path: Path) -> None:
    found = report(worlds[0.98], "a copy of THREE that ends within", tmp_path)
    assert found.one_sided == []


@pytest.mark.parametrize("identity", [0.95, 0.98])
def test_the_fusion_itself_is_confirmed_beside_its_copies(
    worlds: dict[float, World], tmp_path: Path, identity: float
) -> None:
    found = report(worlds[identity], "fusion, and copies of both genes", tmp_path)
    assert found.verdict.call == "CONFIRMED"
    assert found.fusions[0].fragments >= 15
