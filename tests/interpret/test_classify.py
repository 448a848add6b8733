"""The verdict: every way to each of the three answers, with the reason that must be given."""

import pytest

from aspsfusion.config import ClassifyParameters
from aspsfusion.interpret.classify import classify
from aspsfusion.interpret.exclusion import Findings
from aspsfusion.panel.panel_yaml import parse_panel_spec
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import FilteredFusion, Fusion, FusionSide, OneSided, Reason, UnexplainedBridge

SPEC = parse_panel_spec(
    """
schema_version: 1
name: test
version: "1"
title: A::B
genome: {build: GRCh38}
target: {five_prime: A, three_prime: B, disease: a disease}
genes:
  - {symbol: A, roles: [target]}
  - {symbol: B, roles: [target]}
  - {symbol: P, roles: [partner]}
  - {symbol: C1, roles: [control]}
  - {symbol: C2, roles: [control]}
  - {symbol: C3, roles: [control]}
texts:
  confirmed: "{sample} {fusion} {types} {fragments} {split_reads} {spanning_pairs}"
  excluded: "{sample} no {fusion}; {informative_fragments}; {detectable_percent} at {confidence_percent}"
  indeterminate: "{sample} {fusion} {fragments}: {reasons}"
""",
    "test.yaml",
)
PARAMETERS = ClassifyParameters()
ENOUGH = {"B exon 2": 70, "B exon 3": 90}
GENES = {"A": 40, "B": 300, "C1": 9, "C2": 9, "C3": 9}


def side(gene: str, exon: int, *, border: bool = True) -> FusionSide:
    return FusionSide(
        gene=gene,
        transcript=f"{gene}.1",
        exon=exon,
        chrom="chr1",
        pos=100,
        strand="+",
        at_exon_boundary=border,
        site=f"{'end of' if border else 'inside'} exon {exon}",
    )


def fusion(
    five: str,
    three: str,
    split: int,
    spanning: int,
    *,
    short: int = 0,
    listed: bool = True,
    border: bool = True,
) -> Fusion:
    return Fusion(
        name=f"{five}::{three}",
        type="type 1" if listed else "",
        old_name="",
        is_target=(five, three) == ("A", "B"),
        reciprocal=(five, three) == ("B", "A"),
        five_prime=side(five, 7, border=border),
        three_prime=side(three, 3, border=border),
        hgvs="",
        in_frame=True,
        split_reads=split,
        spanning_pairs=spanning,
        short_overhangs=short,
        fragments=split + spanning + short,
        split_reads_with_duplicates=split,
        spanning_pairs_with_duplicates=spanning,
        fragments_with_duplicates=split + spanning + short,
        max_anchor_five_prime=30,
        max_anchor_three_prime=30,
        wild_type_five_prime=0,
        wild_type_three_prime=0,
        fraction_three_prime=1.0,
        confidence="high",
        confidence_reasons=[],
        catalogue_id="A-B" if listed else None,
        junction_sequence="A|C",
        retained_domains=[],
        reads=[],
    )


def candidate(five: str, three: str, code: str, fragments: int = 1, *, border: bool = True) -> FilteredFusion:
    return FilteredFusion(
        name=f"{five}::{three}",
        five_prime=side(five, 7, border=border),
        three_prime=side(three, 3),
        split_reads=0,
        spanning_pairs=fragments,
        fragments=fragments,
        reasons=[Reason(code=code, text="Why.")],
    )


def verdict_of(
    fusions: list[Fusion] | None = None,
    filtered: list[FilteredFusion] | None = None,
    one_sided: list[OneSided] | None = None,
    informative: dict[str, int] | None = None,
    genes: dict[str, int] | None = None,
    library: str | None = None,
    spec: PanelSpec = SPEC,
    bridges: list[UnexplainedBridge] | None = None,
) -> tuple[str, list[str], str]:
    findings = Findings(
        "S",
        fusions or [],
        filtered or [],
        one_sided or [],
        ENOUGH if informative is None else informative,
        GENES if genes is None else genes,
        library,
        bridges=bridges or [],
    )
    verdict, _ = classify(spec, findings, PARAMETERS)
    return verdict.call, [reason.code for reason in verdict.reasons], verdict.statement


