"""Writes every file of a sample from its report, and knows them by their names.

The files of one sample lie side by side: `<sample>.report.json` and, as far as they were asked for, the page,
the tables and the breakends. Run as a program, this module writes the JSON Schema of `report.json`:
`python -m aspsfusion.report.files resources/report.schema.json` after a change of the models, which a test
compares with the file.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from aspsfusion.errors import ParameterError
from aspsfusion.io.files import replacing
from aspsfusion.report.compatible import write_arriba, write_star_fusion
from aspsfusion.report.fhir import write_fhir
from aspsfusion.report.json_tsv import write_fusions_tsv
from aspsfusion.report.models import REPORT_SCHEMA_VERSION, Report
from aspsfusion.report.vicc import write_vicc

REPORT_SUFFIX = ".report.json"
RECORD_SUFFIX = ".record.json"
"""The same by the sample's own reads, before the samples of a batch are compared."""
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def write_pdf(report: Report, path: Path) -> None:
    """Print the HTML report to PDF with WeasyPrint, an optional library; an existing file is replaced.

    Raises:
        ParameterError: WeasyPrint, or a system library that it needs, is not installed.
    """
    from aspsfusion.report.html import render_html

    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        raise ParameterError(
            f"PDF needs WeasyPrint, which cannot be loaded ({error})",
            path=path,
            remedy="run 'pip install -c constraints.txt weasyprint', or print the HTML report from a browser",
        ) from error
    with replacing(path, force=True) as temporary:
        HTML(string=render_html(report)).write_pdf(temporary, pdf_identifier=report.sample_id.encode("utf-8"))


def _write_html(report: Report, path: Path) -> None:
    from aspsfusion.report.html import write_html  # loads jinja2, and `analyse --record` writes no page

    write_html(report, path)


def _write_vcf(report: Report, path: Path) -> None:
    from aspsfusion.report.vcf import write_vcf  # loads pysam, which no other file of a report needs

    write_vcf(report, path)


WRITERS: dict[str, Callable[[Report, Path], None]] = {
    ".report.html": _write_html,
    ".fusions.tsv": write_fusions_tsv,
    ".fusions.vcf.gz": _write_vcf,
    ".arriba.tsv": write_arriba,
    ".star-fusion.tsv": write_star_fusion,
    ".fhir.json": write_fhir,
    ".vicc.json": write_vicc,
    ".report.pdf": write_pdf,
}
"""How each file beside `<sample>.report.json` is written, by the end of its name."""


def report_schema_text() -> str:
    """Return the JSON Schema of `report.json` as the text of its file."""
    schema = Report.model_json_schema(mode="serialization")
    schema["title"] = f"aspsfusion report, schema version {REPORT_SCHEMA_VERSION}"
    return json.dumps({"$schema": SCHEMA_DIALECT, **schema}, indent=1) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(report_schema_text(), encoding="utf-8")
