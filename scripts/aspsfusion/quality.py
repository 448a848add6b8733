"""Judges the quality of a sample: each value beside its limit, and a flag for each one beyond it.

A value has a limit only where one is published or where this program needs it; the others stand in the report
for information.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aspsfusion.adequacy import control_genes_seen
from aspsfusion.call.calls_file import CallsFile
from aspsfusion.evidence.coverage import Coverage
from aspsfusion.evidence.strand import Direction
from aspsfusion.panel.panel import Panel
from aspsfusion.parameters import ClassifyParameters
from aspsfusion.report.findings import Reason
from aspsfusion.report.models import QcCheck, QcFlag, QualityControl
from aspsfusion.rna_quality import (
    STRANDED,
    UNSTRANDED,
    Borders,
    exon_borders_crossed,
    five_to_three_ratio,
    strand_unclear,
)

DECIMALS = 2

Status = Literal["pass", "warn", "not determined"]
NOT_DETERMINED: Literal["not determined"] = "not determined"


@dataclass(frozen=True)
class _Judged:
    """A check together with the sentence of the flag that it raises when it is not passed."""

    check: QcCheck
    flag: str


def incomplete_evidence(screen: Mapping[str, Any], coverage: Coverage) -> list[Reason]:
    """Return the reasons why the input can not carry the evidence for an exclusion.

    Args:
        screen: metrics of `aspsfusion screen` or `aspsfusion extract`.
        coverage: wild-type counts.
    """
    reasons = [Reason(code="INPUT_INCOMPLETE", text=text) for text in screen.get("incomplete", ())]
    if coverage.direction.unspliced:
        reasons.append(
            Reason(
                code="NO_SPLICED_READS",
                text=f"None of {coverage.direction.target_fragments} fragments of the target genes crosses a "
                "border between exons: the sample looks like DNA, not RNA.",
            )
        )
    return reasons


def quality_control(
    panel: Panel,
    screen: Mapping[str, Any],
    align: Mapping[str, Any],
    record: CallsFile,
    parameters: ClassifyParameters,
    incomplete: Sequence[Reason] = (),
) -> QualityControl:
    """Return the quality of a sample.

    Args:
        panel: built panel.
        screen: metrics of `aspsfusion screen`.
        align: metrics of `aspsfusion align`.
        record: calls of the sample.
        parameters: thresholds of the verdict, which hold the limits.
        incomplete: reasons why the input can not carry the evidence, which are flags too.
    """
    genes = record.calls.coverage.genes
    direction = record.calls.coverage.direction
    borders = exon_borders_crossed(panel, record.calls.coverage)
    ratio, ratio_genes = five_to_three_ratio(panel, record.calls.coverage)
    judged = [
        _candidates(record),
        _five_prime_gene(panel, genes, parameters),
        *_control_genes(panel, genes, parameters),
        _insert(record, parameters),
        _duplicates(record, parameters),
        _strand(direction),
        _splicing(borders, parameters),
        *_evenness(panel, ratio, ratio_genes, parameters),
    ]
    return QualityControl(
        total_reads=screen["total_reads"],
        candidate_fragments=record.candidates,
        duplicates=record.duplicates,
        umi=record.umi,
        median_insert=record.median_insert,
        adapter_fraction=align["adapter_fraction"],
        overlap_fraction=align["overlap_fraction"],
        read_length=screen["read_length"],
        mean_read_length=screen["mean_read_length"],
        gc_fraction=screen["gc_fraction"],
        n_fraction=screen["n_fraction"],
        q30_fraction=screen.get("q30_fraction"),
        control_genes={gene: genes.get(gene, 0) for gene in panel.spec.genes_with_role("control")},
        input=screen.get("input", "FASTQ"),
        input_build=screen.get("input_build"),
        strand=direction.strand,
        strand_fraction=None if direction.share is None else round(direction.share, DECIMALS),
        unspliced_fraction=_rounded(borders.unspliced_share),
        five_to_three_ratio=_rounded(ratio),
        flags=[
            *(QcFlag(code=reason.code, text=reason.text) for reason in incomplete),
            *(QcFlag(code=item.check.code, text=item.flag) for item in judged if item.check.status == "warn"),
        ],
        checks=[item.check for item in judged],
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


def _status(kept: bool) -> Status:
    return "pass" if kept else "warn"


def _candidates(record: CallsFile) -> _Judged:
    check = QcCheck(
        code="NO_CANDIDATES",
        name="Fragments of the panel's genes",
        value=f"{record.candidates:,}",
        limit="at least 1",
        status=_status(record.candidates > 0),
        reason="without any, the reads are of another library or species",
    )
    return _Judged(check, "No read of the sample shares a sequence with the panel.")


def _five_prime_gene(panel: Panel, genes: Mapping[str, int], parameters: ClassifyParameters) -> _Judged:
    gene = panel.spec.target.five_prime
    seen, needed = genes.get(gene, 0), parameters.min_five_prime_fragments
    check = QcCheck(
        code="FIVE_PRIME_GENE_NOT_SEEN",
        name=f"Unique fragments of {gene}",
        value=f"{seen:,}",
        limit=f"at least {needed}",
        status=_status(seen >= needed),
        reason="an exclusion needs proof that the library holds the 5' gene",
    )
    return _Judged(check, f"{gene} was seen with {seen} unique fragments, fewer than {needed}.")


def _control_genes(panel: Panel, genes: Mapping[str, int], parameters: ClassifyParameters) -> list[_Judged]:
    controls = panel.spec.genes_with_role("control")
    if not controls:
        return []
    seen, needed = control_genes_seen(panel.spec, genes, parameters), parameters.min_control_genes
    needed = min(needed, len(controls))
    check = QcCheck(
        code="CONTROL_GENES_NOT_SEEN",
        name="Control genes seen",
        value=f"{seen} of {len(controls)}",
        limit=f"at least {needed} with {parameters.min_control_fragments} fragments",
        status=_status(seen >= needed),
        reason="genes of every tissue; a capture panel need not hold them",
    )
    return [
        _Judged(
            check,
            f"{seen} of {len(controls)} control genes have at least {parameters.min_control_fragments} "
            "unique fragments.",
        )
    ]


def _insert(record: CallsFile, parameters: ClassifyParameters) -> _Judged:
    insert, least = record.median_insert, parameters.min_median_insert
    check = QcCheck(
        code="SHORT_INSERTS",
        name="Median insert",
        value=NOT_DETERMINED if insert is None else f"{insert:,} nt",
        limit=f"at least {least} nt",
        status=NOT_DETERMINED if insert is None else _status(insert >= least),
        reason="quality rule for FFPE tissue (Ball 2026, Br J Cancer, 1233 tumours)",
    )
    return _Judged(check, f"The median insert is {insert} nt, below {least} nt.")


def _duplicates(record: CallsFile, parameters: ClassifyParameters) -> _Judged:
    share = record.duplicates / record.candidates if record.candidates else None
    most = parameters.max_duplicate_fraction
    check = QcCheck(
        code="HIGH_DUPLICATION",
        name="Duplicates among them",
        value=NOT_DETERMINED if share is None else f"{record.duplicates:,} ({100 * share:.3g}%)",
        limit=f"at most {100 * most:g}%",
        status=NOT_DETERMINED if share is None else _status(share <= most),
        reason="a convention of this program, without a published limit",
    )
    return _Judged(check, f"{record.duplicates} of {record.candidates} candidate fragments are duplicates.")


def _strand(direction: Direction) -> _Judged:
    unclear, share = strand_unclear(direction), direction.share or 0.0
    value = f"{100 * share:.0f}% sense" if share >= 0.5 else f"{100 * (1 - share):.0f}% antisense"
    check = QcCheck(
        code="STRAND_UNCLEAR",
        name="First reads",
        value=NOT_DETERMINED if unclear is None else value,
        limit=f"outside {100 * UNSTRANDED:g} to {100 * STRANDED:g}%",
        status=NOT_DETERMINED if unclear is None else _status(not unclear),
        reason="between the two it may hold DNA (nf-core/rnaseq)",
    )
    return _Judged(
        check, f"The library is neither stranded nor unstranded ({value}): it may hold DNA or be a mixture."
    )


def _splicing(borders: Borders, parameters: ClassifyParameters) -> _Judged:
    share, most = borders.unspliced_share, parameters.max_unspliced_fraction
    words = "" if share is None else f"{100 * share:.2g}%"
    check = QcCheck(
        code="UNSPLICED_FRAGMENTS",
        name="Unspliced molecules",
        value=words or NOT_DETERMINED,
        limit=f"at most {100 * most:g}%",
        status=NOT_DETERMINED if share is None else _status(share <= most),
        reason="DNA has 100%, spliced RNA 0%; a convention",
    )
    return _Judged(
        check,
        f"{words} of the molecules at exon borders of the target genes are unspliced: DNA or unripe RNA.",
    )


def _evenness(panel: Panel, ratio: float | None, genes: int, parameters: ClassifyParameters) -> list[_Judged]:
    if not panel.spec.genes_with_role("control"):
        return []
    least = parameters.min_five_to_three_ratio
    words = "" if ratio is None else f"{ratio:.2f}"
    check = QcCheck(
        code="THREE_PRIME_BIAS",
        name="5' to 3' halves",
        value=words or NOT_DETERMINED,
        limit=f"at least {least:g}",
        status=NOT_DETERMINED if ratio is None else _status(ratio >= least),
        reason="1 if even; less in degraded RNA (docs/methods.md)",
    )
    return [
        _Judged(
            check,
            f"The 5' halves of {genes} control genes were read {ratio or 0:.2f} times as often as the 3' "
            "halves: degraded RNA.",
        )
    ]