@pytest.mark.parametrize(
    ("fusions", "call", "codes"),
    [
        ([fusion("A", "B", 2, 1)], "CONFIRMED", ["TARGET_FUSION"]),
        ([fusion("A", "B", 3, 0)], "CONFIRMED", ["TARGET_FUSION"]),
        # two junctions of one fusion speak together
        ([fusion("A", "B", 1, 1), fusion("A", "B", 1, 0, listed=False)], "CONFIRMED", ["TARGET_FUSION"]),
        # so do junctions elsewhere, but only beside one at a known place
        (
            [fusion("A", "B", 2, 0), fusion("A", "B", 3, 0, listed=False, border=False)],
            "CONFIRMED",
            ["TARGET_FUSION"],
        ),
        (
            [fusion("A", "B", 4, 0, listed=False, border=False) for _ in range(3)],
            "INDETERMINATE",
            ["WEAK_EVIDENCE"] * 3,
        ),
        ([fusion("A", "B", 1, 5)], "INDETERMINATE", ["WEAK_EVIDENCE"]),
        ([fusion("A", "B", 2, 0)], "INDETERMINATE", ["WEAK_EVIDENCE"]),
        ([fusion("A", "B", 1, 0)], "INDETERMINATE", ["WEAK_EVIDENCE"]),
        ([fusion("A", "B", 4, 0, listed=False, border=False)], "INDETERMINATE", ["WEAK_EVIDENCE"]),
        ([fusion("A", "B", 5, 0, listed=False, border=False)], "CONFIRMED", ["TARGET_FUSION_UNLISTED"]),
        ([fusion("P", "B", 9, 3)], "INDETERMINATE", ["OTHER_FUSION"]),
        ([fusion("P", "A", 9, 3)], "INDETERMINATE", ["OTHER_FUSION"]),
        ([fusion("B", "A", 9, 3)], "INDETERMINATE", ["RECIPROCAL_ONLY"]),
        (
            [fusion("A", "B", 9, 3), fusion("B", "A", 2, 0)],
            "CONFIRMED",
            ["TARGET_FUSION", "RECIPROCAL_FUSION"],
        ),
        ([fusion("A", "B", 9, 3), fusion("P", "B", 2, 0)], "CONFIRMED", ["TARGET_FUSION"]),
        ([], "EXCLUDED", ["WOULD_HAVE_BEEN_SEEN"]),
    ],
)
def test_fusions_decide(fusions: list[Fusion], call: str, codes: list[str]) -> None:
    assert verdict_of(fusions)[:2] == (call, codes)


def test_short_overhangs_do_not_make_a_verdict() -> None:
    call, codes, statement = verdict_of([fusion("A", "B", 2, 0, short=4)])
    assert (call, codes) == ("INDETERMINATE", ["WEAK_EVIDENCE"])
    assert "2 unique fragments support A::B" in statement
    assert "4 further unique fragments extend across the junction" in statement
    assert verdict_of([fusion("A", "B", 2, 1, short=1)])[0] == "CONFIRMED"
    elsewhere = fusion("A", "B", 4, 0, short=3, listed=False, border=False)
    assert verdict_of([elsewhere])[0] == "INDETERMINATE"


def test_a_confirmed_fusion_needs_no_coverage_of_the_wild_type() -> None:
    assert verdict_of([fusion("A", "B", 3, 0)], informative={"B exon 2": 0}, genes={})[0] == "CONFIRMED"


@pytest.mark.parametrize(
    ("genes", "split", "agreeing_split", "agreeing", "border", "call"),
    [
        # Pairs have no exact place: two of them agree by chance.
        (("A", "B"), 0, 0, 2, True, "EXCLUDED"),
        (("A", "B"), 0, 0, 3, True, "INDETERMINATE"),
        # One read between exon borders is not at a random place.
        (("A", "B"), 1, 1, 1, True, "INDETERMINATE"),
        (("A", "B"), 1, 1, 2, False, "EXCLUDED"),
        (("A", "B"), 1, 1, 3, False, "INDETERMINATE"),
        (("A", "B"), 1, 2, 2, False, "INDETERMINATE"),
        # The reciprocal is another transcript of the same rearrangement.
        (("B", "A"), 1, 2, 2, True, "EXCLUDED"),
        (("B", "A"), 1, 1, 3, False, "INDETERMINATE"),
    ],
)
def test_what_agrees_between_the_target_genes_forbids_an_exclusion(
    genes: tuple[str, str], split: int, agreeing_split: int, agreeing: int, border: bool, call: str
) -> None:
    numbers = {"agreeing_split_reads": agreeing_split, "agreeing_fragments": agreeing}
    found = candidate(*genes, "WHY", 1, border=border).model_copy(update={"split_reads": split, **numbers})
    codes = {"EXCLUDED": "WOULD_HAVE_BEEN_SEEN", "INDETERMINATE": "UNPROVEN_EVIDENCE"}
    assert verdict_of(filtered=[found])[:2] == (call, [codes[call]])

    bridge = UnexplainedBridge(
        number=1,
        name="r1",
        five_prime=side(genes[0], 7, border=border),
        three_prime=side(genes[1], 3, border=border),
        listed=False,
        split_reads=split,
        **numbers,
    )
    codes["INDETERMINATE"] = "UNEXPLAINED_BRIDGE"
    assert verdict_of(bridges=[bridge])[:2] == (call, [codes[call]])


