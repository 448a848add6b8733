"""Computes what would have been seen if the fusion were there, on which an exclusion rests.

Where that number does not suffice, or a gene was not seen, the reasons say why the fusion may have been
missed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log1p

from aspsfusion.call.calls_file import ListedEnds
from aspsfusion.config import ClassifyParameters
from aspsfusion.interpret.primed import Primed
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import FilteredFusion, Fusion, OneSided, Reason, UnexplainedBridge
from aspsfusion.report.models import TUMOUR_SHARE_TO_DETECT, Exclusion, ExclusionLevel
from aspsfusion.report.words import count, percent, rounded_up

FRACTION_DECIMALS = 6

DETECTION_EFFICIENCY = 0.9
"""Share of fusion fragments that are counted, of those that cover the junction with the bases that a
wild-type fragment needs to be informative. Sequencing errors in an anchor cost fusion fragments more than
wild-type ones: measured were 0.99 to 1.00 at 1 percent errors and 0.92 to 1.00 at 3 percent (reads of 50 and
75 nt, single and paired, 400 fragments each). A later measurement gave 0.82 at 2 percent and 0.76 at 3
percent for single reads of 75 nt, which is below the value: docs/methods.md."""

MAX_FOREIGN = 2
"""Fragments of another species or of a diverged copy, for each one of the 3' gene, above which nothing is
excluded: where the two sequences happen to be alike, foreign fragments count as the gene's own. Of a gene
that differs in 9 percent these were 0 to 1 percent of the pairs of 100 nt and up to 24 percent of the single
reads of 75 nt (50 samples each), which is below a third."""

LEVELS = (0.95, 0.99)
"""Confidences at which the detectable fraction is always given, beside the configured one."""

AMPLICON, ANCHORED = "amplicon", "anchored"

FOREIGN_STARTS = "FOREIGN_STARTS"
"""Code of the flag and of the reason against an exclusion, see `quality.foreign_reasons`."""

FULL_LIBRARIES = ("polyA", "total")
"""Libraries that hold all of a cell's genes, so that silent control genes mean failed RNA."""


@dataclass(frozen=True)
class Findings:
    """Everything the verdict rests on.

    Attributes:
        one_sided: breaks without a known partner.
        informative: unique wild-type fragments at each acceptor; of anchored PCR with declared primers those
            that began at one which would have primed the fusion.
        gene_fragments: unique fragments by gene.
        library: declared library type, None if it was not declared.
        incomplete: why the input cannot carry the evidence for an exclusion.
        per_kilobase: unique fragments per kilobase of the primary transcript by gene.
        diverged: unique fragments of another species or of a diverged copy by the gene that they fit.
        tumour_fraction: declared share of tumour cells, None if it was not declared.
        bridges: fragments that join the target genes and that no junction explains.
        listed_ends: fragments that show a listed end of the target fusion and other sequence.
        fixed_ends: informative fragments at each acceptor that begin and end at a few places; 0 where most
            do not.
        anchored: those that share the places of one end alone, likewise.
        primed: what the declared primers could show; None where none were declared.
        artefacts: long reads by the name of the artefact that joins their parts.
    """

    sample: str
    fusions: Sequence[Fusion]
    filtered: Sequence[FilteredFusion]
    one_sided: Sequence[OneSided]
    informative: Mapping[str, int]
    gene_fragments: Mapping[str, int]
    library: str | None
    incomplete: Sequence[Reason] = ()
    per_kilobase: Mapping[str, float] = field(default_factory=dict)
    diverged: Mapping[str, int] = field(default_factory=dict)
    tumour_fraction: float | None = None
    bridges: Sequence[UnexplainedBridge] = ()
    fixed_ends: Mapping[str, int] = field(default_factory=dict)
    anchored: Mapping[str, int] = field(default_factory=dict)
    primed: Primed | None = None
    listed_ends: ListedEnds = field(default_factory=ListedEnds)
    artefacts: Mapping[str, int] = field(default_factory=dict)

    @property
    def deciding_breaks(self) -> list[OneSided]:
        """One-sided breaks that forbid an exclusion.

        Those on the sides that the target fusion keeps; the others where both genes have some, since a
        reciprocal with inserted bases shows that.
        """
        others = {place.gene for place in self.one_sided if not place.kept_side}
        return [place for place in self.one_sided if place.kept_side or len(others) > 1]


