"""Writes and reads `report.json`, and writes `fusions.tsv`.

All facts are in a `models.Report` already, and everything that a person or another program reads is written
from that one object, so that no two files can disagree.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from aspsfusion.errors import ReportError
from aspsfusion.io.files import replacing
from aspsfusion.io.tables import Cell, write_rows
from aspsfusion.report.findings import FilteredFusion, Fusion, FusionSide
from aspsfusion.report.models import REPORT_SCHEMA_VERSION, Report


def write_json(report: Report, path: Path) -> None:
    """Write `report.json`: fields in the order of the model, one space of indent, a final newline.

    The same report always gives the same bytes. An existing file is replaced in one step.
    """
    _write_line(report.model_dump_json(indent=1), path)


def write_export(data: Mapping[str, Any], path: Path) -> None:
    """Write what is made of a report for other systems, in the form of `report.json`, see `write_json`."""
    _write_line(json.dumps(data, indent=1, ensure_ascii=False), path)


def _write_line(text: str, path: Path) -> None:
    with replacing(path, force=True) as draft:
        draft.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def read_report(path: Path) -> Report:
    """Read a `report.json` back.

    Raises:
        ReportError: the file cannot be read, is no JSON, or is not a report of this schema version; the
            message names file and key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise ReportError(
            f"cannot be read ({reason})", path=path, remedy="give a report.json of 'aspsfusion report'"
        ) from error
    _check_version(text, path)
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise ReportError(
            f"{first['msg'].lower()}{more}",
            path=path,
            where=f"key {key}" if key else None,
            remedy="it was written by another version or changed: write it again with 'aspsfusion report'",
        ) from error


def _check_version(text: str, path: Path) -> None:
    """Refuse what is no report at all, before the keys are checked one by one."""
    try:
        data = json.loads(text)
    except ValueError as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else None
        raise ReportError(
            "is not valid JSON",
            path=path,
            where=where,
            remedy="write the report again with 'aspsfusion report'",
        ) from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, str):
        raise ReportError(
            "is not a report of aspsfusion: there is no such key",
            path=path,
            where="key schema_version",
            remedy="give a report.json of 'aspsfusion report'",
        )
    if version.split(".")[0] != REPORT_SCHEMA_VERSION.split(".")[0]:
        raise ReportError(
            f"has version {version}, this program reads version {REPORT_SCHEMA_VERSION}",
            path=path,
            where="key schema_version",
            remedy="write the report again with this version of 'aspsfusion report'",
        )


@dataclass(frozen=True)
class FusionRow:
    """A row of `fusions.tsv`; its fields are the columns. Positions are 1-based."""

    sample_id: str
    status: Literal["reported", "filtered"]
    name: str
    type: str = ""
    is_target: bool | None = None
    reciprocal: bool | None = None
    five_prime_gene: str = ""
    five_prime_transcript: str = ""
    five_prime_exon: int | None = None
    five_prime_chrom: str = ""
    five_prime_pos: int | None = None
    five_prime_strand: str = ""
    five_prime_at_exon_boundary: bool | None = None
    five_prime_site: str = ""
    three_prime_gene: str = ""
    three_prime_transcript: str = ""
    three_prime_exon: int | None = None
    three_prime_chrom: str = ""
    three_prime_pos: int | None = None
    three_prime_strand: str = ""
    three_prime_at_exon_boundary: bool | None = None
    three_prime_site: str = ""
    hgvs: str = ""
    in_frame: bool | None = None
    split_reads: int | None = None
    spanning_pairs: int | None = None
    short_overhangs: int | None = None
    fragments: int | None = None
    not_typable: int | None = None
    event: str = ""
    event_fragments: int | None = None
    split_reads_with_duplicates: int | None = None
    spanning_pairs_with_duplicates: int | None = None
    fragments_with_duplicates: int | None = None
    max_anchor_five_prime: int | None = None
    max_anchor_three_prime: int | None = None
    wild_type_five_prime: int | None = None
    wild_type_three_prime: int | None = None
    fraction_three_prime: float | None = None
    confidence: str = ""
    catalogue_id: str | None = None
    old_name: str = ""
    retained_domains: str = ""
    junction_sequence: str = ""
    reasons: str = ""
    peptide: str = ""
    translocation: str = ""
    contamination: str = ""
    genome_build: str = ""
    inserted_sequence: str = ""
    deviation: str = ""


def fusion_rows(report: Report) -> list[FusionRow]:
    """Return the rows of `fusions.tsv`: the reported fusions first, then the filtered candidates."""
    reported = [_reported_row(report.sample_id, fusion) for fusion in report.fusions]
    filtered = [_filtered_row(report.sample_id, candidate) for candidate in report.filtered]
    return [replace(row, genome_build=report.panel.build) for row in (*reported, *filtered)]


def write_fusions_tsv(report: Report, path: Path) -> None:
    """Write `fusions.tsv`: one row for each fusion and filtered candidate, the header always.

    Values that are not known are empty. An existing file is replaced in one step.
    """
    write_rows(FusionRow, fusion_rows(report), path, force=True)


def _side_columns(prefix: str, side: FusionSide) -> dict[str, Cell]:
    """Return one side of a junction under column names such as `five_prime_gene`."""
    known = {field.name for field in fields(FusionRow)}
    columns = {f"{prefix}_{name}": value for name, value in side.model_dump().items()}
    return {name: value for name, value in columns.items() if name in known}


def _reported_row(sample_id: str, fusion: Fusion) -> FusionRow:
    # The columns of the same name and kind; those that are made of several values follow one by one.
    composed = {"five_prime", "three_prime", "retained_domains", "peptide", "contamination"}
    plain = {
        field.name: getattr(fusion, field.name)
        for field in fields(FusionRow)
        if field.name in Fusion.model_fields and field.name not in composed
    }
    return FusionRow(
        sample_id=sample_id,
        status="reported",
        **plain,
        peptide=fusion.peptide.sequence if fusion.peptide else "",
        contamination="yes" if fusion.contamination else "",
        **_side_columns("five_prime", fusion.five_prime),  # type: ignore[arg-type]
        **_side_columns("three_prime", fusion.three_prime),  # type: ignore[arg-type]
        retained_domains="; ".join(
            f"{domain.gene} {domain.name}: {domain.status}" for domain in fusion.retained_domains
        ),
        reasons="; ".join(fusion.confidence_reasons),
    )


def _filtered_row(sample_id: str, candidate: FilteredFusion) -> FusionRow:
    return FusionRow(
        sample_id=sample_id,
        status="filtered",
        name=candidate.name,
        inserted_sequence=candidate.inserted_sequence,
        **_side_columns("five_prime", candidate.five_prime),  # type: ignore[arg-type]
        **_side_columns("three_prime", candidate.three_prime),  # type: ignore[arg-type]
        split_reads=candidate.split_reads,
        spanning_pairs=candidate.spanning_pairs,
        fragments=candidate.fragments,
        reasons="; ".join(f"{reason.code}: {reason.text}" for reason in candidate.reasons),
    )