@pytest.mark.parametrize(
    ("update", "call"),
    [
        ({}, "EXCLUDED"),
        # Some chimera is within a few bases of some borders, or has inserted bases between them.
        ({"known_place": True}, "EXCLUDED"),
        ({"known_place": True, "five_prime": side("A", 7), "inserted_sequence": "AC"}, "EXCLUDED"),
        ({"known_place": True, "listed": True}, "INDETERMINATE"),
    ],
)
def test_one_read_near_exon_borders_forbids_an_exclusion_at_a_listed_junction_only(
    update: dict[str, object], call: str
) -> None:
    found = candidate("A", "B", "TOO_FEW_FRAGMENTS", 1, border=False)
    assert verdict_of(filtered=[found.model_copy(update={"split_reads": 1, **update})])[0] == call


@pytest.mark.parametrize(
    ("agreeing", "text"),
    [
        (
            [1],
            "1 unique fragment joins the two genes of A::B, as do chimeras of library preparation; no others",
        ),
        ([1, 1], "2 unique fragments join the two genes of A::B, each at a place of its own, as do chimeras"),
        (
            [2, 2],
            "2 unique fragments join the two genes of A::B, but too few fit one junction to distinguish",
        ),
        # The other one joins the genes in the reciprocal order.
        (
            [2],
            "1 unique fragment joins the two genes of A::B, but too few fit one junction to distinguish it",
        ),
    ],
)
def test_an_exclusion_names_the_fragments_that_join_the_genes(agreeing: list[int], text: str) -> None:
    chimera = candidate("A", "B", "TOO_FEW_FRAGMENTS", 1, border=False)
    chimeras = [chimera.model_copy(update={"agreeing_fragments": number}) for number in agreeing]
    verdict, _ = classify(SPEC, Findings("S", [], chimeras, [], ENOUGH, GENES, None), PARAMETERS)
    assert verdict.reasons[0].text.startswith(text)


@pytest.mark.parametrize(
    ("genes", "split", "code", "call"),
    [
        (("P", "B"), 3, "TEMPLATE_SWITCHING", "INDETERMINATE"),
        (("A", "P"), 3, "TEMPLATE_SWITCHING", "INDETERMINATE"),
        (("P", "B"), 2, "TEMPLATE_SWITCHING", "EXCLUDED"),
        (("P", "B"), 3, "READ_THROUGH", "EXCLUDED"),
        # The fusion keeps the other part of the gene.
        (("B", "P"), 3, "TEMPLATE_SWITCHING", "EXCLUDED"),
    ],
)
def test_agreeing_fragments_that_join_the_kept_part_to_another_gene(
    genes: tuple[str, str], split: int, code: str, call: str
) -> None:
    found = candidate(*genes, code, split, border=False).model_copy(update={"split_reads": split})
    assert verdict_of(filtered=[found])[0] == call


def test_filtered_candidates_of_other_pairs_do_not_touch_the_verdict() -> None:
    assert verdict_of(filtered=[candidate("B", "P", "SEEN_IN_NORMAL_TISSUE")])[0] == "EXCLUDED"


