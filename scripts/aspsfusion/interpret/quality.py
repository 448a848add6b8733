"""Judges the quality of a sample: each value beside its limit, and a flag for each one beyond it.

A value has a limit only where one is published or where this program needs it; the others are in the report
for information. They do not touch the verdict, which counts the fragments themselves; they show why there may
be too few of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aspsfusion.align.foreign_starts import ForeignStart
from aspsfusion.call.calls_file import CallsFile
from aspsfusion.config import ClassifyParameters
from aspsfusion.evidence.coverage import Coverage
from aspsfusion.evidence.diverged import MIN_SHARED_RATE
from aspsfusion.evidence.strand import Direction
from aspsfusion.interpret import rna_quality
from aspsfusion.interpret.exclusion import AMPLICON, ANCHORED, FOREIGN_STARTS, control_genes_seen
from aspsfusion.panel.panel import Panel
from aspsfusion.report.findings import Reason
from aspsfusion.report.models import QcCheck, QcFlag, QualityControl
from aspsfusion.report.words import NOT_DETERMINED, percent, plural

DIVERGED_SHARE = 0.05
"""Share of a target gene's fragments that are of another species or of a diverged copy from which the report
says so: single ones are of people with several differences close together."""

DECIMALS = 2

Judged = tuple[QcCheck, list[QcFlag]]


def incomplete_evidence(
    screen: Mapping[str, Any], align: Mapping[str, Any], coverage: Coverage
) -> list[Reason]:
    """Return why the input cannot carry the evidence for an exclusion, by the metrics and the counts."""
    reasons = [
        *foreign_reasons(align),
        *(Reason(code="INPUT_INCOMPLETE", text=text) for text in screen.get("incomplete", ())),
    ]
    if coverage.direction.unspliced:
        reasons.append(
            Reason(
                code="NO_SPLICED_READS",
                text=f"None of the {coverage.direction.target_fragments} fragments of the target genes "
                "crosses a border between exons: the sample looks like DNA, not RNA.",
            )
        )
    if coverage.direction.mates_face is False:
        reasons.append(_mates_not_facing(coverage.direction))
    return reasons


def foreign_reasons(align: Mapping[str, Any]) -> list[Reason]:
    """Return why molecules cannot be trusted where reads begin with bases that are not of the panel.

    They were taken off, so that junctions and breaks are those of the molecules. What they are stays unknown:
    where they hold UMIs, molecules are counted without them, and fewer of them than there are.
    """
    declared = " ".join(align.get("umi_structures", ()))
    after = f" after the declared structure {declared}" if declared else ""
    return [
        Reason(
            code=FOREIGN_STARTS,
            text=f"Read {start.read} begins{after} with {start.bases} bases that are not of the panel "
            f"({start.consensus} in {percent(start.share)} of the reads placed there): an inline UMI or a "
            "linker. They were taken off, and molecules are counted without them; declare `umi`.",
        )
        for start in _starts(align)
        if not start.unknown
    ]


def _starts(align: Mapping[str, Any]) -> list[ForeignStart]:
    return [ForeignStart(**found) for found in align.get("foreign_starts", ())]


def quality_control(
    panel: Panel,
    screen: Mapping[str, Any],
    align: Mapping[str, Any],
    record: CallsFile,
    parameters: ClassifyParameters,
    incomplete: Sequence[Reason] = (),
    library: str | None = None,
) -> QualityControl:
    """Return the quality of a sample by the limits that the parameters hold.

    The reasons why the input cannot carry the evidence (`incomplete`) are flags too.
    """
    genes = record.calls.coverage.genes
    direction = record.calls.coverage.direction
    borders = rna_quality.exon_borders_crossed(panel, record.calls.coverage)
    ratio, ratio_genes = rna_quality.five_to_three_ratio(panel, record.calls.coverage)
    controls = panel.spec.genes_with_role("control")
    judged = [
        _candidates(record),
        # Primers decide which genes are in these libraries, and the fusion needs no wild type of its 5' gene.
        *([] if library in (AMPLICON, ANCHORED) else [_five_prime_gene(panel, genes, parameters)]),
        *([_control_genes(panel, genes, parameters)] if controls else []),
        _insert(record, parameters),
        _duplicates(record, parameters),
        _strand(direction),
        _splicing(borders, parameters),
        *([_evenness(ratio, ratio_genes, parameters)] if controls else []),
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
        control_genes={gene: genes.get(gene, 0) for gene in controls},
        input=screen.get("input", "FASTQ"),
        input_build=screen.get("input_build"),
        strand=direction.strand,
        strand_fraction=None if direction.share is None else round(direction.share, DECIMALS),
        unspliced_fraction=_rounded(borders.unspliced_share),
        five_to_three_ratio=_rounded(ratio),
        diverged_fragments=dict(record.calls.coverage.diverged),
        flags=[
            *(QcFlag(code=reason.code, text=reason.text) for reason in incomplete),
            *(flag for _, flags in judged for flag in flags),
            *_umi_flags(record),
            *_short_read_flags(align),
            *_unknown_start_flags(align),
            *_diverged_flags(panel, record.calls.coverage),
        ],
        checks=[check for check, _ in judged],
    )


def _judged(
    code: str, name: str, value: str, limit: str, kept: bool | None, reason: str, flag: str
) -> Judged:
    """Return a value beside its limit, see `QcCheck`, and a flag with this sentence where it is beyond.

    `kept` is whether the value keeps to the limit, None when it is not determined.
    """
    check = QcCheck(
        code=code,
        name=name,
        value=NOT_DETERMINED if kept is None else value,
        limit=limit,
        status="not determined" if kept is None else "pass" if kept else "warn",
        reason=reason,
    )
    return check, [QcFlag(code=code, text=flag)] if kept is False else []


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


def _umi_flags(record: CallsFile) -> list[QcFlag]:
    """Return a flag where names or tags hold what looks like UMIs but was not used."""
    if not record.unused_umi:
        return []
    text = (
        f"Read names or tags hold bases that may be UMIs, such as {record.unused_umi}, and were not used: "
        "molecules are distinguished by where their reads begin. If they are UMIs, write one into every name "
        "as its last field after an underscore, or into the tag RX (in FASTQ RX:Z: after the name), and "
        "analyse the sample again."
    )
    return [QcFlag(code="UMI_NOT_USED", text=text)]


def _short_read_flags(align: Mapping[str, Any]) -> list[QcFlag]:
    """Return a flag where reads were too short for their declared structures."""
    short = align.get("too_short_reads", 0)
    if not short:
        return []
    text = (
        f"{plural(short, 'read of the candidates is', 'reads of the candidates are')} shorter than the "
        f"declared structure {' '.join(align['umi_structures'])}, or without a mate: these are not used, "
        "and their fragments have no UMI where it would be in them."
    )
    return [QcFlag(code="READS_TOO_SHORT", text=text)]


def _unknown_start_flags(align: Mapping[str, Any]) -> list[QcFlag]:
    """Return a flag for each read whose first bases were not called."""
    return [
        QcFlag(
            code="UNKNOWN_STARTS",
            text=f"The first {plural(start.bases, 'base')} of read {start.read} "
            f"{'was' if start.bases == 1 else 'were'} not called in {percent(start.share)} of the reads "
            "placed on the panel, and taken off all of them.",
        )
        for start in _starts(align)
        if start.unknown
    ]


def _diverged_flags(panel: Panel, coverage: Coverage) -> list[QcFlag]:
    """Return a flag where many fragments of a target gene are of another species or of a diverged copy."""
    shares = []
    for gene in panel.spec.genes_with_role("target"):
        foreign = coverage.diverged.get(gene, 0)
        total = foreign + coverage.genes.get(gene, 0)
        if foreign and foreign >= DIVERGED_SHARE * total:
            shares.append(f"{foreign:,} of {total:,} unique fragments of {gene}")
    if not shares:
        return []
    text = (
        f"{' and '.join(shares)} are not counted: they share differences from the reference in "
        f"{percent(MIN_SHARED_RATE)} of their bases or more, as those of another species or of a diverged "
        "copy of the gene do."
    )
    return [QcFlag(code="DIVERGED_READS", text=text)]


def _candidates(record: CallsFile) -> Judged:
    return _judged(
        code="NO_CANDIDATES",
        name="Fragments of the panel's genes",
        value=f"{record.candidates:,}",
        limit="at least 1",
        kept=record.candidates > 0,
        reason="without any, the reads are of another library or species",
        flag="No read of the sample shares a sequence with the panel.",
    )


def _five_prime_gene(panel: Panel, genes: Mapping[str, int], parameters: ClassifyParameters) -> Judged:
    gene = panel.spec.target.five_prime
    seen, needed = genes.get(gene, 0), parameters.min_five_prime_fragments
    return _judged(
        code="FIVE_PRIME_GENE_NOT_SEEN",
        name=f"Unique fragments of {gene}",
        value=f"{seen:,}",
        limit=f"at least {needed}",
        kept=seen >= needed,
        reason="an exclusion needs proof that the library holds the 5' gene",
        flag=f"{gene} was seen with {seen} unique fragments, fewer than {needed}.",
    )


def _control_genes(panel: Panel, genes: Mapping[str, int], parameters: ClassifyParameters) -> Judged:
    controls, fragments = len(panel.spec.genes_with_role("control")), parameters.min_control_fragments
    seen = control_genes_seen(panel.spec, genes, parameters)
    needed = min(parameters.min_control_genes, controls)
    return _judged(
        code="CONTROL_GENES_NOT_SEEN",
        name="Control genes seen",
        value=f"{seen} of {controls}",
        limit=f"at least {needed} with {fragments} fragments",
        kept=seen >= needed,
        reason="genes of every tissue; a capture panel need not hold them",
        flag=f"{seen} of {controls} control genes have at least {fragments} unique fragments.",
    )


def _insert(record: CallsFile, parameters: ClassifyParameters) -> Judged:
    insert, least = record.median_insert, parameters.min_median_insert
    return _judged(
        code="SHORT_INSERTS",
        name="Median insert",
        value=f"{insert or 0:,} nt",
        limit=f"at least {least} nt",
        kept=None if insert is None else insert >= least,
        reason="quality rule for FFPE tissue (Ball 2026, Br J Cancer, 1233 tumours)",
        flag=f"The median insert is {insert} nt, below {least} nt.",
    )


def _duplicates(record: CallsFile, parameters: ClassifyParameters) -> Judged:
    share = record.duplicates / record.candidates if record.candidates else None
    most = parameters.max_duplicate_fraction
    return _judged(
        code="HIGH_DUPLICATION",
        name="Duplicates among them",
        value=f"{record.duplicates:,} ({100 * (share or 0):.3g}%)",
        limit=f"at most {100 * most:g}%",
        kept=None if share is None else share <= most,
        reason="a convention of this program, without a published limit",
        flag=f"{record.duplicates} of {record.candidates} candidate fragments are duplicates.",
    )


def _mates_not_facing(direction: Direction) -> Reason:
    pairs = direction.facing + direction.not_facing
    return Reason(
        code="MATES_NOT_FACING",
        text=f"In {direction.not_facing:,} of {pairs:,} wild-type pairs the mates do not face each other, as "
        "the two reads of a fragment do: pairs of the fusion cannot be recognised. Give both reads as "
        "sequenced, neither as its reverse complement: the FASTQ files as the sequencer wrote them.",
    )


def _strand(direction: Direction) -> Judged:
    unclear, share = rna_quality.strand_unclear(direction), direction.share or 0.0
    value = f"{100 * share:.0f}% sense" if share >= 0.5 else f"{100 * (1 - share):.0f}% antisense"
    return _judged(
        code="STRAND_UNCLEAR",
        name="First reads",
        value=value,
        limit=f"outside {100 * rna_quality.UNSTRANDED:g} to {100 * rna_quality.STRANDED:g}%",
        kept=None if unclear is None else not unclear,
        reason="between the two it may hold DNA (nf-core/rnaseq)",
        flag=f"The library is neither stranded nor unstranded ({value}): it may contain DNA or be a mixture.",
    )


def _splicing(borders: rna_quality.Borders, parameters: ClassifyParameters) -> Judged:
    share, most = borders.unspliced_share, parameters.max_unspliced_fraction
    value = f"{100 * (share or 0):.2g}%"
    return _judged(
        code="UNSPLICED_FRAGMENTS",
        name="Unspliced molecules",
        value=value,
        limit=f"at most {100 * most:g}%",
        kept=None if share is None else share <= most,
        reason="DNA has 100%, spliced RNA 0%; a convention",
        flag=f"{value} of the molecules at exon borders of the target genes are unspliced: DNA or pre-mRNA.",
    )


def _evenness(ratio: float | None, genes: int, parameters: ClassifyParameters) -> Judged:
    least = parameters.min_five_to_three_ratio
    value = f"{ratio or 0:.2f}"
    return _judged(
        code="THREE_PRIME_BIAS",
        name="5' to 3' halves",
        value=value,
        limit=f"at least {least:g}",
        kept=None if ratio is None else ratio >= least,
        reason="1 if even; less in degraded RNA (docs/methods.md)",
        flag=f"The 5' halves of {genes} control genes were covered {value} times as often as the 3' halves: "
        "degraded RNA.",
    )
