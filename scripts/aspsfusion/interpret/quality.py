"""Judges the quality of a sample: each value beside its limit, and a flag for each one beyond it.

A value has a limit only where one is published or where this program needs it; the others are in the report
for information. What kind of RNA the library was made of is measured from the wild-type counts: whether it is
spliced, keeps the strand, and was whole. That does not touch the verdict, which counts the fragments
themselves; it shows why there may be too few of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from aspsfusion.call.calls_file import CallsFile
from aspsfusion.config import ClassifyParameters
from aspsfusion.evidence.coverage import Coverage
from aspsfusion.evidence.diverged import MIN_SHARED_RATE
from aspsfusion.evidence.strand import MIN_FRAGMENTS, Direction
from aspsfusion.interpret.exclusion import control_genes_seen
from aspsfusion.panel.panel import Panel, Transcript, Unspliced
from aspsfusion.report.findings import Reason
from aspsfusion.report.models import QcCheck, QcFlag, QualityControl
from aspsfusion.report.words import NOT_DETERMINED, percent

MIN_BORDER_FRAGMENTS = 50
"""Fewest fragments at the exons' borders to tell a share by: its standard deviation is below 0.07 then."""

MIN_GENE_FRAGMENTS = 20
"""Fewest fragments of a control gene to tell by how it is covered."""

MIN_GENES = 3
"""Fewest such genes: one alone may be covered unevenly by its own sequence."""

PSEUDO_COUNT = 0.5
"""Added to the fragments of both halves, so that their ratio exists without any in one (Haldane 1956)."""

DIVERGED_SHARE = 0.05
"""Share of a target gene's fragments that are of another species or of a diverged copy from which the report
says so: single ones are of people with several differences close together."""

STRANDED = 0.8
UNSTRANDED = 0.55
"""Share of the fragments in one direction from which a library counts as stranded, and up to which as
unstranded; what lies between is undetermined and may come from DNA (nf-core/rnaseq, strandedness prediction,
defaults of `stranded_threshold` and `unstranded_threshold`)."""

DECIMALS = 2


