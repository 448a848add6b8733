"""Gives the verdict by stated rules, with the reasons that led to it.

CONFIRMED needs enough unique fragments of the target fusion. EXCLUDED needs that no fragment speaks for it,
that no other rearrangement of its genes was seen, and that it would have been seen had it been there.
Everything else is INDETERMINATE, and says why.
"""

from aspsfusion.config import ClassifyParameters
from aspsfusion.interpret.assay import cannot_show, uncountable, without_misleading
from aspsfusion.interpret.exclusion import Findings, exclusion, inadequacies
from aspsfusion.interpret.statement import describe, detectable, exclusion_evidence, verdict_in_words
from aspsfusion.interpret.unproven import unproven_evidence, unproven_partners
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import Fusion, Reason
from aspsfusion.report.models import Call, Exclusion, Verdict
from aspsfusion.report.words import listed, plural

HOPPING = " A single fragment may also come from another sample of the run (index hopping) or be a chimera."
"""Added where one fragment alone speaks for the target fusion: nothing in one sample distinguishes these."""


def classify(
    spec: PanelSpec, findings: Findings, parameters: ClassifyParameters
) -> tuple[Verdict, Exclusion]:
    """Return the verdict on a sample and the exclusion it rests on."""
    excluded = exclusion(findings.informative, parameters, findings.tumour_fraction)
    fixed = None if _without_splicing(findings) else uncountable(spec, findings, parameters)
    reasons = [] if fixed else _confirming(findings, parameters)
    call: Call = "CONFIRMED"
    if reasons:
        reasons += _companions(findings)
    elif fixed:
        # The fusion was amplified: what a negative would need is beside the point.
        reasons = [fixed, *_other_findings(spec, findings), *findings.incomplete]
        call = "INDETERMINATE"
    else:
        reasons = _target_evidence(spec, findings, parameters) + _other_findings(spec, findings)
        limits = cannot_show(spec, findings)
        missing = inadequacies(spec, findings, excluded, parameters)
        reasons += [*without_misleading(limits, missing), *limits]
        call = "INDETERMINATE" if reasons else "EXCLUDED"
        reasons = reasons or [
            Reason(
                code="WOULD_HAVE_BEEN_SEEN",
                text=f"{exclusion_evidence(spec, findings, excluded)} {detectable(spec, excluded)}",
            )
        ]
    verdict = verdict_in_words(spec, findings, call, reasons, excluded)
    beside = [] if call == "CONFIRMED" else _beside(spec, findings)
    return verdict.with_reasons(*beside) if beside else verdict, excluded


def _fragments(number: int) -> str:
    return plural(number, "unique fragment")


def _short_overhangs(count: int) -> str:
    """Return the sentence on the fragments that are left out of the thresholds, empty without any."""
    if not count:
        return ""
    return (
        f" {plural(count, 'further unique fragment extends', 'further unique fragments extend')} across the "
        "junction by too few bases to be counted here (short overhangs)."
    )


def _known_place(fusion: Fusion) -> bool:
    """Whether a junction is, or is a variant of, one that is listed or lies between exon borders."""
    at_borders = fusion.five_prime.at_exon_boundary and fusion.three_prime.at_exon_boundary
    return fusion.known_place or fusion.catalogue_id is not None or at_borders


def _without_splicing(findings: Findings) -> bool:
    """Whether the sample looks like DNA."""
    return any(reason.code == "NO_SPLICED_READS" for reason in findings.incomplete)


def _confirming(findings: Findings, parameters: ClassifyParameters) -> list[Reason]:
    if _without_splicing(findings):
        return []  # a break in DNA is no transcript
    target = [fusion for fusion in findings.fusions if fusion.is_target and not fusion.no_product]
    known = [fusion for fusion in target if _known_place(fusion)]
    # Several junctions of one rearrangement, as alternative splicing makes them, are counted together; those
    # elsewhere add to a junction at a known place, but do not add up among themselves. A few bases
    # beyond a junction agree by chance now and then, so short overhangs support a verdict but do not make it.
    fragments = sum(fusion.anchored_fragments for fusion in target) if known else 0
    split = sum(fusion.split_reads for fusion in known)
    if fragments >= parameters.min_fragments and split >= parameters.min_split_fragments:
        text = (
            f"{_fragments(fragments)} support {known[0].name} "
            f"({'; '.join(describe(fusion) for fusion in target)}), {split} of them with a read across "
            f"{'the' if len(target) == 1 else 'a listed'} junction; at least {parameters.min_fragments} and "
            f"{parameters.min_split_fragments} are required."
            + _short_overhangs(sum(fusion.short_overhangs for fusion in target))
        )
        return [Reason(code="TARGET_FUSION", text=text)]
    for fusion in target:
        if not _known_place(fusion) and fusion.anchored_fragments >= parameters.min_fragments_uncatalogued:
            text = (
                f"{_fragments(fusion.anchored_fragments)} support {fusion.name} ({describe(fusion)}), a "
                f"junction that is neither listed nor between exon borders; at least "
                f"{parameters.min_fragments_uncatalogued} are required."
                + _short_overhangs(fusion.short_overhangs)
            )
            return [Reason(code="TARGET_FUSION_UNLISTED", text=text)]
    return []


