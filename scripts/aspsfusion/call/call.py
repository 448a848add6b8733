"""Fifth stage: decides for every open fragment between the wild type and the candidate junctions.

Each fragment goes to one junction at the most. What is left with the wild type is counted there.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from aspsfusion.call.assign import Assigned, SupportFinder, Supports, called_read, in_order, unique_molecules
from aspsfusion.call.calls_file import CalledJunction, Calls, CallsFile, write_calls
from aspsfusion.call.filters import beside_stronger, homology, rejections
from aspsfusion.call.one_sided import find_one_sided
from aspsfusion.call.realign import Support
from aspsfusion.config import CallParameters
from aspsfusion.evidence.coverage import Coverage, WildTypeRules, count_wild_type, crossing_of_gene
from aspsfusion.evidence.evidence_file import Evidence, read_evidence
from aspsfusion.evidence.fragments import Fragment
from aspsfusion.io.files import replacing
from aspsfusion.panel.panel import Junction, Panel, load_panel
from aspsfusion.panel.specificity import SideCount

FLANK = 60
"""Bases of each side that the report shows of a junction."""

PROOF_SPLIT_FRAGMENTS = 2
"""Unique split fragments that prove a junction, so that fragments with short overhangs are counted there too:
one alone may be a chimera of library preparation."""


class Caller:
    """Calls the junctions of samples.

    Args:
        panel: built panel.
        parameters: thresholds.

    Attributes:
        panel: the same.
        parameters: the same.
    """

    def __init__(self, panel: Panel, parameters: CallParameters) -> None:
        self.panel = panel
        self.parameters = parameters
        self._finder = SupportFinder(panel, parameters)

    def calls_of(self, evidence: Evidence) -> CallsFile:
        """Return the calls of a sample as they are written, see `call`."""
        return CallsFile(
            self.call(evidence),
            evidence.candidates,
            evidence.duplicates,
            evidence.median_insert,
            self.parameters,
            evidence.umi,
        )

    def call(self, evidence: Evidence) -> Calls:
        """Decide on every open fragment of a sample.

        Args:
            evidence: as collected; its wild-type counts are completed in place.
        """
        supports = self._finder.find(evidence.fragments)
        assigned, taken = self._assign(supports)
        rules = WildTypeRules.of(self.panel, self.parameters)
        left = [fragment for fragment in evidence.fragments if fragment.name not in taken]
        still_open: list[Fragment] = []
        for fragment in left:
            if not count_wild_type(evidence.coverage, fragment, rules):
                still_open.append(fragment)
        junctions = [self._called(junction, group, evidence.coverage) for junction, group in assigned.items()]
        junctions = [
            replace(j, rejections=(*j.rejections, "BESIDE_STRONGER_JUNCTION"))
            if beside_stronger(self.panel, j, junctions)
            else j
            for j in junctions
        ]
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
        one_sided = find_one_sided(self.panel, still_open)
        return Calls(tuple(junctions), tuple(one_sided), evidence.coverage)

    def _assign(self, supports: Supports) -> tuple[dict[Junction, list[Assigned]], set[str]]:
        """Give every fragment to one junction; those that only touch it are taken along, but not counted.

        The junction that most fragments support with a crossing read comes first; among equals a listed
        one, then one between exon borders. Anchors that end in a repeat fit several positions of an exon;
        this order gives them to the position that the longer anchors prove. A place off the exon borders with
        too few fragments to be reported comes last: a sequencing error beside a junction makes a fragment
        fit a place some bases off a little better, and that must not hide what it says about the junction.
        """
        by_junction: dict[Junction, list[Support]] = {}
        best_for: Counter[Junction] = Counter()
        for found in supports.values():
            fewest = min(support.cost for _, support in found)
            for junction, support in found:
                by_junction.setdefault(junction, []).append(support)
                best_for[junction] += support.kind == "split" and support.cost == fewest

        def rank(junction: Junction) -> tuple[object, ...]:
            group = by_junction[junction]
            hardly_supported = (
                not self._finder.at_known_place(junction)
                and best_for[junction] < self.parameters.min_fragments_other
            )
            return (
                hardly_supported,
                -best_for[junction],
                junction not in self.panel.catalogue,
                -self._finder.boundaries(junction),
                -len(group),
                sum(support.cost for support in group),
                in_order(junction),
            )

        assigned: dict[Junction, list[Assigned]] = {}
        taken: set[str] = set()
        for junction in sorted(by_junction, key=rank):
            group = [support for support in by_junction[junction] if support.fragment.name not in taken]
            if any(support.kind in ("split", "spanning") for support in group):
                assigned[junction] = [
                    Assigned(support, self._typable(junction, supports[support.fragment.name]))
                    for support in group
                    if support.kind != "touching"
                ]
                taken.update(support.fragment.name for support in group)
        return assigned, taken

    def _typable(self, junction: Junction, found: list[tuple[Junction, Support]]) -> bool:
        """Whether no other known place explains a fragment about as well as the junction it was given to.

        Known places are listed junctions and those between exon borders; a pair that bridges a junction
        often fits several of them.
        """
        return not any(
            other != junction and support.kind != "touching" and self._finder.at_known_place(other)
            for other, support in found
        )

    def _called(self, junction: Junction, group: list[Assigned], coverage: Coverage) -> CalledJunction:
        unique = unique_molecules(group)
        split = [item for item in unique if item.support.kind == "split"]
        spanning = [item for item in unique if item.support.kind == "spanning"]
        short = [item for item in unique if item.support.kind == "short"]
        if len(split) < PROOF_SPLIT_FRAGMENTS:
            short = []
        model = self._finder.model(junction)
        five_flank, three_flank = model.flanks(FLANK)
        spec = self.panel.catalogue.get(junction)
        five, three = self._proofs(junction, [item.support for item in unique])
        reads = tuple(called_read(item) for item in split + spanning + short)
        called = CalledJunction(
            five_gene=junction.five_gene,
            five_pos=junction.five_pos,
            three_gene=junction.three_gene,
            three_pos=junction.three_pos,
            catalogue_id=spec.id if spec else None,
            boundaries=self._finder.boundaries(junction),
            split_reads=len(split),
            spanning_pairs=len(spanning),
            short_overhangs=len(short),
            split_with_duplicates=sum(item.copies for item in split),
            spanning_with_duplicates=sum(item.copies for item in spanning),
            short_with_duplicates=sum(item.copies for item in short),
            homology=homology(self._finder.contigs, model),
            max_anchor_five_prime=max((r.anchor_five_prime for r in reads if r.kind == "split"), default=0),
            max_anchor_three_prime=max((r.anchor_three_prime for r in reads if r.kind == "split"), default=0),
            wild_type_five_prime=crossing_of_gene(
                self.panel, coverage, junction.five_gene, junction.five_pos, after=True
            ),
            wild_type_three_prime=crossing_of_gene(
                self.panel, coverage, junction.three_gene, junction.three_pos, after=False
            ),
            flank_five_prime=five_flank,
            flank_three_prime=three_flank,
            reads=reads,
            rejections=(),
            unique_five_prime=five.unique,
            elsewhere_five_prime=five.elsewhere,
            unique_three_prime=three.unique,
            elsewhere_three_prime=three.elsewhere,
        )
        return replace(called, rejections=rejections(self.panel, called, self.parameters))

    def _proofs(self, junction: Junction, supports: list[Support]) -> tuple[SideCount, SideCount]:
        """Count on each side the fragments that the whole genome proves to come from the gene."""
        specificity = self.panel.specificity
        if specificity is None:
            return SideCount(0, 0, 0), SideCount(0, 0, 0)
        sides = [support.sides for support in supports]
        return (
            SideCount.of(specificity.proof(junction.five_gene, five) for five, _ in sides),
            SideCount.of(specificity.proof(junction.three_gene, three) for _, three in sides),
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
    record = Caller(panel, parameters).calls_of(evidence)
    with replacing(output, force=force) as draft:
        write_calls(record, draft)
    return record.calls