def detectable_fraction(informative: int, confidence: float) -> float | None:
    """Return the smallest share of fusion transcripts of which at least one fragment would have been seen.

    One counted fragment of the target fusion is enough to forbid an exclusion. Of n fragments at an acceptor,
    none is a counted fusion fragment with probability (1 - e f)^n when the fusion has the share f and the
    share e of its fragments is counted; the smallest f that leaves at most 1 - confidence for that is
    (1 - (1 - confidence)^(1/n)) / e (Clopper and Pearson 1934, upper limit for zero of n). None where even a
    share of 1 could have been missed with a larger probability.

    >>> round(detectable_fraction(66, 0.95), 4)
    0.0493
    """
    if informative <= 0:
        return None
    missed_by_one: float = (1 - confidence) ** (1 / informative)
    fraction = (1 - missed_by_one) / DETECTION_EFFICIENCY
    return fraction if fraction <= 1 else None


def limit_of(parameters: ClassifyParameters, tumour_fraction: float | None) -> float:
    """Return the largest detectable fraction that is an exclusion.

    >>> limit_of(ClassifyParameters(), None), limit_of(ClassifyParameters(), 0.6)
    (0.1, 0.1)
    >>> limit_of(ClassifyParameters(), 0.12)
    0.06
    """
    if tumour_fraction is None:
        return parameters.max_detectable_fraction
    return min(parameters.max_detectable_fraction, TUMOUR_SHARE_TO_DETECT * tumour_fraction)


def exclusion(
    informative: Mapping[str, int], parameters: ClassifyParameters, tumour_fraction: float | None = None
) -> Exclusion:
    """Return what would have been detected, decided by the acceptor with the fewest fragments."""
    fewest = min(informative.values(), default=0)
    limit = limit_of(parameters, tumour_fraction)
    fraction = detectable_fraction(fewest, parameters.confidence)
    return Exclusion(
        confidence=parameters.confidence,
        informative_fragments=dict(informative),
        detectable_fraction=_rounded(fraction),
        threshold=limit,
        tumour_fraction=tumour_fraction,
        levels=[
            ExclusionLevel(confidence=level, detectable_fraction=_rounded(detectable_fraction(fewest, level)))
            for level in sorted({*LEVELS, parameters.confidence})
        ],
        needed_fragments=needed_fragments(limit, parameters.confidence),
        adequate=fraction is not None and fraction <= limit,
    )


def _rounded(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction, FRACTION_DECIMALS)


def needed_fragments(limit: float, confidence: float) -> int:
    """Return the fewest informative fragments at an acceptor that make an exclusion adequate.

    >>> needed_fragments(0.10, 0.95), needed_fragments(0.05, 0.95)
    (32, 66)
    """
    count = 1
    if DETECTION_EFFICIENCY * limit < 1:
        # One less than the formula solved for n, since rounding may be either way.
        count = max(1, int(log1p(-confidence) / log1p(-DETECTION_EFFICIENCY * limit)) - 1)
    while (detectable_fraction(count, confidence) or 1.0) > limit:
        count += 1
    return count


def informative_text(excluded: Exclusion) -> str:
    """Return the informative fragments of all acceptors in words."""
    return ", ".join(f"{place}: {count}" for place, count in excluded.informative_fragments.items())


def control_genes_seen(
    spec: PanelSpec, gene_fragments: Mapping[str, int], parameters: ClassifyParameters
) -> int:
    """Return how many control genes have enough fragments."""
    return sum(
        gene_fragments.get(gene, 0) >= parameters.min_control_fragments
        for gene in spec.genes_with_role("control")
    )


def inadequacies(
    spec: PanelSpec, findings: Findings, excluded: Exclusion, parameters: ClassifyParameters
) -> list[Reason]:
    """Return the reasons why the target fusion might have been missed; none where an exclusion holds."""
    if any(reason.code == FOREIGN_STARTS for reason in findings.incomplete):
        return list(findings.incomplete)  # that genes were not seen follows from it
    reasons = [
        _low_coverage(excluded, findings),
        _five_prime_gene(spec, findings, parameters),
        _control_genes(spec, findings, parameters),
        _diverged(spec, findings),
    ]
    return [*findings.incomplete, *filter(None, reasons)]


