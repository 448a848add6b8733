"""Gives the verdict by stated rules, with the reasons that led to it and the report's first sentence.

CONFIRMED needs enough unique fragments of the target fusion. EXCLUDED needs that no fragment speaks for it,
that no other rearrangement of its genes was seen, and that it would have been seen had it been there.
Everything else is INDETERMINATE, and says why.
"""

from collections.abc import Sequence

from aspsfusion.config import ClassifyParameters
from aspsfusion.interpret.assay import FIXED_ENDS, cannot_show, uncountable, without_misleading
from aspsfusion.interpret.exclusion import Findings, exclusion, inadequacies, informative_text
from aspsfusion.interpret.unproven import alone, unproven_evidence, unproven_partners
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import Fusion, Reason
from aspsfusion.report.models import Call, Exclusion, Verdict
from aspsfusion.report.words import plural, rounded_up

HOPPING = " A single fragment may also come from another sample of the run (index hopping) or be a chimera."
"""Added where one fragment alone speaks for the target fusion: nothing in one sample distinguishes these."""

FOUND_ELSEWHERE = ("OTHER_FUSION", "RECIPROCAL_ONLY")
"""Reasons that name another fusion of the target's genes."""

FOR_THE_TARGET = ("WEAK_EVIDENCE", "UNPROVEN_EVIDENCE", "UNEXPLAINED_BRIDGE", FIXED_ENDS)
"""Reasons that speak for the target fusion, so that more reads could settle it."""


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
        reasons = reasons or [_exclusion_reason(spec, findings, excluded)]
    statement = _statement(spec, findings, call, reasons, excluded)
    return Verdict(call=call, target=spec.target.fusion, reasons=reasons, statement=statement), excluded


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
    return fusion.known_place or fusion.catalogue_id is not None or _at_borders(fusion)


def _at_borders(fusion: Fusion) -> bool:
    return fusion.five_prime.at_exon_boundary and fusion.three_prime.at_exon_boundary


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
    for fusion in findings.fusions:
        if fusion.is_target and fusion.no_product:
            reasons.append(
                Reason(
                    code="NO_FUSION_PRODUCT",
                    text=f"{_fragments(fusion.anchored_fragments)} join the two genes of {fusion.name} "
                    f"({describe(fusion)}), but {fusion.no_product}: no protein of both genes can be made.",
                )
            )
        elif fusion.is_target and _without_splicing(findings):
            reasons.append(
                Reason(
                    code="UNPROVEN_EVIDENCE",
                    text=f"{_fragments(fusion.anchored_fragments)} join the two genes of {fusion.name} "
                    f"({describe(fusion)}); in reads without splicing they show a break in DNA, not a "
                    "transcript.",
                )
            )
        elif fusion.is_target:
            needed = (
                parameters.min_fragments if _known_place(fusion) else parameters.min_fragments_uncatalogued
            )
            reasons.append(
                Reason(
                    code="WEAK_EVIDENCE",
                    text=f"{_fragments(fusion.anchored_fragments)} "
                    f"support{'' if fusion.anchored_fragments != 1 else 's'} "
                    f"{fusion.name} ({describe(fusion)}), "
                    f"{fusion.split_reads} with a read across the junction; {needed} and "
                    f"{parameters.min_split_fragments} are required to confirm it."
                    + _short_overhangs(fusion.short_overhangs)
                    + (HOPPING if fusion.fragments == 1 else ""),
                )
            )
    return [*reasons, *unproven_evidence(spec, findings)]


def _other_findings(spec: PanelSpec, findings: Findings) -> list[Reason]:
    """Return reasons from other rearrangements of the target's genes."""
    targets = set(spec.genes_with_role("target"))
    reasons = []
    for fusion in findings.fusions:
        if fusion.is_target or not targets & {fusion.five_prime.gene, fusion.three_prime.gene}:
            continue
        code = "RECIPROCAL_ONLY" if fusion.reciprocal else "OTHER_FUSION"
        described = f"{fusion.name} ({describe(fusion)})"
        subject = (
            f"The reciprocal fusion {described}" if fusion.reciprocal else f"Another fusion, {described},"
        )
        reasons.append(
            Reason(
                code=code,
                text=f"{subject} was found with "
                f"{_fragments(fusion.fragments)}, {fusion.split_reads} across the junction."
                + (
                    f" Without {spec.target.fusion}, it does not confirm the diagnosis."
                    if fusion.reciprocal
                    else ""
                ),
            )
        )
    for place in findings.one_sided:
        run = plural(place.fragments, "unique fragment runs", "unique fragments run")
        text = (
            f"{run} from {place.gene} at {place.chrom}:{place.pos} into sequence that is not on the panel in "
            "this direction: the gene may be rearranged with a partner that cannot be named."
        )
        reasons.append(Reason(code="ONE_SIDED_BREAK", text=text))
    return [*reasons, *unproven_partners(spec, findings)]