def _companions(findings: Findings) -> list[Reason]:
    """Return further findings that go with a confirmed fusion and do not change the verdict."""
    return [
        Reason(
            code="RECIPROCAL_FUSION",
            text=f"The reciprocal {fusion.name} was also found: {describe(fusion)}, "
            f"{_fragments(fusion.fragments)}.",
        )
        for fusion in findings.fusions
        if fusion.reciprocal
    ]


def _target_evidence(spec: PanelSpec, findings: Findings, parameters: ClassifyParameters) -> list[Reason]:
    """Return reasons from evidence for the target fusion that does not suffice."""
    reasons = []
    for fusion in (fusion for fusion in findings.fusions if fusion.is_target):
        number = fusion.anchored_fragments
        joins = f"{_fragments(number)} join the two genes of {fusion.name} ({describe(fusion)})"
        if fusion.no_product:
            code = "NO_FUSION_PRODUCT"
            text = f"{joins}, but {fusion.no_product}: no protein of both genes can be made."
        elif _without_splicing(findings):
            code = "UNPROVEN_EVIDENCE"
            text = f"{joins}; in reads without splicing they show a break in DNA, not a transcript."
        else:
            code = "WEAK_EVIDENCE"
            needed = (
                parameters.min_fragments if _known_place(fusion) else parameters.min_fragments_uncatalogued
            )
            text = (
                f"{_fragments(number)} support{'' if number != 1 else 's'} {fusion.name} "
                f"({describe(fusion)}), {fusion.split_reads} with a read across the junction; {needed} and "
                f"{parameters.min_split_fragments} are required to confirm it."
                + _short_overhangs(fusion.short_overhangs)
                + (HOPPING if fusion.fragments == 1 else "")
            )
        reasons.append(Reason(code=code, text=text))
    return [*reasons, *unproven_evidence(spec, findings)]


def _beside(spec: PanelSpec, findings: Findings) -> list[Reason]:
    """Explain the one-sided breaks that say nothing of the target fusion."""
    deciding = findings.deciding_breaks
    target = spec.target
    return [
        Reason(
            code="OTHER_SIDE_BREAK",
            text=plural(place.fragments, "unique fragment runs", "unique fragments run")
            + (
                f" from sequence that is not on the panel into {place.gene} at {place.chrom}:{place.pos}"
                if place.gene == target.five_prime
                else f" from {place.gene} at {place.chrom}:{place.pos} into sequence that is not on the panel"
            )
            + f": the gene may be rearranged, but on the side that {target.fusion} does not keep, which by "
            f"itself says nothing of {target.fusion}.",
        )
        for place in findings.one_sided
        if place not in deciding
    ]


def _other_findings(spec: PanelSpec, findings: Findings) -> list[Reason]:
    """Return reasons from other rearrangements of the target's genes."""
    targets = set(spec.genes_with_role("target"))
    reasons = []
    for fusion in findings.fusions:
        if fusion.is_target or not targets & {fusion.five_prime.gene, fusion.three_prime.gene}:
            continue
        found = f"{_fragments(fusion.fragments)}, {fusion.split_reads} across the junction."
        described = f"{fusion.name} ({describe(fusion)})"
        if fusion.reciprocal:
            text = (
                f"The reciprocal fusion {described} was found with {found} Without {spec.target.fusion}, it "
                "does not confirm the diagnosis."
            )
        else:
            text = f"Another fusion, {described}, was found with {found}"
            if fusion.diseases:
                text += f" It has been published in {listed(fusion.diseases)}."
        reasons.append(Reason(code="RECIPROCAL_ONLY" if fusion.reciprocal else "OTHER_FUSION", text=text))
    for place in findings.deciding_breaks:
        run = plural(place.fragments, "unique fragment runs", "unique fragments run")
        text = (
            f"{run} from {place.gene} at {place.chrom}:{place.pos} into sequence that is not on the panel in "
            "this direction: the gene may be rearranged with a partner that cannot be named."
        )
        reasons.append(Reason(code="ONE_SIDED_BREAK", text=text))
    return [*reasons, *unproven_partners(spec, findings)]
