"""A verdict in words: its headline, and the three lines that hold each number once."""

import pytest

from aspsfusion.interpret.classify import classify
from aspsfusion.interpret.exclusion import Findings
from aspsfusion.interpret.statement import SHORT_REASONS
from aspsfusion.report.findings import Fusion, OneSided, Reason
from aspsfusion.report.models import Verdict
from interpret.test_classify import ENOUGH, GENES, PARAMETERS, SPEC, fusion

LIMITED = SPEC.model_copy(
    update={"texts": SPEC.texts.model_copy(update={"confirmed_limit": "Others carry it too."})}
)


def verdict_of(
    fusions: list[Fusion],
    *,
    one_sided: tuple[OneSided, ...] = (),
    informative: dict[str, int] = ENOUGH,
    genes: dict[str, int] = GENES,
    tumour: float | None = None,
) -> Verdict:
    findings = Findings("S", fusions, [], one_sided, informative, genes, None, tumour_fraction=tumour)
    return classify(LIMITED, findings, PARAMETERS)[0]


def a_break(gene: str) -> OneSided:
    return OneSided(gene=gene, exon=3, chrom="chr1", pos=9, fragments=4, clipped_consensus="A")


@pytest.mark.parametrize(
    ("verdict", "headline"),
    [
        (verdict_of([fusion("A", "B", 4, 2)]), "CONFIRMED: A::B type 1"),
        (verdict_of([]), "EXCLUDED: no A::B down to 4.7%"),
        (verdict_of([fusion("A", "B", 1, 0)]), "INDETERMINATE: too few fragments to confirm"),
        (verdict_of([fusion("P", "B", 9, 3)]), "INDETERMINATE: another B fusion found, P::B"),
        (verdict_of([fusion("B", "A", 9, 3)]), "INDETERMINATE: only the reciprocal found, B::A"),
        (
            verdict_of([fusion("B", "A", 9, 3), fusion("P", "A", 9, 3)]),
            "INDETERMINATE: only the reciprocal found, B::A",
        ),
        (verdict_of([], one_sided=(a_break("A"),)), "INDETERMINATE: A breaks, partner unknown"),
        (verdict_of([], informative={"B exon 2": 3}), "INDETERMINATE: too few informative fragments"),
        (verdict_of([], genes={"A": 0, "B": 300}), "INDETERMINATE: A not seen"),
    ],
)
def test_the_headline_says_why(verdict: Verdict, headline: str) -> None:
    assert verdict.headline == headline


def test_each_reason_is_short() -> None:
    assert all(3 <= len(words.split()) <= 6 for words in SHORT_REASONS.values() if "{five} not" not in words)


def test_a_confirmed_fusion_in_three_lines() -> None:
    verdict = verdict_of([fusion("A", "B", 4, 2)])
    assert verdict.result == "S A::B type 1, A exon 7 :: B exon 3 6 4 2"  # the panel's own words
    assert verdict.evidence.startswith("6 unique fragments support A::B")
    assert verdict.limit == "Others carry it too."
    assert verdict.statement == f"{verdict.result} {verdict.evidence} {verdict.limit}"


def test_an_exclusion_names_share_and_declared_tumour_cells() -> None:
    verdict = verdict_of([], tumour=0.6)
    assert verdict.evidence == (
        "No fragment supports A::B. Informative wild-type fragments where it would join: "
        "B exon 2: 70, B exon 3: 90."
    )
    assert verdict.limit == (
        "A::B in 4.7% or more of the B transcripts would have been detected with 95% probability. "
        "Declared tumour cells: 60%. A smaller share cannot be excluded."
    )


def test_a_share_is_not_named_where_something_speaks_for_the_fusion() -> None:
    assert verdict_of([fusion("A", "B", 1, 0)]).limit == ""
    assert "An exclusion requires 10% or less." in verdict_of([], genes={"A": 0, "B": 300}).limit
    assert verdict_of([], informative={"B exon 2": 0}).limit.startswith("Even in all transcripts of B")


def test_of_many_reasons_the_first_are_spelled_out() -> None:
    verdict = verdict_of([fusion("P", "B", 9 + more, 3) for more in range(5)])
    assert verdict.evidence.endswith("2 further reasons are listed in the report.")
    assert verdict.evidence.count("Another fusion") == 3


def test_further_reasons_are_evidence() -> None:
    verdict = verdict_of([]).with_reasons(Reason(code="X", text="And this."))
    assert verdict.evidence.endswith("90. And this.")
    assert verdict.statement == f"{verdict.result} {verdict.evidence} {verdict.limit}"
    older = Verdict(call="EXCLUDED", target="A::B", reasons=[], statement="So it is.")
    assert older.with_reasons(Reason(code="X", text="And this.")).statement == "So it is. And this."
