"""Compares the report of a simulated sample with the truth."""

from collections.abc import Sequence
from typing import NamedTuple

from aspsfusion.panel.panel import Junction, Panel
from aspsfusion.report.findings import Fusion
from aspsfusion.report.models import Call, Report
from aspsfusion.simulate.molecules import (
    OFF_PANEL,
    FusionRequest,
    breakpoints,
    fusion_molecule,
    joined_position,
    parse_fusion,
)
from aspsfusion.simulate.records import TruthRecord
from aspsfusion.validation.outcomes import Outcome
from aspsfusion.validation.study import StudySample

SILENT_REASONS = frozenset(
    {
        "LOW_COVERAGE",
        "FIVE_PRIME_GENE_NOT_SEEN",
        "FIVE_PRIME_GENE_DEPLETED",
        "CONTROL_GENES_NOT_SEEN",
        "AMPLICON_CANNOT_SHOW",
        "PRIMERS_NOT_KNOWN",
        "PRIMERS_CANNOT_SHOW",
        "WOULD_HAVE_BEEN_SEEN",
    }
)
"""Reasons of a verdict that say nothing was found, only how well it was looked for."""


class _Found(NamedTuple):
    """What a report says of the simulated fusion; see `Outcome`."""

    fragments: int = 0
    named: bool | None = None
    right_type: bool | None = None
    exact: bool | None = None


def judge(
    panel: Panel,
    sample: StudySample,
    truth: Sequence[TruthRecord],
    report: Report,
    declared: Call | None = None,
) -> Outcome:
    """Return the outcome of a sample by its report and the truth of every fragment.

    `declared` is the verdict with the cell's share of tumour cells.
    """
    codes = [reason.code for reason in report.verdict.reasons]
    found, crossing, molecules = _Found(), 0, 0
    if sample.truth != "none":
        request = parse_fusion(sample.fusion)
        found = _found(panel, sample, request, report)
        crossing = len(_crossing(sample, truth))
        molecules = sum(_joins(record, request) and not record.duplicate_of for record in truth)
    return Outcome(
        cell=sample.cell.name,
        arm=sample.arm,
        index=sample.index,
        truth=sample.truth,
        call=report.verdict.call,
        reasons=",".join(codes),
        declared=declared,
        crossing=crossing,
        molecules=molecules,
        **found._asdict(),
        seen=not set(codes) <= SILENT_REASONS,
        informative=min(report.exclusion.informative_fragments.values(), default=0),
        detectable=report.exclusion.detectable_fraction,
    )


def _crossing(sample: StudySample, truth: Sequence[TruthRecord]) -> set[tuple[int, int, str]]:
    """Return the molecules of the fusion of which a read, or one of a copy, shows both genes."""
    asked = sample.parameters()
    return {
        (record.start, record.end, record.strand)
        for record in truth
        if record.contig == sample.fusion
        and record.source == "fusion"
        and record.anchor_five_prime >= asked.anchor_five_prime
        and record.anchor_three_prime >= asked.anchor_three_prime
    }


def _joins(record: TruthRecord, request: FusionRequest) -> bool:
    """Whether a fragment's molecule joins the genes of a fusion, as a fusion does or a chimera."""
    sides = record.contig.split("::")
    genes = [side.split(":")[0].split("|")[0] for side in (sides[0], sides[-1])]
    return len(sides) > 1 and genes == [request.five_prime.gene, request.three_prime.gene]


def _found(panel: Panel, sample: StudySample, request: FusionRequest, report: Report) -> _Found:
    if OFF_PANEL in (request.five_prime.gene, request.three_prime.gene):
        return _found_break(panel, request, report)
    expected = breakpoints(panel, request)
    of_name = [fusion for fusion in report.fusions if fusion.name == expected.fusion]
    if not of_name:
        return _Found(named=False)
    largest = max(of_name, key=lambda fusion: fusion.fragments)
    return _Found(
        fragments=sum(fusion.fragments for fusion in of_name),
        named=True,
        right_type=None if sample.type is None else largest.type == sample.type,
        exact=junction_of(largest) == expected
        or (not sample.cell.at_exon_ends and _same_transcript(panel, request, largest)),
    )


def _found_break(panel: Panel, request: FusionRequest, report: Report) -> _Found:
    """Return what a report says of the break of the one gene that is on the panel."""
    five_prime = request.three_prime.gene == OFF_PANEL
    gene = (request.five_prime if five_prime else request.three_prime).gene
    places = [place for place in report.one_sided if place.gene == gene]
    if not places:
        return _Found(named=False)
    largest = max(places, key=lambda place: place.fragments)
    exact = largest.pos - 1 == joined_position(panel, request, five_prime=five_prime)
    return _Found(sum(place.fragments for place in places), named=True, exact=exact)


def junction_of(fusion: Fusion) -> Junction:
    """Return a reported junction, 0-based."""
    return Junction(
        fusion.five_prime.gene,
        fusion.five_prime.pos - 1,
        fusion.three_prime.gene,
        fusion.three_prime.pos - 1,
        fusion.inserted_sequence.upper(),
    )


def _same_transcript(panel: Panel, request: FusionRequest, fusion: Fusion) -> bool:
    """Whether a reported junction makes the simulated transcript, wherever it counts the bases beside it.

    Where the genes share bases at a junction, or inserted ones go on like a gene, no read shows to which of
    them these belong.
    """
    return "".join(fusion.junction_parts) in fusion_molecule(panel, request).sequence