def _low_coverage(excluded: Exclusion, findings: Findings) -> Reason | None:
    if excluded.adequate:
        return None
    counts = informative_text(excluded) or "none, as the panel lists no junction of the target fusion"
    would = (
        ""
        if excluded.detectable_fraction is None
        else " At this coverage, a fusion that makes up less than "
        f"{rounded_up(excluded.detectable_fraction)} of the transcripts could have been missed."
    )
    return Reason(
        code="LOW_COVERAGE",
        text=f"Too few informative wild-type fragments where the fusion would join ({counts}); "
        f"{excluded.needed_fragments} are required at each place to exclude a share of "
        f"{rounded_up(excluded.threshold)}{_declared(excluded)}.{would}{_not_primed(findings)}",
    )


def _not_primed(findings: Findings) -> str:
    """Say how many molecules are not counted because no primer that could show the fusion began them."""
    if findings.library != ANCHORED or findings.primed is None:
        return ""
    others = ", ".join(f"{key}: {number}" for key, number in findings.primed.elsewhere.items() if number)
    return f" Those that began at no declared primer downstream are not counted ({others})." if others else ""


def _declared(excluded: Exclusion) -> str:
    """Say where the limit comes from, where the declared tumour cells set it."""
    if not excluded.limited_by_tumour or excluded.tumour_fraction is None:
        return ""
    return f" (half of the {percent(excluded.tumour_fraction)} tumour cells declared)"


def _five_prime_gene(spec: PanelSpec, findings: Findings, parameters: ClassifyParameters) -> Reason | None:
    """Return why the 5' gene may be missing from the library, by its own count or beside the 3' gene.

    Anchored PCR needs no primer in the 5' gene: it shows what is upstream of a primer in the 3' gene.
    """
    if findings.library == ANCHORED:
        return None
    five, three = spec.target.five_prime, spec.target.three_prime
    seen, needed = findings.gene_fragments.get(five, 0), parameters.min_five_prime_fragments
    if seen < needed:
        return Reason(
            code="FIVE_PRIME_GENE_NOT_SEEN",
            text=f"{five} was seen with {seen} unique fragments; at least {needed} are required. The library "
            "may not contain this gene.",
        )
    five_depth, three_depth = (findings.per_kilobase.get(gene, 0.0) for gene in (five, three))
    if five_depth < parameters.min_five_prime_ratio * three_depth:
        return Reason(
            code="FIVE_PRIME_GENE_DEPLETED",
            text=f"{five} has {five_depth:.1f} unique fragments per kilobase, {three} {three_depth:.1f}. "
            f"Less than {rounded_up(parameters.min_five_prime_ratio)} of that means that the library was "
            f"enriched for {three} alone.",
        )
    return None


def _diverged(spec: PanelSpec, findings: Findings) -> Reason | None:
    """Return that most of what fits the 3' gene is foreign: much of what counts may be so too."""
    gene = spec.target.three_prime
    foreign, own = findings.diverged.get(gene, 0), findings.gene_fragments.get(gene, 0)
    if foreign <= MAX_FOREIGN * own:
        return None
    return Reason(
        code="DIVERGED_READS",
        text=f"{count(foreign)} of {count(foreign + own)} unique fragments of {gene} are of another species "
        "or of a diverged copy of the gene. Where the two sequences are alike, such fragments cannot be "
        "recognised, so that too many may have been counted.",
    )


def _control_genes(spec: PanelSpec, findings: Findings, parameters: ClassifyParameters) -> Reason | None:
    controls, needed = len(spec.genes_with_role("control")), parameters.min_control_genes
    seen = control_genes_seen(spec, findings.gene_fragments, parameters)
    if findings.library not in FULL_LIBRARIES or seen >= min(needed, controls):
        return None
    return Reason(
        code="CONTROL_GENES_NOT_SEEN",
        text=f"{seen} of {controls} control genes were seen; at least {needed} are required. The RNA or the "
        "library may have failed.",
    )