def test_a_one_sided_break_forbids_an_exclusion() -> None:
    place = OneSided(gene="B", exon=3, chrom="chr1", pos=5, fragments=4, clipped_consensus="ACGT")
    assert verdict_of(one_sided=[place])[:2] == ("INDETERMINATE", ["ONE_SIDED_BREAK"])
    beside = place.model_copy(update={"kept_side": False})
    assert verdict_of(one_sided=[beside])[:2] == ("EXCLUDED", ["WOULD_HAVE_BEEN_SEEN", "OTHER_SIDE_BREAK"])
    both = [beside, beside.model_copy(update={"gene": "A"})]
    assert verdict_of(one_sided=both)[:2] == ("INDETERMINATE", ["ONE_SIDED_BREAK"] * 2)


@pytest.mark.parametrize(
    ("informative", "genes", "library", "codes"),
    [
        ({"B exon 2": 31, "B exon 3": 900}, GENES, None, ["LOW_COVERAGE"]),
        ({"B exon 2": 0, "B exon 3": 0}, GENES, None, ["LOW_COVERAGE"]),
        ({}, GENES, None, ["LOW_COVERAGE"]),
        (ENOUGH, {**GENES, "A": 9}, None, ["FIVE_PRIME_GENE_NOT_SEEN"]),
        (ENOUGH, {"A": 40, "B": 300}, "total", ["CONTROL_GENES_NOT_SEEN"]),
        (ENOUGH, {"A": 40, "B": 300, "C1": 9, "C2": 9, "C3": 4}, "polyA", ["CONTROL_GENES_NOT_SEEN"]),
        ({}, {}, "polyA", ["LOW_COVERAGE", "FIVE_PRIME_GENE_NOT_SEEN", "CONTROL_GENES_NOT_SEEN"]),
    ],
)
def test_what_might_have_been_missed_is_never_excluded(
    informative: dict[str, int], genes: dict[str, int], library: str | None, codes: list[str]
) -> None:
    assert verdict_of(informative=informative, genes=genes, library=library)[:2] == ("INDETERMINATE", codes)


@pytest.mark.parametrize("library", [None, "capture"])
def test_enriched_libraries_need_no_control_genes(library: str | None) -> None:
    assert verdict_of(genes={"A": 40, "B": 300}, library=library)[0] == "EXCLUDED"


@pytest.mark.parametrize(("five", "codes"), [(1.9, ["FIVE_PRIME_GENE_DEPLETED"]), (2.1, [])])
def test_a_library_enriched_for_the_other_gene_alone_excludes_nothing(five: float, codes: list[str]) -> None:
    findings = Findings("S", [], [], [], ENOUGH, GENES, "capture", (), {"A": five, "B": 100.0})
    verdict, excluded = classify(SPEC, findings, PARAMETERS)
    assert excluded.adequate
    assert verdict.call == ("INDETERMINATE" if codes else "EXCLUDED")
    assert [reason.code for reason in verdict.reasons] == (codes or ["WOULD_HAVE_BEEN_SEEN"])


def test_a_join_without_a_product_does_not_confirm() -> None:
    joined = fusion("A", "B", 20, 5, listed=False).model_copy(
        update={"no_product": "the junction lies downstream of the stop codon of A"}
    )
    call, codes, statement = verdict_of([joined])
    assert (call, codes) == ("INDETERMINATE", ["NO_FUSION_PRODUCT"])
    assert "downstream of the stop codon of A" in statement
    # beside a junction that makes one it changes nothing
    assert verdict_of([joined, fusion("A", "B", 2, 1)])[0] == "CONFIRMED"


def test_a_break_in_dna_does_not_confirm() -> None:
    dna = Reason(code="NO_SPLICED_READS", text="None of the 60 fragments crosses a border between exons.")
    findings = Findings("S", [fusion("A", "B", 20, 5)], [], [], ENOUGH, GENES, None, incomplete=[dna])
    verdict, _ = classify(SPEC, findings, PARAMETERS)
    assert verdict.call == "INDETERMINATE"
    assert [reason.code for reason in verdict.reasons] == ["UNPROVEN_EVIDENCE", "NO_SPLICED_READS"]
    assert "a break in DNA, not a transcript" in verdict.reasons[0].text


def test_the_declared_tumour_cells_set_the_limit() -> None:
    findings = Findings("S", [], [], [], {"B exon 2": 40}, GENES, None, tumour_fraction=0.1)
    verdict, excluded = classify(SPEC, findings, PARAMETERS)
    assert (verdict.call, excluded.threshold, excluded.needed_fragments) == ("INDETERMINATE", 0.05, 66)
    assert "(half of the 10% tumour cells declared)" in verdict.reasons[0].text
