"""Writes the table of a batch from the reports of its samples, and checks the batch's controls.

It comes after the last stage of every sample. A sample that failed has a row too, so that none is
missing without a word.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from aspsfusion.batch.contamination import CheckedReport, check_batch
from aspsfusion.batch.outcomes import Inputs, Outcome, outdated
from aspsfusion.config import BatchParameters
from aspsfusion.errors import AspsfusionError, ParameterError
from aspsfusion.io.tables import write_rows
from aspsfusion.report.findings import Fusion
from aspsfusion.report.models import Report
from aspsfusion.report.words import listed

FAILED = "FAILED"
OUTDATED = "OUTDATED"
"""A sample with a result that is not of the present reads, panel or thresholds: nothing of it is shown."""
NOT_REACHED = "not analysed: the run ended before; run the workflow again"
ANSWERS = {"yes": "as declared", "no": "NOT as declared", "": ""}
"""Whether a control came out as declared, in words."""


@dataclass(frozen=True)
class SummaryRow:
    """A row of `summary.tsv`; its fields are the columns.

    Attributes:
        reason: the reason of the verdict in three to six words.
        statement: the verdict in a sentence, or why there is none.
        type: name of the leading fusion's junction in the literature. The leading fusion is the first one
            of the target, or the first of all; the next four columns are about it as well.
        flags: codes of quality values beyond their limit.
        notices: sentences that must stand on every page.
        control: `positive`, `negative` or `ntc`; empty for patients.
        control_ok: whether a control came out as declared; empty for patients.
        own_verdict: the verdict by the sample's own reads, where the check of the batch changed something.
        contamination_from: samples from which a junction of this one may come.
        median_insert: this and the columns up to `five_to_three_ratio` are quality figures of `report.json`,
            `qc`.
        version: of this program that gave the verdict.
        panel: name and version of the panel.
        reference: file that it was built from, and what kind it is.
    """

    sample_id: str
    verdict: str
    reason: str
    statement: str
    fusions: str = ""
    type: str = ""
    fragments: int | None = None
    split_reads: int | None = None
    spanning_pairs: int | None = None
    fraction_three_prime: float | None = None
    detectable_fraction: float | None = None
    total_reads: int | None = None
    candidate_fragments: int | None = None
    duplicates: int | None = None
    flags: str = ""
    notices: str = ""
    control: str = ""
    control_ok: Literal["", "yes", "no"] = ""
    report: str = ""
    own_verdict: str = ""
    contamination_from: str = ""
    median_insert: int | None = None
    mean_read_length: float | None = None
    q30_fraction: float | None = None
    adapter_fraction: float | None = None
    overlap_fraction: float | None = None
    unspliced_fraction: float | None = None
    five_to_three_ratio: float | None = None
    version: str = ""
    panel: str = ""
    reference: str = ""


OF_THE_FUSION = ("fragments", "split_reads", "spanning_pairs", "fraction_three_prime")
"""Columns that are fields of the leading fusion as they are there; unknown without one."""

QUALITY = (
    *("median_insert", "mean_read_length", "q30_fraction", "adapter_fraction", "overlap_fraction"),
    *("unspliced_fraction", "five_to_three_ratio"),
)
"""Columns that are fields of `report.json`, `qc`, as they are there."""


@dataclass(frozen=True)
class BatchSample:
    """A sample of the batch: its report and where that is, or why it has none.

    Attributes:
        report: its report; None where it has none that counts.
        error: why it has none.
        sources: samples that its junctions may come from, by the check of the batch.
    """

    sample_id: str
    report: Report | None
    path: Path | None
    error: str = ""
    verdict: str = FAILED
    sources: tuple[str, ...] = ()


def read_batch(report_paths: Sequence[Path], read: Callable[[Path], Report]) -> list[BatchSample]:
    """Read the reports, in the order given.

    Raises:
        AspsfusionError: a report cannot be read, or two belong to one sample.
    """
    reports = [(path, read(path)) for path in report_paths]
    batch = [BatchSample(report.sample_id, report, path) for path, report in reports]
    names = Counter(sample.sample_id for sample in batch)
    for name, times in names.items():
        if times > 1:
            raise ParameterError(
                f"sample {name} is given twice", remedy="give one report.json for each sample"
            )
    return batch


def with_outcomes(
    batch: Sequence[BatchSample], outcomes: Iterable[Outcome], present: Mapping[str, Inputs]
) -> list[BatchSample]:
    """Return the samples as their outcomes have them, without verdicts that are not of the present inputs.

    Returns:
        Every sample that an outcome or the sheet names, then those of the batch that neither names. Without
        present inputs, nothing is compared with them.
    """
    known = {sample.sample_id: sample for sample in batch}
    came_out = {outcome.sample_id: outcome for outcome in outcomes}
    after = []
    for sample_id in dict.fromkeys([*came_out, *present, *known]):
        outcome = came_out.get(sample_id)
        missing = without_result(outcome, present.get(sample_id)) if outcome else None
        sample = known.get(sample_id, BatchSample(sample_id, None, None, NOT_REACHED))
        after.append(missing or sample)
    return after


def in_order(batch: Sequence[BatchSample], samples: Sequence[str]) -> list[BatchSample]:
    """Return the samples as the sheet orders them, then those that it does not name."""
    places = {sample_id: place for place, sample_id in enumerate(samples)}
    return sorted(batch, key=lambda sample: places.get(sample.sample_id, len(places)))


def without_result(outcome: Outcome, present: Inputs | None = None) -> BatchSample | None:
    """Return a sample as one without a result, if it has none that is of the present inputs, if known."""
    stale = outdated(outcome.inputs, present) if present else ""
    if stale:
        sentence = f"not of the present inputs: {stale}; run the workflow again"
        return BatchSample(outcome.sample_id, None, None, sentence, OUTDATED)
    return BatchSample(outcome.sample_id, None, None, outcome.sentence) if outcome.failed else None


def judge_batch(
    batch: Sequence[BatchSample], runs: Mapping[str, str], parameters: BatchParameters
) -> list[BatchSample]:
    """Return the samples with the names of those that their junctions may come from.

    Raises:
        AspsfusionError: a report does not say what it has to say as one of this batch.
    """
    reports = [sample.report for sample in batch if sample.report is not None]
    sources = {}
    for report, checked in zip(reports, check_batch(reports, runs, parameters), strict=True):
        if checked.report != report:
            raise _not_of_this_batch(report, checked)
        sources[report.sample_id] = checked.sources
    return [replace(sample, sources=sources.get(sample.sample_id, ())) for sample in batch]


def _not_of_this_batch(report: Report, checked: CheckedReport) -> AspsfusionError:
    why = (
        f"possible contamination from {', '.join(checked.sources)}"
        if checked.sources
        else "no contamination any more"
    )
    return ParameterError(
        f"the batch changes the report of {report.sample_id}: {report.verdict.call}, now "
        f"{checked.report.verdict.call} ({why})",
        remedy="compare the batch with 'aspsfusion workflow compare' and write the report again with "
        "'aspsfusion report --batch', or give --max-contamination-share 0 for no such check",
    )


def leading_fusion(fusions: Sequence[Fusion]) -> Fusion | None:
    """Return the fusion that the columns of a row are about: the target itself if it is there."""
    target = [fusion for fusion in fusions if fusion.is_target and not fusion.reciprocal]
    return next(iter([*target, *fusions]), None)


def control_is_ok(control: str, report: Report | None, ntc_max_fragments: int) -> Literal["", "yes", "no"]:
    """Return whether a control came out as declared; nothing for a sample that is none."""
    if not control:
        return ""
    if report is None:
        return "no"
    confirmed = report.verdict.call == "CONFIRMED"
    rules = {
        "positive": confirmed,
        "negative": not confirmed,
        "ntc": not confirmed and report.qc.candidate_fragments <= ntc_max_fragments,
    }
    return "yes" if rules[control] else "no"


def summary_row(
    sample: BatchSample, control: str = "", *, directory: Path, ntc_max_fragments: int
) -> SummaryRow:
    """Return the row of a sample for a table in a directory, from where the report's path starts."""
    report = sample.report
    ok = control_is_ok(control, report, ntc_max_fragments)
    if report is None:
        return SummaryRow(sample.sample_id, sample.verdict, "", sample.error, control=control, control_ok=ok)
    fusion = leading_fusion(report.fusions)
    html = sample.path and Path(os.path.relpath(sample.path.with_suffix(".html"), directory))
    return SummaryRow(
        sample_id=report.sample_id,
        verdict=report.verdict.call,
        reason=report.verdict.headline.partition(": ")[2],
        statement=report.verdict.statement,
        fusions="; ".join(dict.fromkeys(fusion.name for fusion in report.fusions)),
        type=fusion.type if fusion else "",
        **_figures(fusion, OF_THE_FUSION),
        detectable_fraction=report.exclusion.detectable_fraction,
        total_reads=report.qc.total_reads,
        candidate_fragments=report.qc.candidate_fragments,
        duplicates=report.qc.duplicates,
        flags="; ".join(flag.code for flag in report.qc.flags),
        notices="; ".join(report.notices),
        control=control,
        control_ok=ok,
        report=html.as_posix() if html else "",
        own_verdict=report.verdict.before_batch_check.call if report.verdict.before_batch_check else "",
        contamination_from="; ".join(sample.sources),
        **_figures(report.qc, QUALITY),
        **sources_of(report),
    )


def _figures(record: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(record, name, None) for name in names}


def sources_of(report: Report) -> dict[str, Any]:
    """Return what a verdict was given by: version, panel and reference."""
    return {
        "version": report.software.get("aspsfusion", ""),
        "panel": f"{report.panel.name} {report.panel.version}",
        "reference": f"{report.reference.file} ({report.reference.kind})",
    }


def mixed_sources(rows: Sequence[object]) -> list[str]:
    """Return a sentence for each of version, panel and reference of which the rows have several."""
    found = []
    for name in ("version", "panel", "reference"):
        values = sorted({getattr(row, name) for row in rows} - {""})
        if len(values) > 1:
            found.append(f"Results of more than one {name} are mixed: {listed(values)}.")
    return found


def write_summary_tsv(rows: Sequence[SummaryRow], path: Path) -> None:
    """Write `summary.tsv`; the header always, unknown values empty. An existing file is replaced."""
    write_rows(SummaryRow, rows, path, force=True)
