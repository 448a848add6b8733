"""Compares the samples of a batch: a junction that another sample has far more often may come from there.

Index hopping and carry-over move a small share of one library's fragments into its neighbours. A junction
whose fragments are no more than such a share of another sample's cannot confirm a diagnosis, nor can it be
dismissed. The check always starts from the verdict by the sample's own reads, so that it gives the same
answer however often it is made, and takes back what a smaller batch had made it say.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from aspsfusion.config import BatchParameters
from aspsfusion.errors import AspsfusionError
from aspsfusion.io.files import write_text
from aspsfusion.report.findings import Contamination, Fusion, Reason, Record
from aspsfusion.report.models import OwnVerdict, Report, Verdict, in_one
from aspsfusion.report.words import count, percent, plural

CONTAMINATION_CODE = "POSSIBLE_CONTAMINATION"
SHARE_DECIMALS = 4

ANOTHER_SAMPLE = "another sample of the batch"
"""The other sample's name in a report, which goes to a patient's file; the summary has the true one."""

Place = tuple[str, str, int, str, int, str]
"""Name of a fusion with chromosome and position of both joined bases, and the inserted bases."""


class BatchFindings(Record):
    """What a batch says about one sample: `<sample>.batch.json`. It names no other sample."""

    sample_id: str
    contamination: list[Contamination | None]
    """One for each fusion of the sample's own report, in its order."""


class CheckedReport(NamedTuple):
    """A report by the check of its batch.

    Attributes:
        report: with the verdict that it has as a sample of the batch.
        sources: names of the samples that its junctions may come from.
        findings: what the batch says about it; None where that is nothing.
    """

    report: Report
    sources: tuple[str, ...] = ()
    findings: BatchFindings | None = None


def check_batch(
    reports: Sequence[Report], runs: Mapping[str, str], parameters: BatchParameters
) -> list[CheckedReport]:
    """Return the reports, in the same order, with the verdicts that they have as samples of one batch.

    They are as they were made, or as an earlier check left them. Samples of which `runs` names no sequencing
    run are one run.
    """
    own = [own_report(report) for report in reports]
    of_run: dict[str | None, list[Report]] = {}
    for report in own:
        of_run.setdefault(runs.get(report.sample_id), []).append(report)
    return [_judged(report, of_run[runs.get(report.sample_id)], parameters) for report in own]


def own_report(report: Report) -> Report:
    """Return a report as it was before any check of a batch."""
    verdict = report.verdict
    if verdict.before_batch_check is not None:
        verdict = Verdict(target=verdict.target, **dict(verdict.before_batch_check))
    fusions = [fusion.model_copy(update={"contamination": None}) for fusion in report.fusions]
    return report.model_copy(update={"verdict": verdict, "fusions": fusions})


def _place(fusion: Fusion) -> Place:
    """Return what makes two junctions the same one."""
    five, three = fusion.five_prime, fusion.three_prime
    return fusion.name, five.chrom, five.pos, three.chrom, three.pos, fusion.inserted_sequence


def _judged(report: Report, run: Sequence[Report], parameters: BatchParameters) -> CheckedReport:
    others = [other for other in run if other is not report]
    found = [_source(fusion, others, parameters) for fusion in report.fusions]
    if not any(found):
        return CheckedReport(report)
    findings = BatchFindings(
        sample_id=report.sample_id, contamination=[source[1] if source else None for source in found]
    )
    sources = tuple(dict.fromkeys(source[0] for source in found if source))
    return CheckedReport(with_findings(report, findings), sources, findings)


def with_findings(report: Report, findings: BatchFindings) -> Report:
    """Return a sample's report as its batch has it, whatever an earlier check left in it.

    Raises:
        AspsfusionError: the findings are of another sample or of other fusions.
    """
    own = own_report(report)
    if (findings.sample_id, len(findings.contamination)) != (own.sample_id, len(own.fusions)):
        raise AspsfusionError(
            f"the batch's findings are not of this report of {own.sample_id}",
            remedy="compare the batch again with 'aspsfusion workflow compare'",
        )
    fusions = [
        fusion.model_copy(update={"contamination": source})
        for fusion, source in zip(own.fusions, findings.contamination, strict=True)
    ]
    return own.model_copy(update={"fusions": fusions, "verdict": _verdict(own, fusions)})


