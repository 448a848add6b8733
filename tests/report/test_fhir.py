"""The FHIR bundle: valid in R4B, with the verdict, the genes, the limit and every warning."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from aspsfusion.report.fhir import DETECTABLE, fhir_bundle, write_fhir
from aspsfusion.report.models import Report
from aspsfusion.report.words import SIGNATURE
from report_factory import DEMONSTRATION, confirmed_report, excluded_report, indeterminate_report, make_fusion

REPORTS = {
    "CONFIRMED": confirmed_report(),
    "EXCLUDED": excluded_report(),
    "INDETERMINATE": indeterminate_report(),
    "two junctions": confirmed_report().model_copy(update={"fusions": [make_fusion(), make_fusion()]}),
    "a sheet": excluded_report().model_copy(update={"sheet": {"specimen": "B24/17 <2>", "remark": "ä"}}),
}


def resource(report: Report, kind: str) -> dict[str, Any]:
    (found,) = (
        entry["resource"]
        for entry in fhir_bundle(report)["entry"]
        if entry["resource"]["resourceType"] == kind
    )
    return dict(found)


def components(report: Report, name: str) -> list[Any]:
    """Return the values of an assessment's components of a LOINC code or a text."""

    def found() -> Iterator[Any]:
        for part in resource(report, "Observation")["component"]:
            code = part["code"]
            if name in (code.get("text"), *(coding["code"] for coding in code.get("coding", []))):
                (value,) = (value for key, value in part.items() if key.startswith("value"))
                yield value

    return list(found())


@pytest.mark.parametrize("name", REPORTS)
def test_a_bundle_is_valid_and_its_references_lead_somewhere(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.fhir.json"
    write_fhir(REPORTS[name], path)
    written = path.read_bytes()
    Bundle.model_validate_json(written)
    entries = {entry["fullUrl"]: entry["resource"] for entry in json.loads(written)["entry"]}
    report, assessment, _ = entries.values()
    assert entries[report["result"][0]["reference"]] is assessment
    for found in (report["specimen"][0], assessment["specimen"]):
        assert entries[found["reference"]]["resourceType"] == "Specimen"


@pytest.mark.parametrize(
    ("call", "code", "display"),
    [
        ("CONFIRMED", "LA9633-4", "Present"),
        ("EXCLUDED", "LA9634-2", "Absent"),
        ("INDETERMINATE", "LA11883-8", "Indeterminate"),
    ],
)
def test_a_verdict_is_an_assessment_of_both_genes(call: str, code: str, display: str) -> None:
    report = REPORTS[call]
    assessment = resource(report, "Observation")
    assert assessment["code"]["coding"][0]["code"] == "69548-6"
    (coding,) = assessment["valueCodeableConcept"]["coding"]
    assert (coding["code"], coding["display"]) == (code, display)
    genes = [value["coding"][0] for value in components(report, "48018-6")]
    assert [(gene["code"], gene["display"]) for gene in genes] == [
        ("HGNC:13825", "ASPSCR1"),
        ("HGNC:11752", "TFE3"),
    ]
    assert resource(report, "DiagnosticReport")["conclusion"].count(report.verdict.statement) == 1


def test_a_negative_says_what_would_have_been_detected() -> None:
    (share,) = components(REPORTS["EXCLUDED"], DETECTABLE)
    assert (share["value"], share["code"]) == (1.41, "%")
    assert components(REPORTS["CONFIRMED"], DETECTABLE) == []
    assert components(REPORTS["INDETERMINATE"], DETECTABLE) == [], "nothing is known without coverage"


def test_a_confirmed_fusion_has_its_junction_and_no_other_verdict_has_one() -> None:
    report = REPORTS["CONFIRMED"]
    assert components(report, "Fusion") == ["ASPSCR1::TFE3 type 1"]
    assert components(report, "RNA change (r.HGVS)") == [report.fusions[0].hgvs]
    assert components(report, "Breakpoint of the 3' gene, 1-based") == [
        "NM_006521.6 start of exon 6, chrX:49034251:-"
    ]
    assert components(REPORTS["INDETERMINATE"], "Fusion") == []


def test_warnings_go_with_every_resource() -> None:
    demonstration = REPORTS["CONFIRMED"]
    bundle = fhir_bundle(demonstration)
    for part in (bundle, *(entry["resource"] for entry in bundle["entry"])):
        assert part["meta"]["tag"][0]["code"] == "HTEST"
    notes = [note["text"] for note in resource(demonstration, "Observation")["note"]]
    conclusion = resource(demonstration, "DiagnosticReport")["conclusion"]
    for warning in (DEMONSTRATION, SIGNATURE):
        assert warning in notes
        assert warning in conclusion
    real = fhir_bundle(REPORTS["EXCLUDED"])
    assert "HTEST" not in str(real)
    assert "DEMONSTRATION" not in str(real)
    assert {entry["resource"].get("status", "preliminary") for entry in real["entry"]} == {"preliminary"}


def test_what_the_sheet_says_is_text() -> None:
    specimen = resource(REPORTS["a sheet"], "Specimen")
    assert specimen["type"] == {"text": "B24/17 <2>"}
    assert {"text": "remark: ä"} in specimen["note"]
