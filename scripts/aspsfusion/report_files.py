"""Writes every file of a sample from its report, and knows them by their names.

The files of one sample lie side by side: `<sample>.report.json` and, as far as they were asked for, the page,
the tables and the breakends.
"""

from collections.abc import Callable
from pathlib import Path

from aspsfusion.errors import ParameterError
from aspsfusion.report import write_fusions_tsv, write_json
from aspsfusion.report_record import Report

REPORT_SUFFIX = ".report.json"


def _write_html(report: Report, path: Path) -> None:
    from aspsfusion.html_report import write_html

    write_html(report, path)


def _write_vcf(report: Report, path: Path) -> None:
    from aspsfusion.vcf import write_vcf

    write_vcf(report, path)


def _write_arriba(report: Report, path: Path) -> None:
    from aspsfusion.compatible import write_arriba

    write_arriba(report, path)


def _write_star_fusion(report: Report, path: Path) -> None:
    from aspsfusion.compatible import write_star_fusion

    write_star_fusion(report, path)


def _write_pdf(report: Report, path: Path) -> None:
    from aspsfusion.pdf_report import write_pdf

    write_pdf(report, path)


WRITERS: dict[str, Callable[[Report, Path], None]] = {
    ".report.html": _write_html,
    ".fusions.tsv": write_fusions_tsv,
    ".fusions.vcf.gz": _write_vcf,
    ".arriba.tsv": _write_arriba,
    ".star-fusion.tsv": _write_star_fusion,
    ".report.pdf": _write_pdf,
}
"""How each file beside `<sample>.report.json` is written, by the end of its name."""


def reissue(report: Report, path: Path) -> list[Path]:
    """Write a changed report again, with all the files that stand beside it.

    The record itself comes last. A run that is cut short then leaves the old record, by which the next run
    sees that there is something to do.

    Args:
        report: the changed report.
        path: its `<sample>.report.json`.

    Returns:
        The files written.

    Raises:
        ParameterError: the file has another name, so that its neighbours can not be known.
    """
    if not path.name.endswith(REPORT_SUFFIX):
        raise ParameterError(
            f"is not named <sample>{REPORT_SUFFIX}, so the files beside it are not known",
            path=path,
            remedy="give it that name",
        )
    stem = path.name.removesuffix(REPORT_SUFFIX)
    written = []
    for suffix, write in WRITERS.items():
        file = path.with_name(stem + suffix)
        if file.exists():
            write(report, file)
            written.append(file)
    write_json(report, path)
    return [*written, path]
