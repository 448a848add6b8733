"""Weighs one fragment again, with the functions of `call`, and says why it did or did not count.

It needs the panel and the evidence of the sample: report.json holds only the reads that count. The alignments
of `panel.bam` tell of the others, which the wild type explains.
"""

from collections.abc import Iterator
from pathlib import Path

import pysam

from aspsfusion.call.call import Caller
from aspsfusion.call.calls_file import CalledJunction
from aspsfusion.call.junction import JunctionModel
from aspsfusion.call.realign import ANCHOR_PER_EDIT, Laid, Realigner
from aspsfusion.config import CallParameters
from aspsfusion.evidence.anchors import AnchorFinder
from aspsfusion.evidence.coverage import wild_type_gene
from aspsfusion.evidence.evidence_file import Evidence
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.panel.panel import Junction, Panel
from aspsfusion.report.words import plural


def explain_fragment(panel: Panel, parameters: CallParameters, evidence: Evidence, name: str) -> list[str]:
    """Return what `call` makes of a fragment, in lines; empty when the evidence does not hold it.

    Args:
        panel: built panel.
        parameters: thresholds that the sample was called with.
        evidence: evidence of the sample; its wild-type counts are completed in place.
        name: read name.
    """
    fragment = next((fragment for fragment in evidence.fragments if fragment.name == name), None)
    if fragment is None:
        return []
    calls = Caller(panel, parameters).call(evidence)
    lines = [f"{name} was open before the junctions were weighed; its reads:"]
    lines += [f"  {line}" for mate in fragment.mates for line in _placements(panel, mate)]
    for junction in calls.junctions:
        if any(read.name == name for read in junction.reads):
            return [*lines, _counted(junction)]
    gene = wild_type_gene(fragment, parameters.margin, parameters.max_edit_rate)
    if gene is not None:
        lines.append(f"It is counted as wild type of {gene}. Junctions that it touches:")
    else:
        lines.append("It counts for no junction, nor as wild type. Junctions that it touches:")
    lines += [f"  {line}" for line in _weighed(panel, parameters, fragment, calls.junctions)]
    return lines


def _counted(junction: CalledJunction) -> str:
    place = _words(Junction(junction.five_gene, junction.five_pos, junction.three_gene, junction.three_pos))
    if junction.rejections:
        return f"It counts for {place}, which is not reported: {', '.join(junction.rejections)}."
    return f"It counts for {place}, which is reported."


def _words(junction: Junction) -> str:
    return f"{junction.fusion} ({junction.five_pos + 1} :: {junction.three_pos + 1})"


def _placements(panel: Panel, mate: Mate) -> Iterator[str]:
    """Yield the best wild-type place of a read in each gene, 1-based on the sequences of the panel."""
    head = f"read {mate.number}, {len(mate.sequence)} nt"
    if not mate.placements:
        yield f"{head}: nowhere on the panel"
    best = min((placement.edits for placement in mate.placements), default=0)
    by_gene: dict[str, list[Placement]] = {}
    for placement in mate.placements:
        if placement.edits == best:
            by_gene.setdefault(placement.gene, []).append(placement)
    for placements in by_gene.values():
        first = min(placements, key=lambda placement: panel.contig_ranks[placement.contig])
        others = len(placements) - 1
        more = f", alike on {plural(others, 'further sequence')} of the gene" if others else ""
        yield (
            f"{head}: {first.contig}:{first.start + 1}-{first.end} ({'-' if first.reverse else '+'}), "
            f"{plural(best, 'edit')} in its whole length{more}"
        )


