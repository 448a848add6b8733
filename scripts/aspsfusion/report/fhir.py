"""Writes a report as a FHIR bundle, for the systems of a hospital.

The elements and codes are those of the guide HL7 Genomics Reporting (STU 2 and 3, profiles Variant and
Genomics Report), as far as FHIR R4 and R4B share them. Profiles are neither claimed nor validated: they ask
for a patient, a performer and dates, which a report does not have. Report and assessment are `preliminary`,
since nobody has signed them. What has no code in the guide is a component with a text alone.
"""

import uuid
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from aspsfusion.report.findings import Fusion
from aspsfusion.report.json_tsv import write_export
from aspsfusion.report.models import Call, Report
from aspsfusion.report.words import SIGNATURE

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
HGNC = "http://www.genenames.org/geneId"
SEQUENCE_ONTOLOGY = "http://www.sequenceontology.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"

VALUES: dict[Call, tuple[str, str]] = {
    "CONFIRMED": ("LA9633-4", "Present"),
    "EXCLUDED": ("LA9634-2", "Absent"),
    "INDETERMINATE": ("LA11883-8", "Indeterminate"),
}
"""Answers to LOINC 69548-6 (answer list LL1971-2)."""

ASSEMBLIES = {"GRCh37": "LA14029-5", "GRCh38": "LA26806-2"}
"""Answers to LOINC 62374-4 (answer list LL1040-6)."""

DETECTABLE = "Smallest share of fusion transcripts that would have been detected"

Json = dict[str, Any]


def write_fhir(report: Report, path: Path) -> None:
    """Write the bundle. The same report always gives the same bytes; an existing file is replaced."""
    write_export(fhir_bundle(report), path)


def fhir_bundle(report: Report) -> Json:
    """Return a report as a bundle: the report, the assessment of the target fusion, and the specimen."""
    specimen, assessment = (_urn(report, kind) for kind in ("Specimen", "Observation"))
    resources = {
        _urn(report, "DiagnosticReport"): _diagnostic_report(report, specimen, assessment),
        assessment: _assessment(report, specimen),
        specimen: _specimen(report),
    }
    entries = [{"fullUrl": urn, "resource": resource} for urn, resource in resources.items()]
    return {"resourceType": "Bundle", **_marked(report), "type": "collection", "entry": entries}


def _urn(report: Report, kind: str) -> str:
    """Return the same name for the same resource of the same report, whenever it is written."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"aspsfusion {kind} {report.model_dump_json()}").urn


def _marked(report: Report) -> Json:
    """Return what says that a resource is of a demonstration, where it is."""
    if report.reference.kind != "demonstration":
        return {}
    return {"meta": {"tag": [_coding(f"{TERMINOLOGY}/v3-ActReason", "HTEST", "test health data")]}}


def _warnings(report: Report) -> list[str]:
    return [*report.notices, SIGNATURE]


def _diagnostic_report(report: Report, specimen: str, assessment: str) -> Json:
    verdict = report.verdict
    lines = [*_warnings(report), verdict.headline or verdict.call, verdict.statement, *report.limits]
    return {
        "resourceType": "DiagnosticReport",
        **_marked(report),
        "text": _narrative(lines),
        "identifier": [{"value": report.sample_id}],
        "status": "preliminary",
        "category": [_concept(f"{TERMINOLOGY}/v2-0074", "GE", "Genetics")],
        "code": _concept(LOINC, "51969-4", "Genetic analysis report"),
        "specimen": [{"reference": specimen}],
        "result": [{"reference": assessment}],
        "conclusion": "\n".join(lines),
    }


def _assessment(report: Report, specimen: str) -> Json:
    verdict = report.verdict
    return {
        "resourceType": "Observation",
        **_marked(report),
        "text": _narrative([*_warnings(report), verdict.headline or verdict.call]),
        "status": "preliminary",
        "category": [
            _concept(f"{TERMINOLOGY}/observation-category", "laboratory", "Laboratory"),
            _concept(f"{TERMINOLOGY}/v2-0074", "GE", "Genetics"),
        ],
        "code": _concept(LOINC, "69548-6", "Genetic variant assessment"),
        "specimen": {"reference": specimen},
        "valueCodeableConcept": _concept(LOINC, *VALUES[verdict.call]),
        "note": [{"text": text} for text in (*_warnings(report), verdict.statement)],
        "method": _concept(LOINC, "LA26398-0", "Sequencing"),
        "component": list(_components(report)),
    }


def _components(report: Report) -> Iterator[Json]:
    for gene in report.verdict.target.split("::"):
        coded = next((model.hgnc for model in report.gene_models if model.gene == gene), "")
        value = _concept(HGNC, coded, gene) if coded else {"text": gene}
        yield _coded("48018-6", "Gene studied [ID]", value)
    if assembly := ASSEMBLIES.get(report.panel.build):
        value = _concept(LOINC, assembly, report.panel.build)
        yield _coded("62374-4", "Human reference sequence assembly version", value)
    if report.verdict.call == "CONFIRMED":
        for fusion in report.fusions:
            if fusion.is_target and not fusion.reciprocal:
                yield from _of_fusion(fusion)
    elif report.exclusion.detectable_fraction is not None:
        yield _told(DETECTABLE, _percent(report.exclusion.detectable_fraction))
        yield _told("Probability of detecting that share", _percent(report.exclusion.confidence))
        yield _told("Largest such share for an exclusion", _percent(report.exclusion.threshold))


def _of_fusion(fusion: Fusion) -> Iterator[Json]:
    """Yield what is found of a junction; where there are several, those of each follow one another."""
    yield _coded("48019-4", "DNA change type", _concept(SEQUENCE_ONTOLOGY, "SO:0001565", "gene_fusion"))
    yield _told("Fusion", {"valueString": fusion.full_name})
    yield _told("RNA change (r.HGVS)", {"valueString": fusion.hgvs})
    for name, side in (("5' gene", fusion.five_prime), ("3' gene", fusion.three_prime)):
        place = f"{side.transcript} {side.site}, {side.chrom}:{side.pos}:{side.strand}"
        yield _told(f"Breakpoint of the {name}, 1-based", {"valueString": place})
    yield _told("Unique supporting RNA fragments", {"valueInteger": fusion.fragments})
    yield _told("Of these, with a read across the junction", {"valueInteger": fusion.split_reads})
    if fusion.fraction_three_prime is not None:
        name = f"Share of the fusion among transcripts of {fusion.three_prime.gene}"
        yield _told(name, _percent(fusion.fraction_three_prime))


def _specimen(report: Report) -> Json:
    told = report.sheet.get("specimen")
    return {
        "resourceType": "Specimen",
        **_marked(report),
        "identifier": [{"value": report.sample_id}],
        **({"type": {"text": told}} if told else {}),
        "note": [{"text": f"{column}: {text}"} for column, text in report.sheet.items()]
        or [{"text": "nothing is stated of the specimen"}],
    }


def _coding(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}


def _concept(system: str, code: str, display: str) -> Json:
    return {"coding": [_coding(system, code, display)]}


def _coded(code: str, display: str, value: Json) -> Json:
    return {"code": _concept(LOINC, code, display), "valueCodeableConcept": value}


def _told(name: str, value: Json) -> Json:
    return {"code": {"text": name}, **value}


def _percent(share: float) -> Json:
    return {"valueQuantity": {"value": round(100 * share, 4), "unit": "%", "system": UCUM, "code": "%"}}


def _narrative(lines: list[str]) -> Json:
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>'}