def write_findings(findings: BatchFindings, path: Path) -> None:
    """Write `<sample>.batch.json`; a file that says the same already is left alone."""
    text = findings.model_dump_json(indent=1) + "\n"
    if not (path.is_file() and path.read_text(encoding="utf-8") == text):
        write_text(path, text)


def read_findings(path: Path) -> BatchFindings:
    """Read `<sample>.batch.json`.

    Raises:
        AspsfusionError: it cannot be read or is something else.
    """
    try:
        return BatchFindings.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        reason = getattr(error, "strerror", None) or "not the findings of a batch"
        raise AspsfusionError(
            f"cannot be read ({reason})", path=path, remedy="write it with 'aspsfusion workflow compare'"
        ) from error


def _source(
    fusion: Fusion, others: Sequence[Report], parameters: BatchParameters
) -> tuple[str, Contamination] | None:
    """Return the sample with the most fragments of the same junction, if they are enough to explain it.

    Duplicates are counted on both sides, because it is reads that go astray, not molecules.
    """
    found = [
        (other_fusion.fragments_with_duplicates, other.sample_id)
        for other in others
        for other_fusion in other.fusions
        if _place(other_fusion) == _place(fusion)
    ]
    if not found:
        return None
    most, sample_id = max(found, key=lambda item: (item[0], item[1]))
    if fusion.fragments_with_duplicates > parameters.max_contamination_share * most:
        return None
    return sample_id, Contamination(
        fragments_with_duplicates=most,
        share=round(fusion.fragments_with_duplicates / most, SHARE_DECIMALS),
    )


def _verdict(report: Report, fusions: Sequence[Fusion]) -> Verdict:
    own = report.verdict
    before = OwnVerdict(**{name: getattr(own, name) for name in OwnVerdict.model_fields})
    reasons = [_reason(fusion) for fusion in fusions if fusion.contamination]
    clean = [fusion for fusion in fusions if fusion.is_target and not fusion.contamination]
    if own.call != "CONFIRMED" or _confirmed_by(clean, report):
        return own.with_reasons(*reasons).model_copy(update={"before_batch_check": before})
    result, evidence = _result(report), in_one(*(reason.text for reason in reasons))
    return Verdict(
        call="INDETERMINATE",
        target=own.target,
        headline="INDETERMINATE: may come from another sample",
        # What the sample's own reads say stays below it, because the laboratory has to weigh both.
        reasons=[*reasons, *own.reasons],
        result=result,
        evidence=evidence,
        statement=in_one(result, evidence),
        before_batch_check=before,
    )


def _confirmed_by(fusions: Sequence[Fusion], report: Report) -> bool:
    """Whether the junctions that no other sample explains would confirm the fusion by themselves."""
    thresholds = report.parameters.get("classify", {})
    fragments = sum(fusion.anchored_fragments for fusion in fusions)
    split = sum(fusion.split_reads for fusion in fusions)
    return bool(fusions) and (
        fragments >= float(thresholds.get("min_fragments", 1))
        and split >= float(thresholds.get("min_split_fragments", 1))
    )


def _reason(fusion: Fusion) -> Reason:
    source = fusion.contamination
    assert source is not None
    return Reason(
        code=CONTAMINATION_CODE,
        text=f"The same junction of {fusion.name} was found in {ANOTHER_SAMPLE} with "
        f"{plural(source.fragments_with_duplicates, 'fragment')}, duplicates counted. The "
        f"{count(fusion.fragments_with_duplicates)} of this sample are {percent(source.share)} of them and "
        "may come from there.",
    )


def _result(report: Report) -> str:
    return (
        f"Fragments of {report.verdict.target} were found in the RNA of sample {report.sample_id}, but so "
        f"few beside those of {ANOTHER_SAMPLE} that they may come from there. "
        "The fusion is neither confirmed nor excluded. A second preparation of the specimen, sequenced apart "
        "from that sample, is needed."
    )
