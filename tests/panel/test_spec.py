"""The panel YAML: what loads, and which sentence a lab gets for one that cannot be meant so."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from aspsfusion.config import ClassifyParameters
from aspsfusion.errors import PanelError
from aspsfusion.interpret.classify import classify
from aspsfusion.interpret.exclusion import Findings
from aspsfusion.panel.panel_yaml import load_panel_spec, parse_panel_spec
from aspsfusion.panel.spec import PLACEHOLDERS
from repository import ROOT, SHIPPED_PANEL
from small_panel import SMALL_PANEL

Change = Callable[[dict[str, Any]], None]


def small_panel(change: Change | None = None) -> str:
    data = copy.deepcopy(SMALL_PANEL)
    if change:
        change(data)
    return yaml.safe_dump(data, sort_keys=False)


def transcript(data: dict[str, Any], gene: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = data["genes"][gene]["transcripts"][0]
    return found


def refusal(text: str) -> str:
    """The message for a YAML text; one line that begins with the file and ends with a remedy."""
    with pytest.raises(PanelError) as caught:
        parse_panel_spec(text, "lab.yaml")
    message = str(caught.value)
    assert message.startswith("lab.yaml")
    assert "\n" not in message
    assert "(and 0 more)" not in message
    assert caught.value.remedy
    return message


def test_shipped_panel_loads() -> None:
    spec = load_panel_spec(SHIPPED_PANEL)
    assert spec.target.fusion == "ASPSCR1::TFE3"
    assert spec.genes_with_role("target") == ["ASPSCR1", "TFE3"]
    primary = spec.gene("TFE3").primary
    assert primary is not None
    assert (primary.id, len(primary.exons)) == ("NM_006521.6", 10)
    types = {junction.type: junction for junction in spec.junctions if junction.fusion == spec.target.fusion}
    exons = {name: junction.three_prime.exon for name, junction in types.items()}
    assert exons == {"type 1": 6, "type 2": 5, "": 4}
    assert {junction.five_prime.exon for junction in types.values()} == {7}


def test_panel_of_gene_names_loads() -> None:
    spec = load_panel_spec(ROOT / "tests" / "panels" / "bcr_abl1.yaml")
    assert spec.target.fusion == "BCR::ABL1"
    assert [gene.transcripts for gene in spec.genes] == [[], [], [], []]
    assert spec.gene("BCR").primary is None


def test_small_panel_of_these_tests_loads() -> None:
    spec = parse_panel_spec(small_panel(), "lab.yaml")
    assert spec.gene("THREE").transcripts[0].exons[0] == (401, 480)
    with pytest.raises(KeyError):
        spec.gene("FOUR")


def test_primary_transcript_is_the_marked_one() -> None:
    def two_transcripts(data: dict[str, Any]) -> None:
        other = {**transcript(data), "id": "T5.2", "primary": False}
        data["genes"][0]["transcripts"].insert(0, other)

    primary = parse_panel_spec(small_panel(two_transcripts), "lab.yaml").gene("FIVE").primary
    assert primary is not None
    assert primary.id == "T5.1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no panel"),
        ("- just\n- a list\n", "holds no panel"),
        ("just words", "holds no panel"),
        ("name: [small\n", "line 2: not valid YAML"),
        ("name: small\n\tversion: 1\n", r"line 2: not valid YAML: .*'\\t'"),
        ("name: small\nversion: '1'\nname: large\n", "line 3: not valid YAML: key 'name' is given twice"),
        ("genome:\n  build: a\n  build: b\n", "line 3: not valid YAML: key 'build' is given twice"),
        ("? [name, title]\n: small\n", "line 1: not valid YAML: a list or mapping where a key is expected"),
        ("texts:\n  confirmed: {{fusion}}\n", "line 2: not valid YAML: a list or mapping where a key"),
        ("name: !!python/object:os.system {}\n", "line 1: not valid YAML: could not determine a constructor"),
        ("version: 2024-02-31\n", "not valid YAML: day is out of range"),
        ("a: &a [*a]\n", "line 1: not valid YAML: found unconstructable recursive node"),
        ("[" * 1000, "not valid YAML"),
        ("name: \x00\x01\n", "not valid YAML: .*special characters are not allowed"),
        ("name: one\n---\nname: two\n", "line 2: not valid YAML: but found another document"),
    ],
)
def test_text_that_is_no_panel(text: str, message: str) -> None:
    assert re.search(message, refusal(text))


def set_exons(*exons: list[int]) -> Change:
    return lambda data: transcript(data).update(exons=list(exons))


def set_cds(*cds: int) -> Change:
    return lambda data: transcript(data).update(cds=list(cds))


def set_transcript(**values: object) -> Change:
    return lambda data: transcript(data).update(values)


def set_side(side: str, **values: object) -> Change:
    return lambda data: data["junctions"][0][side].update(values)


def set_domain(**values: object) -> Change:
    return lambda data: data["domains"][0].update(values)


def set_target(**values: str) -> Change:
    return lambda data: data["target"].update(values)


def again(section: str, **values: object) -> Change:
    return lambda data: data[section].append({**copy.deepcopy(data[section][0]), **values})


def second_transcript(**values: object) -> Change:
    return lambda data: data["genes"][0]["transcripts"].append({**transcript(data), **values})


def without_primary(data: dict[str, Any]) -> None:
    del transcript(data)["primary"]


def without_cds_at_junction(data: dict[str, Any]) -> None:
    del transcript(data)["cds"]
    data["junctions"][0]["five_prime"]["coding_position"] = 100


def without_target_role(data: dict[str, Any]) -> None:
    data["genes"][1]["roles"] = ["partner"]


def junction_of_bystanders(data: dict[str, Any]) -> None:
    data["genes"].append(
        {**copy.deepcopy(data["genes"][2]), "symbol": "PASSERBY", "transcripts": [], "roles": ["partner"]}
    )
    again(
        "junctions",
        id="other",
        five_prime={"gene": "BYSTANDER", "exon": 1},
        three_prime={"gene": "PASSERBY", "exon": 1},
    )(data)


def misspelt_key(data: dict[str, Any]) -> None:
    data["junctoins"] = data.pop("junctions")


def no_texts(data: dict[str, Any]) -> None:
    del data["texts"]


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        # keys
        (misspelt_key, "key junctoins: ", "Extra inputs are not permitted"),
        (set_transcript(exon_count=3), "key genes.0.transcripts.0.exon_count: ", "Extra inputs"),
        (no_texts, "key texts: ", "Field required"),
        (lambda d: d.update(version=1.0), "key version: ", "valid string"),
        (lambda d: d.update(schema_version=2), "key schema_version: ", "Input should be 1"),
        (lambda d: d.update(name="two words"), "key name: ", "match pattern"),
        # exons
        (set_exons([101, 160], [150, 320]), "key genes.0.transcripts.0: ", "exons of T5.1 overlap"),
        (set_exons([261, 320], [101, 160]), "key genes.0.transcripts.0: ", "out of order near position 101"),
        (
            lambda d: transcript(d, 1).update(exons=[[401, 480], [381, 420], [101, 160]]),
            "key genes.1.transcripts.0: ",
            "exons of T3.1 overlap or are out of order near position 401",
        ),
        (set_exons([160, 101]), "key genes.0.transcripts.0: ", "exon 160-101 of T5.1 does not run from"),
        (set_exons([0, 60]), "key genes.0.transcripts.0: ", "exon 0-60 of T5.1"),
        (set_exons([101, 160, 200]), "key genes.0.transcripts.0.exons.0: ", "Tuple"),
        (set_exons(), "key genes.0.transcripts.0.exons: ", "at least 1 item"),
        # reading frame
        (set_cds(11, 202), "key genes.0.transcripts.0: ", "cds 11-202 of T5.1 lies outside its 200 nt"),
        (set_cds(0, 189), "key genes.0.transcripts.0: ", "cds 0-189 of T5.1 lies outside"),
        (set_cds(190, 11), "key genes.0.transcripts.0: ", "cds 190-11 of T5.1 lies outside"),
        (set_cds(11, 191), "key genes.0.transcripts.0: ", "cds 11-191 of T5.1 is not a multiple of 3"),
        # places
        (set_transcript(chrom="2"), "key genes.0.transcripts.0.chrom: ", "pattern '\\^chr"),
        (set_transcript(strand="plus"), "key genes.0.transcripts.0.strand: ", "'\\+' or '-'"),
        (
            lambda d: d["genome"].update(chromosomes={"chr2": {"length": 499}}),
            "lab.yaml: ",
            "T5.1 reaches chr2:500, the chromosome has 499 nt",
        ),
        (
            lambda d: d["genome"].update(chromosomes={"X": {"length": 499}}),
            "key genome.chromosomes.X",
            "match pattern",
        ),
        # genes and transcripts
        (again("genes", transcripts=[]), "lab.yaml: ", "gene FIVE is given twice"),
        (second_transcript(), "key genes.0: ", "gene FIVE needs exactly one transcript with primary: true"),
        (without_primary, "key genes.0: ", "gene FIVE needs exactly one transcript with primary: true"),
        (second_transcript(primary=False), "lab.yaml: ", "transcript T5.1 is given twice"),
        (
            lambda d: d["genes"][0].update(primary_transcript="T6.1"),
            "key genes.0: ",
            "names primary_transcript T6.1, but T5.1 is primary",
        ),
        (lambda d: d["genes"][0].update(roles=["driver"]), "key genes.0.roles.0: ", "'target', 'partner'"),
        (lambda d: d["genes"][0].update(roles=[]), "key genes.0.roles: ", "at least 1 item"),
        (lambda d: d["genes"][0].update(symbol="FIVE|5"), "key genes.0.symbol: ", "match pattern"),
        # target
        (set_target(five_prime="FOUR"), "lab.yaml: ", "target names gene FOUR, which is not under genes"),
        (set_target(three_prime="FIVE"), "lab.yaml: ", "target joins FIVE to itself"),
        (without_target_role, "lab.yaml: ", "gene THREE is part of the target fusion but lacks the role"),
        # junctions
        (again("junctions"), "lab.yaml: ", "junction id main is given twice"),
        (set_side("five_prime", gene="FOUR"), "lab.yaml: ", "junctions names gene FOUR"),
        (set_side("five_prime", gene="THREE"), "lab.yaml: ", "junction main joins THREE to itself"),
        (junction_of_bystanders, "lab.yaml: ", "junction other joins BYSTANDER and PASSERBY, neither of"),
        (set_side("five_prime", exon=4), "lab.yaml: ", "main names exon 4 of T5.1, which has 3 exons"),
        (set_side("five_prime", exon=0), "key junctions.0.five_prime.exon: ", "greater than 0"),
        # exon 2 of FIVE holds c.51 to c.110
        (
            set_side("five_prime", coding_position=50),
            "lab.yaml: ",
            r"main names c.50 of T5.1, which does not lie in exon 2 \(FIVE\)",
        ),
        (set_side("five_prime", coding_position=111), "lab.yaml: ", "c.111 of T5.1, which does not lie"),
        (set_side("five_prime", exon=3, coding_position=181), "lab.yaml: ", "c.181 of T5.1, which does not"),
        (without_cds_at_junction, "lab.yaml: ", "main names c.100 of T5.1, which has no cds"),
        (lambda d: d["junctions"][0].update(sequence="ACGT"), "key junctions.0.sequence: ", "match pattern"),
        # artefacts
        (
            lambda d: d.update(
                artefacts=[
                    {"five_prime": "FIVE", "three_prime": "THREE", "normal_samples": 1, "tumour_samples": 0}
                ]
            ),
            "lab.yaml: ",
            "artefacts name the target fusion FIVE::THREE",
        ),
        # domains
        (set_domain(gene="FOUR"), "lab.yaml: ", "domains names gene FOUR"),
        (set_domain(first_residue=50), "key domains.0: ", "domain D of THREE runs from 50 to 49"),
        (set_domain(last_residue=50), "lab.yaml: ", "reaches residue 50 of THREE, whose protein has 49"),
        # sentences
        (
            lambda d: d["texts"].update(confirmed="{fusoin} was found"),
            "key texts.confirmed: ",
            r"names \{fusoin\}, which is none of fusion, disease",
        ),
        (lambda d: d["texts"].update(excluded="not {} found"), "key texts.excluded: ", r"names \{\}"),
        (lambda d: d["texts"].update(excluded="{types:d}"), "key texts.excluded: ", r"names \{types:d\}"),
        (
            lambda d: d["texts"].update(excluded="{fusion.name}"),
            "key texts.excluded: ",
            r"names \{fusion.name\}",
        ),
        (lambda d: d["texts"].update(excluded="{fusion!r}"), "key texts.excluded: ", r"names \{fusion!r\}"),
        (lambda d: d["texts"].update(indeterminate="95 %}"), "key texts.indeterminate: ", "stray brace"),
        (lambda d: d["texts"].update(confirmed="{fusion"), "key texts.confirmed: ", "stray brace"),
        (
            lambda d: d["texts"].update(limits=["{fusion} only"]),
            "key texts.limits: ",
            "has braces, but nothing is filled in here: {fusion} only",
        ),
        (lambda d: d["texts"].update(interpretation=["}"]), "key texts.interpretation: ", "has braces"),
    ],
)
def test_panel_that_cannot_be_meant_so(change: Change, place: str, message: str) -> None:
    text = refusal(small_panel(change))
    assert place in text
    assert re.search(message, text)


def test_first_of_several_problems_is_named_and_the_rest_counted() -> None:
    def two_faults(data: dict[str, Any]) -> None:
        del data["texts"]
        data["colour"] = "red"

    assert "key texts: Field required (and 1 more); correct" in refusal(small_panel(two_faults))


def two_genes_without_frames(data: dict[str, Any]) -> None:
    del data["genes"][2]
    del transcript(data, 1)["cds"]


@pytest.mark.parametrize(
    "change",
    [
        # exon 1 holds c.1 to c.50, exon 2 c.51 to c.110, exon 3 c.111 to c.180 and the 3' UTR
        set_side("five_prime", exon=1, coding_position=1),
        set_side("five_prime", coding_position=51),
        set_side("five_prime", coding_position=110),
        set_side("five_prime", exon=3, coding_position=180),
        set_domain(first_residue=1, last_residue=1),
        set_exons([1, 60], [61, 61], [63, 201]),
        set_cds(1, 198),
        set_cds(3, 200),
        two_genes_without_frames,
        lambda d: d["genome"].update(chromosomes={"chr2": {"length": 1830}, "chrX": {}}),
        again("genes", symbol="FOUR", transcripts=[], primary_transcript="T5.9"),
        lambda d: d["genes"][0].update(primary_transcript="T5"),
        lambda d: d.update(
            artefacts=[
                {"five_prime": "THREE", "three_prime": "FIVE", "normal_samples": 0, "tumour_samples": 0}
            ]
        ),
    ],
)
def test_what_lies_just_within_the_limits_is_accepted(change: Change) -> None:
    parse_panel_spec(small_panel(change), "lab.yaml")


def test_escaped_braces_are_no_placeholders() -> None:
    text = small_panel(lambda d: d["texts"].update(confirmed="{{{fusion}}}"))
    assert parse_panel_spec(text, "lab.yaml").texts.confirmed == "{{{fusion}}}"


def test_every_placeholder_is_filled_in_by_the_verdict() -> None:
    sentence = "; ".join(f"{name}={{{name}}}" for name in PLACEHOLDERS)
    change: Change = lambda d: d["texts"].update(indeterminate=sentence)  # noqa: E731
    spec = parse_panel_spec(small_panel(change), "lab.yaml")
    findings = Findings("s1", [], [], [], {"THREE exon 2": 59}, {}, None)
    verdict, _ = classify(spec, findings, ClassifyParameters())
    assert verdict.call == "INDETERMINATE"
    assert verdict.statement.startswith("fusion=FIVE::THREE; disease=none; sample=s1; types=; fragments=0;")
    assert "{" not in verdict.statement


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            None,
            r"missing\.yaml: cannot be read \(No such file or directory\); give the path of a panel YAML",
        ),
        (b"\x1f\x8b\x08\x00\xff\xfe", r"missing\.yaml: cannot be read \(not a text file\)"),
        ("title: Ewing-Sarkom, für Münster\n".encode("latin-1"), r"cannot be read \(not a text file\)"),
        (b"", "missing.yaml: holds no panel"),
    ],
)
def test_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "missing.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PanelError, match=reason):
        load_panel_spec(path)


def test_directory_is_no_panel(tmp_path: Path) -> None:
    with pytest.raises(PanelError, match="Is a directory"):
        load_panel_spec(tmp_path)


def test_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + small_panel().replace("\n", "\r\n").encode("utf-8"))
    assert load_panel_spec(path) == parse_panel_spec(small_panel(), "lab.yaml")


def test_a_target_junction_at_the_first_base_of_a_gene_is_refused() -> None:
    message = refusal(small_panel(set_side("three_prime", exon=1)))
    assert "joins the start of exon 1 of THREE" in message
    assert "could never be excluded" in message


@pytest.mark.parametrize("verdict", ["confirmed", "excluded", "indeterminate"])
def test_a_verdict_without_a_sentence_is_refused(verdict: str) -> None:
    message = refusal(small_panel(lambda data: data["texts"].update({verdict: "  "})))
    assert f"texts.{verdict}" in message
    assert "needs a sentence" in message
