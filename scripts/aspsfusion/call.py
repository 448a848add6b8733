"""Fifth stage: decides for every open fragment between the wild type and the candidate junctions.

Candidates are the catalogue's junctions, which are tested whether or not an alignment proposes them, the
junctions that split reads propose, and the exon borders that spanning pairs could bridge. Each fragment
goes to one junction at the most. What is left with the wild type is counted there.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from aspsfusion.anchors import AnchorFinder
from aspsfusion.calls_file import CalledJunction, CalledRead, Calls, CallsFile, write_calls
from aspsfusion.coverage import Coverage, count_wild_type, crossing_of_gene
from aspsfusion.evidence_file import Evidence, read_evidence
from aspsfusion.junction_model import JunctionModel, relevant
from aspsfusion.one_sided import find_one_sided
from aspsfusion.panel import Junction, Panel, load_panel
from aspsfusion.parameters import CallParameters
from aspsfusion.placements import ContigBases
from aspsfusion.proposals import Proposer, propose
from aspsfusion.realign import Realigner, Support
from aspsfusion.records import Fragment
from aspsfusion.safe_output import replacing
from aspsfusion.sequences import reverse_complement
from aspsfusion.specificity import SideCount
from aspsfusion.watch import watches_of

FLANK = 60
"""Bases of each side that the report shows of a junction."""


class Caller:
    """Calls the junctions of one sample.

    Args:
        panel: built panel.
        parameters: thresholds.
    """

    def __init__(self, panel: Panel, parameters: CallParameters) -> None:
        self._panel = panel
        self._parameters = parameters
        self._contigs = ContigBases(panel)
        self._anchors = AnchorFinder(panel, parameters.min_anchor)
        self._proposer = Proposer(panel, self._contigs, parameters)
        self._realigner = Realigner(parameters)
        self._models: dict[Junction, JunctionModel] = {}

    def call(self, evidence: Evidence) -> Calls:
        """Decide on every open fragment of a sample.

        Args:
            evidence: as collected; its wild-type counts are completed in place.
        """
        supports = self._supports(evidence.fragments)
        assigned = self._assign(supports)
        taken = {support.fragment.name for group in assigned.values() for support in group}
        watches = watches_of(self._panel, self._parameters)
        left = [fragment for fragment in evidence.fragments if fragment.name not in taken]
        still_open: list[Fragment] = []
        for fragment in left:
            if not count_wild_type(
                evidence.coverage,
                fragment,
                self._parameters,
                self._panel.contig_ranks,
                watches,
                self._panel.specificity,
            ):
                still_open.append(fragment)
        junctions = [self._called(junction, group, evidence.coverage) for junction, group in assigned.items()]
        junctions.sort(
            key=lambda j: (
                bool(j.rejections),
                -j.split_reads,
                -j.fragments,
                j.five_gene,
                j.five_pos,
                j.three_gene,
                j.three_pos,
            )
        )
        one_sided = find_one_sided(self._panel, still_open)
        return Calls(tuple(junctions), tuple(one_sided), evidence.coverage)

    def _supports(self, fragments: list[Fragment]) -> dict[str, list[tuple[Junction, Support]]]:
        """Return the junctions that each fragment supports about equally well."""
        catalogue = self._add(self._panel.catalogue)
        proposed = self._add(sorted(propose(self._proposer, fragments), key=_order))
        supports = self._evaluate(fragments, [*catalogue, *proposed])
        counted = {
            name for name, found in supports.items() if any(support.kind != "short" for _, support in found)
        }
        bridging = {
            junction
            for fragment in fragments
            if fragment.name not in counted
            for junction in self._proposer.from_spanning_pair(fragment)
        }
        fresh = self._add(sorted(bridging, key=_order))
        if fresh:
            for name, found in self._evaluate(fragments, fresh).items():
                supports.setdefault(name, []).extend(found)
        return {name: self._near_best(found) for name, found in supports.items()}

    def _add(self, junctions: Iterable[Junction]) -> list[JunctionModel]:
        """Return models of the junctions that are new and usable."""
        fresh = []
        for junction in junctions:
            if junction in self._models:
                continue
            model = JunctionModel(self._panel, self._contigs, junction, self._anchors.find(junction))
            if model.usable:
                self._models[junction] = model
                fresh.append(model)
        return fresh

    def _evaluate(
        self, fragments: Iterable[Fragment], models: list[JunctionModel]
    ) -> dict[str, list[tuple[Junction, Support]]]:
        found: dict[str, list[tuple[Junction, Support]]] = {}
        for fragment in fragments:
            for model in relevant(models, fragment):
                support = self._realigner.support(fragment, model)
                if support:
                    found.setdefault(fragment.name, []).append((model.junction, support))
        return found

    def _near_best(self, found: list[tuple[Junction, Support]]) -> list[tuple[Junction, Support]]:
        """Keep the junctions that explain a fragment with fewer than `margin` edits above the best."""
        limit = min(support.edits for _, support in found) + self._parameters.margin
        return [item for item in found if item[1].edits < limit]

    def _assign(
        self, supports: Mapping[str, list[tuple[Junction, Support]]]
    ) -> dict[Junction, list[Support]]:
        """Give every fragment to one junction; those with a short support are given too, but not counted.

        The junction that most fragments support with a crossing read comes first; among equals a listed
        one, then one between exon borders. Anchors that end in a repeat fit several positions of an exon;
        this order gives them to the position that the longer anchors prove.
        """
        by_junction: dict[Junction, list[Support]] = {}
        for found in supports.values():
            for junction, support in found:
                by_junction.setdefault(junction, []).append(support)

        def rank(junction: Junction) -> tuple[object, ...]:
            group = by_junction[junction]
            return (
                -sum(support.kind == "split" for support in group),
                junction not in self._panel.catalogue,
                -self._proposer.boundaries.count(junction),
                -len(group),
                sum(support.edits for support in group),
                _order(junction),
            )

        assigned: dict[Junction, list[Support]] = {}
        taken: set[str] = set()
        for junction in sorted(by_junction, key=rank):
            group = [support for support in by_junction[junction] if support.fragment.name not in taken]
            counted = [support for support in group if support.kind != "short"]
            if counted:
                assigned[junction] = counted
                taken.update(support.fragment.name for support in group)
        return assigned

    def _called(self, junction: Junction, group: list[Support], coverage: Coverage) -> CalledJunction:
        unique = _unique(group)
        split = [reads for reads in unique if reads[0].kind == "split"]
        spanning = [reads for reads in unique if reads[0].kind == "spanning"]
        model = self._models[junction]
        five_flank, three_flank = model.flanks(FLANK)
        spec = self._panel.catalogue.get(junction)
        reads = tuple(_called_read(support, copies) for support, copies in split + spanning)
        boundaries = self._proposer.boundaries.count(junction)
        five, three = self._proofs(junction, [support for support, _ in unique])
        return CalledJunction(
            five_gene=junction.five_gene,
            five_pos=junction.five_pos,
            three_gene=junction.three_gene,
            three_pos=junction.three_pos,
            catalogue_id=spec.id if spec else None,
            boundaries=boundaries,
            split_reads=len(split),
            spanning_pairs=len(spanning),
            split_with_duplicates=sum(copies for _, copies in split),
            spanning_with_duplicates=sum(copies for _, copies in spanning),
            max_anchor_five_prime=max((read.anchor_five_prime for read in reads), default=0),
            max_anchor_three_prime=max((read.anchor_three_prime for read in reads), default=0),
            wild_type_five_prime=crossing_of_gene(
                self._panel, coverage, junction.five_gene, junction.five_pos, behind=True
            ),
            wild_type_three_prime=crossing_of_gene(
                self._panel, coverage, junction.three_gene, junction.three_pos, behind=False
            ),
            flank_five_prime=five_flank,
            flank_three_prime=three_flank,
            reads=reads,
            rejections=self._rejections(junction, len(split), boundaries, five.credible and three.credible),
            unique_five_prime=five.unique,
            elsewhere_five_prime=five.elsewhere,
            unique_three_prime=three.unique,
            elsewhere_three_prime=three.elsewhere,
        )

    def _proofs(self, junction: Junction, supports: list[Support]) -> tuple[SideCount, SideCount]:
        """Count on each side the fragments that the whole genome proves to come from the gene."""
        specificity = self._panel.specificity
        if specificity is None:
            return SideCount(0, 0, 0), SideCount(0, 0, 0)
        sides = [support.sides for support in supports]
        return (
            SideCount.of(specificity.proof(junction.five_gene, five) for five, _ in sides),
            SideCount.of(specificity.proof(junction.three_gene, three) for _, three in sides),
        )

    def _rejections(self, junction: Junction, split: int, boundaries: int, credible: bool) -> tuple[str, ...]:
        """Return the codes of the reasons that keep a junction from being reported."""
        listed = junction in self._panel.catalogue
        reasons = [] if credible else ["SEQUENCE_ELSEWHERE"]
        targets = self._panel.spec.genes_with_role("target")
        if junction.five_gene not in targets and junction.three_gene not in targets:
            reasons.append("NO_TARGET_GENE")
        if not listed and any(
            (artefact.five_prime, artefact.three_prime) == (junction.five_gene, junction.three_gene)
            for artefact in self._panel.spec.artefacts
        ):
            reasons.append("SEEN_IN_NORMAL_TISSUE")
        if not split:
            reasons.append("NO_SPLIT_READ")
        elif not listed and split < self._parameters.needed_split_fragments(boundaries):
            reasons.append("TOO_FEW_FRAGMENTS")
        return tuple(reasons)


def _order(junction: Junction) -> tuple[str, int, str, int]:
    return junction.five_gene, junction.five_pos, junction.three_gene, junction.three_pos


def _unique(group: Iterable[Support]) -> list[tuple[Support, int]]:
    """Remove duplicates by the fragment's place on the fusion transcript, copies added up.

    Copies of one molecule may have been aligned with either gene in front; on the junction they lie in the
    same place. Of several the one with the fewest edits, then the first name, is kept. Single reads are told
    apart by both their ends, as before.
    """
    kept: dict[tuple[int, int, bool], tuple[Support, int]] = {}
    for support in sorted(group, key=lambda s: (s.kind != "split", s.edits, s.fragment.name)):
        held = kept.get(support.span)
        if held is None:
            kept[support.span] = (support, support.fragment.copies)
        else:
            kept[support.span] = (held[0], held[1] + support.fragment.copies)
    return sorted(kept.values(), key=lambda item: (item[0].span, item[0].fragment.name))


def _called_read(support: Support, copies: int) -> CalledRead:
    five, three = support.anchors
    laid = support.laid[support.crossing]
    assert laid is not None
    sequence = support.fragment.mates[support.crossing].sequence
    return CalledRead(
        name=support.fragment.name,
        kind=support.kind,
        copies=copies,
        anchor_five_prime=five,
        anchor_three_prime=three,
        mismatches=support.edits,
        sequence=reverse_complement(sequence) if laid.reverse else sequence,
        offset=laid.start,
    )


def run_call(
    panel_directory: Path,
    evidence_path: Path,
    output: Path,
    parameters: CallParameters,
    *,
    force: bool = False,
) -> Calls:
    """Call the junctions of one sample and write them.

    Args:
        panel_directory: built panel.
        evidence_path: file written by `aspsfusion evidence`.
        output: JSON to write.
        parameters: thresholds.
        force: replace an existing file.

    Raises:
        ReadsError: the evidence can not be read.
    """
    panel = load_panel(panel_directory)
    evidence = read_evidence(evidence_path)
    calls = Caller(panel, parameters).call(evidence)
    record = CallsFile(calls, evidence.candidates, evidence.duplicates, evidence.median_insert, parameters)
    with replacing(output, force=force) as draft:
        write_calls(record, draft)
    return calls
