"""Prints the HTML report to PDF with WeasyPrint, an optional library.

The PDF is the page as it stands on paper, from the same HTML.
"""

from pathlib import Path

from aspsfusion.errors import ParameterError
from aspsfusion.html_report import render_html
from aspsfusion.io.files import replacing
from aspsfusion.report_record import Report


def write_pdf(report: Report, path: Path) -> None:
    """Write the report as PDF; an existing file is replaced.

    Raises:
        ParameterError: WeasyPrint, or a system library that it needs, is not installed.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        raise ParameterError(
            f"PDF needs WeasyPrint, which can not be loaded ({error})",
            path=path,
            remedy="run 'pip install -c constraints.txt weasyprint', or print the HTML report from a browser",
        ) from error
    with replacing(path, force=True) as temporary:
        HTML(string=render_html(report)).write_pdf(temporary, pdf_identifier=report.sample_id.encode("utf-8"))