def _exclusion_reason(spec: PanelSpec, findings: Findings, excluded: Exclusion) -> Reason:
    assert excluded.detectable_fraction is not None
    single = alone(spec, findings)
    seen = (
        f"{plural(single, 'unique fragment joins', 'unique fragments join')} the two genes of "
        f"{spec.target.fusion}, each at a place of its own, "
        "as chimeras of library preparation do; no others do."
        if single
        else f"No fragment supports {spec.target.fusion}."
    )
    return Reason(
        code="WOULD_HAVE_BEEN_SEEN",
        text=f"{seen} Informative wild-type fragments where it would "
        f"join: {informative_text(excluded)}; a share of {rounded_up(excluded.detectable_fraction)} of the "
        f"transcripts would have been detected with {rounded_up(excluded.confidence)} probability.",
    )


def _statement(
    spec: PanelSpec, findings: Findings, call: Call, reasons: Sequence[Reason], excluded: Exclusion
) -> str:
    """Return the sentence at the head of the report, from the templates of the panel."""
    target = [fusion for fusion in findings.fusions if fusion.is_target]
    candidates = [candidate for candidate in findings.filtered if candidate.name == spec.target.fusion]
    fragments = sum(fusion.fragments for fusion in target)
    if call != "CONFIRMED":
        fragments += sum(candidate.fragments for candidate in candidates)
    fraction = excluded.detectable_fraction
    detectable = "" if fraction is None else rounded_up(fraction)
    values = {
        "fusion": spec.target.fusion,
        "disease": spec.target.disease,
        "sample": findings.sample,
        "types": "; ".join(describe(fusion) for fusion in target),
        "fragments": "not countable" if reasons[0].code == FIXED_ENDS else fragments,
        "split_reads": sum(fusion.split_reads for fusion in target),
        "spanning_pairs": sum(fusion.spanning_pairs for fusion in target),
        "short_overhangs": sum(fusion.short_overhangs for fusion in target),
        # The panel's texts write the sign themselves.
        "detectable_percent": detectable.removesuffix("%"),
        "confidence_percent": rounded_up(excluded.confidence).removesuffix("%"),
        "informative_fragments": informative_text(excluded),
        "reasons": " ".join(reason.text for reason in reasons),
    }
    template = {
        "CONFIRMED": spec.texts.confirmed,
        "EXCLUDED": spec.texts.excluded,
        "INDETERMINATE": spec.texts.indeterminate,
    }[call]
    if call == "INDETERMINATE" and spec.texts.other_fusion and _another_fusion_decides(reasons):
        template = spec.texts.other_fusion
    return " ".join(template.format(**values).split())


def _another_fusion_decides(reasons: Sequence[Reason]) -> bool:
    """Whether the reason for no verdict is another fusion, so that more reads of this one are no remedy."""
    codes = {reason.code for reason in reasons}
    return bool(codes.intersection(FOUND_ELSEWHERE)) and not codes.intersection(FOR_THE_TARGET)


def describe(fusion: Fusion) -> str:
    """Return a junction in words: type and exons, or the places of its breakpoints, and how it deviates."""
    sides = [
        f"{side.gene} exon {side.exon}"
        if side.at_exon_boundary or (fusion.known_place and fusion.deviation)
        else f"{side.gene} {side.site}"
        for side in (fusion.five_prime, fusion.three_prime)
    ]
    place = " :: ".join(sides) + (f" with {fusion.deviation}" if fusion.deviation else "")
    return f"{fusion.type}, {place}" if fusion.type else place
