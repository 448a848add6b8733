"""The second tier: other defining fusions and the genes behind stains, as context beside the verdict."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from aspsfusion.call.calls_file import CalledJunction
from aspsfusion.interpret.differential import differential_of, with_differential
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.models import Differential, DifferentialFusion, Report, Verdict
from report_factory import called_junction
from small_panel import SMALL_PANEL
from stages import Pair, fusion_molecule, report_pairs

INSERT, READ = 200, 75


def tiled(name: str, molecule: str, first: int, last: int, step: int) -> list[Pair]:
    """Fragments that begin at every `step`-th base of a stretch."""
    starts = range(max(0, first), min(last, len(molecule) - INSERT), step)
    return [Pair(f"{name}_{start}", molecule[start : start + INSERT], READ) for start in starts]


def wild_type(panel: Panel) -> list[Pair]:
    """Fragments of both target genes, enough for an exclusion."""
    target = panel.spec.target
    return [
        pair
        for gene, step in ((target.five_prime, 40), (target.three_prime, 1))
        for pair in tiled(gene, panel.primary[gene].sequence, 0, 1300, step)
    ]


def junction_fragments(panel: Panel, five: tuple[str, int], three: tuple[str, int]) -> list[Pair]:
    molecule, end = fusion_molecule(panel.directory, five, three)
    return tiled("::".join((five[0], three[0])), molecule, end - 180, end - 20, 10)


def called(five: str, three: str, rejections: tuple[str, ...]) -> CalledJunction:
    """A junction of exon borders with three fragments, two of them crossing."""
    return called_junction((five, 1), (three, 2), split_reads=2, spanning_pairs=1, rejections=rejections)


def found(report: Report, name: str) -> DifferentialFusion:
    return next(fusion for fusion in report.differential.fusions if fusion.name == name)


@pytest.mark.parametrize(
    ("five", "three"),
    [
        (("EWSR1", 7), ("ATF1", 5)),
        (("PAX3", 7), ("FOXO1", 2)),
        (("SS18", 10), ("SSX2", 6)),
        (("UBTF", 5), ("MAML3", 2)),
    ],
)
def test_a_defining_fusion_beside_an_exclusion(
    demo_panel: Panel, tmp_path: Path, five: tuple[str, int], three: tuple[str, int]
) -> None:
    reads = wild_type(demo_panel) + junction_fragments(demo_panel, five, three)
    report = report_pairs(demo_panel.directory, tmp_path, reads)
    fusion = found(report, f"{five[0]}::{three[0]}")
    assert fusion.found
    assert fusion.fragments >= 12
    assert [other.name for other in report.differential.fusions if other.found] == [fusion.name]
    assert report.fusions == []
    assert report.verdict.call == "EXCLUDED"
    reason = report.verdict.reasons[-1]
    assert reason.code == "OTHER_DEFINING_FUSION"
    assert f"{fusion.name} ({fusion.entity}; {fusion.fragments} unique fragments" in reason.text
    assert "the strongest evidence against" in report.verdict.statement


def test_without_one_nothing_is_added(demo_panel: Panel, tmp_path: Path) -> None:
    report = report_pairs(demo_panel.directory, tmp_path, wild_type(demo_panel))
    assert not any(fusion.found for fusion in report.differential.fusions)
    assert [reason.code for reason in report.verdict.reasons] == ["WOULD_HAVE_BEEN_SEEN"]
    assert {fusion.five_prime_fragments for fusion in report.differential.fusions} == {0}


def test_stains_are_given_with_their_genes(demo_panel: Panel, tmp_path: Path) -> None:
    gene = "MYOG"
    reads = tiled(gene, demo_panel.primary[gene].sequence, 0, 1000, 50)
    report = report_pairs(demo_panel.directory, tmp_path, reads)
    markers = {marker.gene: marker for marker in report.differential.markers}
    assert (markers[gene].stain, markers[gene].fragments) == ("myogenin", len(reads))
    assert markers[gene].tpm_like == 1_000_000
    assert {marker.fragments for name, marker in markers.items() if name != gene} == {0}
    assert len(markers) == sum(bool(g.stain) for g in demo_panel.spec.genes)


@pytest.mark.parametrize(
    ("rejections", "three", "is_found"),
    [
        (("NO_TARGET_GENE",), "SSX1", True),
        (("NO_TARGET_GENE", "TOO_FEW_FRAGMENTS"), "SSX1", False),
        (("NO_TARGET_GENE", "NO_SPLIT_READ"), "SSX1", False),
        (("SEQUENCE_ELSEWHERE", "NO_TARGET_GENE"), "SSX1", False),
        (("SEQUENCE_ELSEWHERE", "NO_TARGET_GENE"), "SSX2", True),
    ],
)
def test_what_counts_as_found(
    demo_panel: Panel, rejections: tuple[str, ...], three: str, is_found: bool
) -> None:
    junction = called("SS18", three, rejections)
    fusions = differential_of(demo_panel, [junction], {"SS18": 7}, []).fusions
    (fusion,) = [fusion for fusion in fusions if fusion.name == f"SS18::{three}"]
    assert fusion.found == is_found
    assert (fusion.fragments > 0) == is_found
    assert fusion.five_prime_fragments == 7
    assert fusion.pooled == (["SSX2B"] if three == "SSX2" else [])


def test_the_other_order_of_the_genes_is_another_fusion(demo_panel: Panel) -> None:
    junction = called("SSX1", "SS18", ("NO_TARGET_GENE",))
    assert not any(fusion.found for fusion in differential_of(demo_panel, [junction], {}, []).fusions)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("CONFIRMED", "a mix-up or a contamination"),
        ("EXCLUDED", "strongest evidence against the disease"),
        ("INDETERMINATE", "it does not exclude A::B"),
    ],
)
def test_the_meaning_depends_on_the_verdict_and_the_call_stays(call: str, words: str) -> None:
    verdict = Verdict.model_validate(
        {"call": call, "target": "A::B", "reasons": [], "statement": "So it is."}
    )
    fusion = DifferentialFusion(
        name="C::D",
        entity="a tumour",
        note="",
        source="x",
        pooled=[],
        found=True,
        fragments=1,
        split_reads=1,
        five_prime_fragments=0,
        three_prime_fragments=0,
    )
    changed = with_differential(verdict, Differential(fusions=[fusion]), "the disease")
    assert changed.call == call
    assert words in changed.reasons[0].text
    assert changed.statement.startswith(
        "So it is. Another defining fusion was found: C::D (a tumour; 1 unique"
    )
    absent = Differential(fusions=[fusion.model_copy(update={"found": False})])
    assert with_differential(verdict, absent, "the disease") == verdict


@pytest.mark.parametrize(
    ("five", "three", "message"),
    [
        ("FIVE", "NOWHERE", "differential names gene NOWHERE, which is not under genes"),
        ("THREE", "FIVE", "the target fusion or its reciprocal"),
        ("BYSTANDER", "BYSTANDER", "to itself"),
    ],
)
def test_a_differential_that_can_not_be(five: str, three: str, message: str) -> None:
    entry = {"five_prime": five, "three_prime": three, "entity": "tumour", "source": "test"}
    with pytest.raises(ValidationError, match=message):
        PanelSpec.model_validate(SMALL_PANEL | {"differential": [entry]})
