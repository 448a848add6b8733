"""Says where the assay could not have shown the target fusion, or cannot count its molecules."""

from collections.abc import Mapping, Sequence

from aspsfusion.config import ClassifyParameters
from aspsfusion.evidence.fixed_ends import MIN_FRAGMENTS, MIN_SHARE
from aspsfusion.interpret.exclusion import AMPLICON, ANCHORED, Findings
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import FilteredFusion, Fusion, Reason
from aspsfusion.report.words import count, listed, plural

FIXED_ENDS = "FIXED_ENDS"
AMPLICON_CANNOT_SHOW = "AMPLICON_CANNOT_SHOW"
PRIMERS_CANNOT_SHOW = "PRIMERS_CANNOT_SHOW"

RANDOM_ENDS = ("polyA", "total", "capture")
"""Libraries whose fragments end anywhere, so that each pair of ends is of one molecule."""

MAIN_SHARE = 0.01
"""Share of a fusion's fragments at one pair of ends from which they are of a molecule, or a pair of primers,
of its own, and no errors: of 1,850 fragments of one amplicon with 3 percent errors none was elsewhere."""

BY_NUMBER = {"TOO_FEW_FRAGMENTS", "SHORT_ANCHORS", "ONE_MOLECULE"}
"""Reasons against a candidate that fixed ends explain: its molecules were not counted."""


def cannot_show(spec: PanelSpec, findings: Findings) -> list[Reason]:
    """Return why fragments of the wild type say nothing of the fusion, or cannot be judged."""
    fusion = spec.target.fusion
    amplicons, one_end = (_seen(findings, fixed) for fixed in (findings.fixed_ends, findings.anchored))
    if findings.library == AMPLICON or amplicons:
        begins = "The library is declared as amplicons"
        if amplicons:
            begins = (
                f"Most informative fragments have their ends at few places, as amplicons do ({amplicons})"
            )
        return [Reason(code=AMPLICON_CANNOT_SHOW, text=f"{begins}, {_amplicon_case(fusion, findings)}")]
    primed = findings.primed
    if findings.library == ANCHORED and primed is not None:
        if not primed.unable:
            return []
        return [
            Reason(
                code=PRIMERS_CANNOT_SHOW,
                text=f"Of {plural(len(primed.primers), 'declared primer')} none is antisense and downstream "
                f"of the start of {listed(primed.unable)}: a junction there could not have been "
                "amplified.",
            )
        ]
    if findings.library == ANCHORED or one_end:
        begins = "The library is declared as anchored PCR."
        if one_end:
            begins = f"Most informative fragments have one end at few places, as in anchored PCR ({one_end})."
        return [
            Reason(
                code="PRIMERS_NOT_KNOWN",
                text=f"{begins} Only molecules primed in the part of a gene that {fusion} keeps could have "
                "shown it; without the primers it is not known which are.",
            )
        ]
    return []


def _amplicon_case(fusion: str, findings: Findings) -> str:
    """Return what is known of the primers of amplicons, as the end of a sentence."""
    if findings.primed is None:
        return (
            "and its primers are not declared: a fragment between two primers of one gene cannot show "
            f"{fusion}, and only an assay that also reads from one gene into the other could exclude it."
        )
    pairs = dict.fromkeys(pair for pairs in findings.primed.pairs.values() for pair in pairs)
    if not pairs:
        return (
            f"and no pair of the {plural(len(findings.primed.primers), 'declared primer')} could span "
            f"{fusion}: a fragment between two primers of one gene cannot show it."
        )
    return (
        f"and a pair of its primers could span {fusion} ({listed([' with '.join(pair) for pair in pairs])}): "
        "but fragments of the wild type between two primers of one gene do not prove that it works."
    )


def _seen(findings: Findings, fixed: Mapping[str, int]) -> str:
    """Return at which acceptors most fragments share their ends, in words; empty where they do at none."""
    return ", ".join(
        f"{count(number)} of {count(findings.informative[key])} at {key}"
        for key, number in fixed.items()
        if number
    )


def uncountable(spec: PanelSpec, findings: Findings, parameters: ClassifyParameters) -> Reason | None:
    """Return that the molecules of the target fusion cannot be counted: fixed ends, and no UMIs.

    A few molecules with many copies have few pairs of ends, too. So in a library that is not declared as
    amplicons these count as molecules. In one that ends anywhere, as declared or as its wild type shows, they
    cannot be counted only where there are more molecules than ends: errors make one look like several.
    """
    found: list[Fusion | FilteredFusion] = [
        *(fusion for fusion in findings.fusions if fusion.is_target and not fusion.no_product),
        *(
            candidate
            for candidate in findings.filtered
            if candidate.name == spec.target.fusion and {r.code for r in candidate.reasons} <= BY_NUMBER
        ),
    ]
    reads = sum(each.fragments_with_duplicates for each in found)
    shared = [number for each in found for number in each.fixed_ends]
    if not shared or sum(shared) < MIN_SHARE * reads:
        return None
    main = [number for number in shared if number >= MAIN_SHARE * reads]
    if findings.library != AMPLICON and len(main) >= parameters.min_fragments:
        return None
    molecules = sum(each.fragments for each in found)
    if _ends_anywhere(findings) and molecules < parameters.min_fragments:
        return None
    pairs = plural(len(main), "pair") if len(main) > 1 else "one pair"
    return Reason(
        code=FIXED_ENDS,
        text=f"{plural(reads, 'fragment')} show{'' if reads > 1 else 's'} {spec.target.fusion}, copies "
        f"counted, and {count(sum(main))} of them have {pairs} of ends, as between primers. Without UMIs, "
        "their molecules cannot be counted: they may be copies of one, or of many.",
    )


def _ends_anywhere(findings: Findings) -> bool:
    """Whether the fragments of a library end anywhere, as is declared or else as its wild type shows."""
    if findings.library is not None:
        return findings.library in RANDOM_ENDS
    noticed = any([*findings.fixed_ends.values(), *findings.anchored.values()])
    return sum(findings.informative.values()) >= MIN_FRAGMENTS and not noticed


def without_misleading(limits: Sequence[Reason], missing: Sequence[Reason]) -> list[Reason]:
    """Return what is missing for an exclusion without what more reads of this assay would not change.

    For the limits see `cannot_show`, for what is missing `exclusion.inadequacies`.
    """
    codes = {reason.code for reason in limits}
    if AMPLICON_CANNOT_SHOW in codes:
        hidden = {"LOW_COVERAGE", "FIVE_PRIME_GENE_NOT_SEEN", "FIVE_PRIME_GENE_DEPLETED"}
    elif PRIMERS_CANNOT_SHOW in codes:
        hidden = {"LOW_COVERAGE"}
    else:
        hidden = set()
    return [reason for reason in missing if reason.code not in hidden]
