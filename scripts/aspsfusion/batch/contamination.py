"""Compares the samples of a batch: a junction that another sample has far more often may come from there.

Index hopping and carry-over move a small share of one library's fragments into its neighbours. A junction
whose fragments are no more than such a share of another sample's cannot confirm a diagnosis, nor can it be
dismissed. The check always starts from the verdict by the sample's own reads, so that it gives the same
answer however often it is made, and takes back what a smaller batch had made it say.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aspsfusion.config import BatchParameters
from aspsfusion.report.findings import Contamination, Fusion, Reason
from aspsfusion.report.models import OwnVerdict, Report, Verdict
from aspsfusion.report.words import count, percent, plural

CONTAMINATION_CODE = "POSSIBLE_CONTAMINATION"
SHARE_DECIMALS = 4

ANOTHER_SAMPLE = "another sample of the batch"
"""The other sample's name in a report, which goes to a patient's file; the summary has the true one."""

Place = tuple[str, str, int, str, int, str]
"""Name of a fusion with chromosome and position of both joined bases, and the inserted bases."""


class CheckedReport(NamedTuple):
    """A report by the check of its batch.

    Attributes:
        report: with the verdict that it has as a sample of the batch.
        sources: names of the samples that its junctions may come from.
    """

    report: Report
    sources: tuple[str, ...] = ()


def check_batch(
    reports: Sequence[Report], runs: Mapping[str, str], parameters: BatchParameters
) -> list[CheckedReport]:
    """Return the reports, in the same order, with the verdicts that they have as samples of one batch.

    Args:
        reports: reports of the batch, as they are or as an earlier check left them.
        runs: sequencing run by sample; samples that it does not name are one run.
        parameters: thresholds.
    """
    own = [own_report(report) for report in reports]

    def others(report: Report) -> list[Report]:
        run = runs.get(report.sample_id)
        return [other for other in own if other is not report and runs.get(other.sample_id) == run]

    return [_judged(report, others(report), parameters) for report in own]


def own_report(report: Report) -> Report:
    """Return a report as it was before any check of a batch."""
    before = report.verdict.before_batch_check
    verdict = report.verdict
    if before is not None:
        verdict = Verdict(
            call=before.call, target=verdict.target, reasons=before.reasons, statement=before.statement
        )
    fusions = [fusion.model_copy(update={"contamination": None}) for fusion in report.fusions]
    return report.model_copy(update={"verdict": verdict, "fusions": fusions})


def _place(fusion: Fusion) -> Place:
    """Return what makes two junctions the same one."""
    five, three = fusion.five_prime, fusion.three_prime
    return fusion.name, five.chrom, five.pos, three.chrom, three.pos, fusion.inserted_sequence


def _judged(report: Report, others: Sequence[Report], parameters: BatchParameters) -> CheckedReport:
    found = [_source(fusion, others, parameters) for fusion in report.fusions]
    if not any(found):
        return CheckedReport(report)
    fusions = [
        fusion.model_copy(update={"contamination": source[1] if source else None})
        for fusion, source in zip(report.fusions, found, strict=True)
    ]
    sources = tuple(dict.fromkeys(source[0] for source in found if source))
    changed = report.model_copy(update={"fusions": fusions, "verdict": _verdict(report, fusions)})
    return CheckedReport(changed, sources)


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
    reasons = [_reason(fusion) for fusion in fusions if fusion.contamination]
    target = [fusion for fusion in fusions if fusion.is_target]
    lowered = own.call == "CONFIRMED" and not _confirmed_by(
        [fusion for fusion in target if not fusion.contamination], report
    )
    statement = own.statement
    if lowered:
        statement = _statement(report)
    elif own.call == "INDETERMINATE":
        statement = f"{own.statement} {' '.join(reason.text for reason in reasons)}"
    return Verdict(
        call="INDETERMINATE" if lowered else own.call,
        target=own.target,
        # What the sample's own reads say stays below it, because the laboratory has to weigh both.
        reasons=[*reasons, *own.reasons] if lowered else [*own.reasons, *reasons],
        statement=statement,
        before_batch_check=OwnVerdict(call=own.call, reasons=own.reasons, statement=own.statement),
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


def _statement(report: Report) -> str:
    return (
        f"Fragments of {report.verdict.target} were found in the RNA of sample {report.sample_id}, but so "
        f"few beside those of {ANOTHER_SAMPLE} that they may come from there. "
        "The fusion is neither confirmed nor excluded. A second preparation of the specimen, sequenced apart "
        "from that sample, is needed."
    )