def incomplete_evidence(screen: Mapping[str, Any], coverage: Coverage) -> list[Reason]:
    """Return the reasons why the input cannot carry the evidence for an exclusion.

    Args:
        screen: metrics of `aspsfusion screen` or `aspsfusion extract`.
        coverage: wild-type counts of the sample.
    """
    reasons = [Reason(code="INPUT_INCOMPLETE", text=text) for text in screen.get("incomplete", ())]
    if coverage.direction.unspliced:
        reasons.append(
            Reason(
                code="NO_SPLICED_READS",
                text=f"None of the {coverage.direction.target_fragments} fragments of the target genes "
                "crosses a border between exons: the sample looks like DNA, not RNA.",
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
        incomplete: reasons why the input cannot carry the evidence, which are flags too.
    """
    genes = record.calls.coverage.genes
    direction = record.calls.coverage.direction
    borders = exon_borders_crossed(panel, record.calls.coverage)
    ratio, ratio_genes = five_to_three_ratio(panel, record.calls.coverage)
    controls = panel.spec.genes_with_role("control")
    judged = [
        _candidates(record),
        _five_prime_gene(panel, genes, parameters),
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
            *(QcFlag(code=item.code, text=item.flag) for item in judged if item.kept is False),
            *_umi_flags(record),
            *_diverged_flags(panel, record.calls.coverage),
        ],
        checks=[item.check for item in judged],
    )


@dataclass(frozen=True)
class Borders:
    """Fragments at the borders between the exons of the targets, added up over the introns.

    Attributes:
        spliced: fragments that run from an exon into the next one.
        unspliced: fragments that run from an exon into the intron, the mean of both ends of the intron.
    """

    spliced: float
    unspliced: float

    @property
    def unspliced_share(self) -> float | None:
        """Share of the molecules at the borders that still hold the intron; None where too few were seen."""
        total = self.spliced + self.unspliced
        return self.unspliced / total if total >= MIN_BORDER_FRAGMENTS else None


def exon_borders_crossed(panel: Panel, coverage: Coverage) -> Borders:
    """Count what crosses the borders between exons of the targets, spliced and not.

    Both are counted with the same number of bases on either side, so that a library of DNA has the share 1
    and one of spliced RNA the share 0, and a mixture that of the molecules, whatever the introns' lengths.

    Args:
        panel: built panel.
        coverage: wild-type counts of the sample.
    """
    spliced = unspliced = 0.0
    for gene, whole in panel.unspliced.items():
        # Only introns of the primary transcript: DNA runs through the ends of rare ones too, where hardly
        # any RNA is spliced.
        introns = dict(_introns(panel.primary[gene], whole))
        for transcript in panel.by_gene[gene]:
            spliced += sum(
                coverage.crossing_at(transcript.key, border)
                for intron, border in _introns(transcript, whole)
                if intron in introns
            )
        unspliced += sum(coverage.crossing_at(whole.key, end) for intron in introns for end in intron) / 2
    return Borders(spliced, unspliced)


def _introns(transcript: Transcript, whole: Unspliced) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield each intron of a transcript, half-open on the unspliced gene, and its place on the transcript."""
    for exon in transcript.exons[1:]:
        last = whole.from_genome(transcript.to_genome(exon.tx_start - 1))
        yield (last + 1, whole.from_genome(transcript.to_genome(exon.tx_start))), exon.tx_start


def five_to_three_ratio(panel: Panel, coverage: Coverage) -> tuple[float | None, int]:
    """Return the fragments of the 5' halves of control genes for each one of the 3' halves, and the genes.

    Each gene counts alike: the share of its fragments with their middle in the 5' half of its primary
    transcript is averaged over the genes that have enough of them. Even coverage gives 1; libraries of
    degraded RNA that was selected by the poly-A tail less. The targets are left out, since a fusion of
    theirs reads one half more often than the other. None where too few genes were seen.

    Args:
        panel: built panel.
        coverage: wild-type counts of the sample.
    """
    shares = []
    for gene in panel.spec.genes_with_role("control"):
        transcript = panel.primary[gene]
        length = len(transcript.sequence)
        five = coverage.middles_between(transcript.key, 0, length // 2)
        total = coverage.middles_between(transcript.key, 0, length)
        if total >= MIN_GENE_FRAGMENTS:
            shares.append((five + PSEUDO_COUNT) / (total + 2 * PSEUDO_COUNT))
    if len(shares) < MIN_GENES:
        return None, len(shares)
    mean = sum(shares) / len(shares)
    return mean / (1 - mean), len(shares)


def strand_unclear(direction: Direction) -> bool | None:
    """Return whether a library is neither stranded nor unstranded, beyond chance; None with few fragments."""
    total = direction.sense + direction.antisense
    if total < MIN_FRAGMENTS:
        return None
    low, high = score_interval(max(direction.sense, direction.antisense), total)
    return low > UNSTRANDED and high < STRANDED


def score_interval(part: int, whole: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927, doi 10.1080/01621459.1927.10502953).

    >>> [round(limit, 3) for limit in score_interval(45, 50)]
    [0.786, 0.957]

    Args:
        part: how many.
        whole: of how many, at least 1.
        level: coverage of the interval.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = part / whole
    centre = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z / (1 + z * z / whole) * (share * (1 - share) / whole + z * z / (4 * whole * whole)) ** 0.5
    # Exact at the ends, where rounding would leave a trace of a share that was not seen.
    return 0.0 if part == 0 else centre - half, 1.0 if part == whole else centre + half


@dataclass(frozen=True)
class _Judged:
    """A value beside its limit.

    Attributes:
        code: code of the flag that is raised when the value is beyond the limit.
        name: what was measured.
        value: the value in words; not printed when it is not determined.
        limit: the limit in words.
        kept: whether the value keeps to the limit; None when it is not determined.
        reason: why this limit, with its source.
        flag: sentence of the flag.
    """

    code: str
    name: str
    value: str
    limit: str
    kept: bool | None
    reason: str
    flag: str

    @property
    def check(self) -> QcCheck:
        """The row of the report."""
        return QcCheck(
            code=self.code,
            name=self.name,
            value=NOT_DETERMINED if self.kept is None else self.value,
            limit=self.limit,
            status="not determined" if self.kept is None else "pass" if self.kept else "warn",
            reason=self.reason,
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


def _umi_flags(record: CallsFile) -> list[QcFlag]:
    """Return a flag where names end in what looks like UMIs but was not used."""
    if not record.unused_umi:
        return []
    text = (
        f"Read names end in bases that may be UMIs, such as {record.unused_umi}, and were not used: "
        "molecules are distinguished by where their reads begin. If they are UMIs, write one into every name "
        "as its last field after an underscore, or into the tag RX (in FASTQ RX:Z: after the name), and "
        "analyse the sample again."
    )
    return [QcFlag(code="UMI_NOT_USED", text=text)]


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


def _candidates(record: CallsFile) -> _Judged:
    return _Judged(
        code="NO_CANDIDATES",
        name="Fragments of the panel's genes",
        value=f"{record.candidates:,}",
        limit="at least 1",
        kept=record.candidates > 0,
        reason="without any, the reads are of another library or species",
        flag="No read of the sample shares a sequence with the panel.",
    )


def _five_prime_gene(panel: Panel, genes: Mapping[str, int], parameters: ClassifyParameters) -> _Judged:
    gene = panel.spec.target.five_prime
    seen, needed = genes.get(gene, 0), parameters.min_five_prime_fragments
    return _Judged(
        code="FIVE_PRIME_GENE_NOT_SEEN",
        name=f"Unique fragments of {gene}",
        value=f"{seen:,}",
        limit=f"at least {needed}",
        kept=seen >= needed,
        reason="an exclusion needs proof that the library holds the 5' gene",
        flag=f"{gene} was seen with {seen} unique fragments, fewer than {needed}.",
    )


def _control_genes(panel: Panel, genes: Mapping[str, int], parameters: ClassifyParameters) -> _Judged:
    controls, fragments = len(panel.spec.genes_with_role("control")), parameters.min_control_fragments
    seen = control_genes_seen(panel.spec, genes, parameters)
    needed = min(parameters.min_control_genes, controls)
    return _Judged(
        code="CONTROL_GENES_NOT_SEEN",
        name="Control genes seen",
        value=f"{seen} of {controls}",
        limit=f"at least {needed} with {fragments} fragments",
        kept=seen >= needed,
        reason="genes of every tissue; a capture panel need not hold them",
        flag=f"{seen} of {controls} control genes have at least {fragments} unique fragments.",
    )


def _insert(record: CallsFile, parameters: ClassifyParameters) -> _Judged:
    insert, least = record.median_insert, parameters.min_median_insert
    return _Judged(
        code="SHORT_INSERTS",
        name="Median insert",
        value=f"{insert or 0:,} nt",
        limit=f"at least {least} nt",
        kept=None if insert is None else insert >= least,
        reason="quality rule for FFPE tissue (Ball 2026, Br J Cancer, 1233 tumours)",
        flag=f"The median insert is {insert} nt, below {least} nt.",
    )


def _duplicates(record: CallsFile, parameters: ClassifyParameters) -> _Judged:
    share = record.duplicates / record.candidates if record.candidates else None
    most = parameters.max_duplicate_fraction
    return _Judged(
        code="HIGH_DUPLICATION",
        name="Duplicates among them",
        value=f"{record.duplicates:,} ({100 * (share or 0):.3g}%)",
        limit=f"at most {100 * most:g}%",
        kept=None if share is None else share <= most,
        reason="a convention of this program, without a published limit",
        flag=f"{record.duplicates} of {record.candidates} candidate fragments are duplicates.",
    )


def _strand(direction: Direction) -> _Judged:
    unclear, share = strand_unclear(direction), direction.share or 0.0
    value = f"{100 * share:.0f}% sense" if share >= 0.5 else f"{100 * (1 - share):.0f}% antisense"
    return _Judged(
        code="STRAND_UNCLEAR",
        name="First reads",
        value=value,
        limit=f"outside {100 * UNSTRANDED:g} to {100 * STRANDED:g}%",
        kept=None if unclear is None else not unclear,
        reason="between the two it may hold DNA (nf-core/rnaseq)",
        flag=f"The library is neither stranded nor unstranded ({value}): it may contain DNA or be a mixture.",
    )


def _splicing(borders: Borders, parameters: ClassifyParameters) -> _Judged:
    share, most = borders.unspliced_share, parameters.max_unspliced_fraction
    value = f"{100 * (share or 0):.2g}%"
    return _Judged(
        code="UNSPLICED_FRAGMENTS",
        name="Unspliced molecules",
        value=value,
        limit=f"at most {100 * most:g}%",
        kept=None if share is None else share <= most,
        reason="DNA has 100%, spliced RNA 0%; a convention",
        flag=f"{value} of the molecules at exon borders of the target genes are unspliced: DNA or pre-mRNA.",
    )


def _evenness(ratio: float | None, genes: int, parameters: ClassifyParameters) -> _Judged:
    least = parameters.min_five_to_three_ratio
    value = f"{ratio or 0:.2f}"
    return _Judged(
        code="THREE_PRIME_BIAS",
        name="5' to 3' halves",
        value=value,
        limit=f"at least {least:g}",
        kept=None if ratio is None else ratio >= least,
        reason="1 if even; less in degraded RNA (docs/methods.md)",
        flag=f"The 5' halves of {genes} control genes were covered {value} times as often as the 3' halves: "
        "degraded RNA.",
    )
