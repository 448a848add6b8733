"""Writes and reads `report.json`, and writes `fusions.tsv`.

All facts are in a `models.Report` already, and everything that a person or another program reads is written
from that one object, so that no two files can disagree.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aspsfusion.errors import ReportError
from aspsfusion.io.files import write_text
from aspsfusion.io.tables import Cell, write_table
from aspsfusion.report.findings import FilteredFusion, Fusion
from aspsfusion.report.models import REPORT_SCHEMA_VERSION, Report


def write_json(report: Report, path: Path) -> None:
    """Write `report.json`: fields in the order of the model, one space of indent, a final newline.

    The same report always gives the same bytes. An existing file is replaced in one step.
    """
    write_text(path, f"{report.model_dump_json(indent=1)}\n")


def write_export(data: Mapping[str, Any], path: Path) -> None:
    """Write what is made of a report for other systems, in the form of `report.json`, see `write_json`."""
    write_text(path, f"{json.dumps(data, indent=1, ensure_ascii=False)}\n")


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


SIDE_COLUMNS = ("gene", "transcript", "exon", "chrom", "pos", "strand", "at_exon_boundary", "site")

COLUMNS = (
    *("sample_id", "status", "name", "type", "is_target", "reciprocal"),
    *(f"five_prime_{column}" for column in SIDE_COLUMNS),
    *(f"three_prime_{column}" for column in SIDE_COLUMNS),
    *("hgvs", "in_frame", "split_reads", "spanning_pairs", "short_overhangs", "fragments", "not_typable"),
    *("event", "event_fragments", "split_reads_with_duplicates", "spanning_pairs_with_duplicates"),
    *("fragments_with_duplicates", "max_anchor_five_prime", "max_anchor_three_prime"),
    *("wild_type_five_prime", "wild_type_three_prime", "fraction_three_prime", "confidence"),
    *("catalogue_id", "old_name", "retained_domains", "junction_sequence", "reasons", "peptide"),
    *("translocation", "contamination", "genome_build", "inserted_sequence", "deviation"),
)
"""Columns of `fusions.tsv`; most are fields of `Fusion`. Positions are 1-based."""


def write_fusions_tsv(report: Report, path: Path) -> None:
    """Write `fusions.tsv`: a row for each fusion, then one for each filtered candidate.

    Values that are not known are empty. An existing file is replaced in one step.
    """
    rows = [*map(_reported_row, report.fusions), *map(_filtered_row, report.filtered)]
    batch = {"sample_id": report.sample_id, "genome_build": report.panel.build}
    write_table(path, COLUMNS, [row | batch for row in rows])


def _reported_row(fusion: Fusion) -> dict[str, Cell]:
    return {
        **{column: getattr(fusion, column) for column in COLUMNS if column in Fusion.model_fields},
        **_side_columns(fusion),
        "status": "reported",
        "peptide": fusion.peptide.sequence if fusion.peptide else "",
        "contamination": "yes" if fusion.contamination else "",
        "retained_domains": "; ".join(
            f"{domain.gene} {domain.name}: {domain.status}" for domain in fusion.retained_domains
        ),
        "reasons": "; ".join(fusion.confidence_reasons),
    }


def _filtered_row(candidate: FilteredFusion) -> dict[str, Cell]:
    return {
        **_side_columns(candidate),
        "status": "filtered",
        "name": candidate.name,
        "inserted_sequence": candidate.inserted_sequence,
        "split_reads": candidate.split_reads,
        "spanning_pairs": candidate.spanning_pairs,
        "fragments": candidate.fragments,
        "reasons": "; ".join(f"{reason.code}: {reason.text}" for reason in candidate.reasons),
    }


def _side_columns(junction: Fusion | FilteredFusion) -> dict[str, Cell]:
    return {
        f"{side}_{column}": getattr(getattr(junction, side), column)
        for side in ("five_prime", "three_prime")
        for column in SIDE_COLUMNS
    }