def _weighed(
    panel: Panel, parameters: CallParameters, fragment: Fragment, called: tuple[CalledJunction, ...]
) -> Iterator[str]:
    """Yield for each junction of its genes why the fragment does not count for it."""
    contigs, anchors = ContigBases(panel), AnchorFinder(panel, parameters.min_anchor)
    junctions = dict.fromkeys(
        [
            *(Junction(j.five_gene, j.five_pos, j.three_gene, j.three_pos) for j in called),
            *panel.catalogue,
        ]
    )
    models = [JunctionModel(panel, contigs, junction, anchors.find(junction)) for junction in junctions]
    realigner = Realigner(parameters)
    told = 0
    genes = {placement.gene for mate in fragment.mates for placement in mate.placements}
    for model in models:
        if not model.usable or not genes & {model.junction.five_gene, model.junction.three_gene}:
            continue
        ways = [list(realigner.ways(mate, model)) for mate in fragment.mates]
        if not _touches(ways):
            continue
        told += 1
        yield f"{_words(model.junction)}: {_why(realigner, fragment, model, ways, parameters)}"
    if not told:
        yield "no read of it crosses a listed or called junction of its genes, and no pair bridges one"


def _touches(ways: list[list[Laid]]) -> bool:
    """Whether a read crosses the junction, or the reads lie on its two sides."""
    places = [laid for found in ways for laid in found]
    crosses = any(0 < laid.before < laid.end - laid.start for laid in places)
    return crosses or (any(laid.end <= 0 for laid in places) and any(laid.start >= 0 for laid in places))


def _why(
    realigner: Realigner,
    fragment: Fragment,
    model: JunctionModel,
    ways: list[list[Laid]],
    parameters: CallParameters,
) -> str:
    support = realigner.support(fragment, model)
    if support is not None and support.kind != "touching":
        return "it fits, but a copy of the same molecule or a junction that more fragments prove takes it"
    reasons = [
        f"read {mate.number}: {reason}"
        for mate, found in zip(fragment.mates, ways, strict=True)
        for laid in found
        if (reason := _shortcoming(mate, laid, model, parameters))
    ]
    if len(fragment.mates) > 1 and support is None:
        reasons.append("the mates do not fit the fusion transcript together")
    return "; ".join(reasons) or "it lies beside the junction, and its mate does not reach the other gene"


def _shortcoming(mate: Mate, laid: Laid, model: JunctionModel, parameters: CallParameters) -> str:
    """Return what a read that crosses the junction lacks; empty when it does not cross or lacks nothing."""
    length = laid.end - laid.start
    behind = length - laid.before
    if not 0 < laid.before < length:
        return ""
    five, three = model.junction.five_gene, model.junction.three_gene
    if laid.before < model.anchors.five_prime:
        return f"{laid.before} bases in {five}, {model.anchors.five_prime} are needed to tell it there"
    if behind < model.anchors.three_prime:
        return f"{behind} bases in {three}, {model.anchors.three_prime} are needed to tell it there"
    edits_behind = laid.edits - laid.edits_before
    if laid.edits_before > laid.before // ANCHOR_PER_EDIT:
        return f"{plural(laid.edits_before, 'edit')} among its {laid.before} bases in {five}"
    if edits_behind > behind // ANCHOR_PER_EDIT:
        return f"{plural(edits_behind, 'edit')} among its {behind} bases in {three}"
    wild_type = min((placement.edits for placement in mate.placements), default=length)
    if wild_type - laid.edits < parameters.margin:
        return (
            f"{plural(laid.edits, 'edit')} on the junction, {wild_type} on the wild type; the junction must "
            f"be better by {parameters.margin}"
        )
    return ""


def alignments(bam: Path, name: str) -> list[str]:
    """Return the alignments of a read in `panel.bam`, one line each, positions 1-based.

    The file is read from its beginning, one record at a time, because it is not sorted by name.
    """
    found = []
    with pysam.AlignmentFile(str(bam)) as file:
        for record in file.fetch(until_eof=True):
            if record.query_name != name:
                continue
            number = 2 if record.is_read2 else 1
            if record.is_unmapped:
                found.append(f"read {number}: nowhere on the panel")
                continue
            kind = " (part of a split read)" if record.is_supplementary else ""
            found.append(
                f"read {number}: {record.reference_name}:{record.reference_start + 1} "
                f"({'-' if record.is_reverse else '+'}), {record.cigarstring}{kind}"
            )
    return found
