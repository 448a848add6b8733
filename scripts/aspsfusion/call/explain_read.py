"""Explains a fragment: weighs it again, as `call` does, and says why it did or did not count.

It needs the panel and the evidence of the sample: report.json holds only the reads that count. The alignments
of `panel.bam` show the others, which the wild type explains.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pysam

from aspsfusion.call.call import Caller
from aspsfusion.call.calls_file import CalledJunction
from aspsfusion.call.junction import JunctionModel
from aspsfusion.call.read_names import is_called, is_fragment
from aspsfusion.call.realign import ANCHOR_PER_EDIT
from aspsfusion.call.support import AlignedRead
from aspsfusion.config import CallParameters
from aspsfusion.evidence.coverage import wild_type_gene
from aspsfusion.evidence.evidence_file import Evidence
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.panel.panel import Junction, Panel
from aspsfusion.panel.transcripts import DECOY
from aspsfusion.report.words import plural


def explain_fragment(panel: Panel, parameters: CallParameters, evidence: Evidence, name: str) -> list[str]:
    """Return what `call` makes of a fragment, in lines; empty when the evidence does not hold it.

    Args:
        panel: that the sample was called with.
        parameters: thresholds that the sample was called with.
        evidence: of the sample.
        name: read name, or `name#number` where names repeat.
    """
    found = [
        fragment for fragment in evidence.fragments if is_fragment(name, fragment.label, fragment.number)
    ]
    if not found:
        return []
    fragment = found[0]
    caller = Caller(panel, parameters)
    calls = caller.call(evidence)
    lines = [f"{name} was open before the junctions were weighed; its reads:"]
    if len(found) > 1:
        others = ", ".join(f"{other.label}#{other.number}" for other in found)
        lines.insert(0, f"{len(found)} open fragments have this name: {others}. The first one:")
    lines += [f"  {line}" for mate in fragment.mates for line in _placements(panel, mate)]
    for junction in calls.junctions:
        if any(read.number == fragment.number for read in junction.reads):
            return [*lines, _counted(junction)]
    gene = wild_type_gene(fragment, parameters.margin, parameters.max_edit_rate)
    if fragment.number in calls.diverged:
        lines.append(
            f"It fits {calls.diverged[fragment.number]} with differences that other fragments share: it is "
            "of another species or of a diverged copy, and not counted. Junctions that it touches:"
        )
    elif gene == DECOY:
        lines.append("It is of a decoy, a gene that resembles a target. Junctions that it touches:")
    elif gene is not None:
        lines.append(f"It is counted as wild type of {gene}. Junctions that it touches:")
    else:
        lines.append("It counts for no junction, nor as wild type. Junctions that it touches:")
    lines += [f"  {line}" for line in _weighed(caller, fragment, calls.junctions)]
    return lines


def _counted(junction: CalledJunction) -> str:
    place = _words(junction.junction)
    if junction.rejections:
        return f"It counts for {place}, which is not reported: {', '.join(junction.rejections)}."
    return f"It counts for {place}, which is reported."


def _words(junction: Junction) -> str:
    inserted = f"{junction.inserted.lower()} :: " if junction.inserted else ""
    return f"{junction.fusion} ({junction.five_pos + 1} :: {inserted}{junction.three_pos + 1})"


def _placements(panel: Panel, mate: Mate) -> Iterator[str]:
    """Yield the best wild-type place of a read in each gene, 1-based on the sequences of the panel."""
    head = f"read {mate.number}, {len(mate.sequence)} nt"
    if not mate.placements:
        yield f"{head}: nowhere on the panel"
    best = mate.fewest_edits(0)
    by_gene: dict[str, list[Placement]] = {}
    for placement in mate.placements:
        if placement.edits == best:
            by_gene.setdefault(placement.gene, []).append(placement)
    for placements in by_gene.values():
        first = min(placements, key=lambda placement: panel.contig_ranks[placement.contig])
        others = len(placements) - 1
        more = f", equally on {plural(others, 'further sequence')} of the gene" if others else ""
        yield (
            f"{head}: {first.contig}:{first.start + 1}-{first.end} ({'-' if first.reverse else '+'}), "
            f"{plural(best, 'edit')} in its whole length{more}"
        )


def _weighed(caller: Caller, fragment: Fragment, called: Iterable[CalledJunction]) -> Iterator[str]:
    """Yield for each junction of its genes why the fragment does not count for it."""
    touched = False
    genes = {placement.gene for mate in fragment.mates for placement in mate.placements}
    for junction in dict.fromkeys([*(j.junction for j in called), *caller.panel.catalogue]):
        model = caller.finder.model(junction)
        if model is None or not genes & {junction.five_gene, junction.three_gene}:
            continue
        aligned = [caller.finder.realigner.alignments(mate, model) for mate in fragment.mates]
        if _touches(aligned):
            touched = True
            yield f"{_words(junction)}: {_why(caller, fragment, model, aligned)}"
    if not touched:
        yield "no read of it crosses a listed or called junction of its genes, and no pair bridges one"


def _touches(aligned: list[list[AlignedRead]]) -> bool:
    """Whether a read runs over the junction, or the reads are on its two sides."""
    reads = [read for of_mate in aligned for read in of_mate]
    return any(read.runs_over for read in reads) or (
        any(read.end <= 0 for read in reads) and any(read.start >= 0 for read in reads)
    )


def _why(caller: Caller, fragment: Fragment, model: JunctionModel, aligned: list[list[AlignedRead]]) -> str:
    support = caller.finder.realigner.support(fragment, model)
    if support is not None and support.kind != "touching":
        return "it fits, but a copy of the same molecule or a junction that more fragments prove takes it"
    reasons = [
        f"read {mate.number}: {reason}"
        for mate, reads in zip(fragment.mates, aligned, strict=True)
        for read in reads
        if (reason := _shortcoming(mate, read, model, caller.parameters.margin))
    ]
    if len(fragment.mates) > 1 and support is None:
        reasons.append("the mates do not fit the fusion transcript together")
    return "; ".join(reasons) or "it is beside the junction, and its mate does not reach the other gene"


def _shortcoming(mate: Mate, read: AlignedRead, model: JunctionModel, margin: int) -> str:
    """Return what a read that runs over the junction lacks; empty when it does not or lacks nothing."""
    if not read.runs_over:
        return ""
    sides = (
        (model.junction.five_gene, read.upstream, read.edits_upstream, model.anchors.five_prime),
        (model.junction.three_gene, read.downstream, read.edits_downstream, model.anchors.three_prime),
    )
    for gene, bases, _, needed in sides:
        if bases < needed:
            return f"{bases} bases in {gene}, {needed} are needed to distinguish it from other genes"
    for gene, bases, edits, _ in sides:
        if edits > bases // ANCHOR_PER_EDIT:
            return f"{plural(edits, 'edit')} among its {bases} bases in {gene}"
    if read.lead(mate) < margin:
        return (
            f"{plural(read.edits, 'edit')} on the junction, {mate.fewest_edits(len(mate.sequence))} on the "
            f"wild type; the junction must be better by {margin}"
        )
    return ""


def alignments(bam: Path, name: str) -> list[str]:
    """Return the alignments of a read in `panel.bam`, one line each, positions 1-based.

    The file is read from its beginning, one record at a time, because it is not sorted by name.
    """
    found = []
    with pysam.AlignmentFile(str(bam)) as file:
        for record in file.fetch(until_eof=True):
            if not is_called(record, name):
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
