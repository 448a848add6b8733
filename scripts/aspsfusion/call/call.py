"""Calls junctions: decides for every open fragment between the wild type and the candidate junctions.

Each fragment goes to one junction at the most, each molecule of a junction is counted once, and the filters
say which junctions are reported. What is left with the wild type is counted there; what is left after that
may show a one-sided break.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from aspsfusion.call.assign import Assigned, SupportFinder
from aspsfusion.call.bridges import BridgeFinder
from aspsfusion.call.calls_file import CalledJunction, CalledRead, Calls, CallsFile, MatePlace, write_calls
from aspsfusion.call.clips import clips_of
from aspsfusion.call.filters import among_chimeras, beside_stronger, homology, rejections
from aspsfusion.call.internal import internal_events
from aspsfusion.call.junction import in_order
from aspsfusion.call.junction_copies import copies_of_one, uncut_length
from aspsfusion.call.listed_ends import at_listed_ends
from aspsfusion.call.one_sided import find_one_sided
from aspsfusion.call.support import PREFERENCE, Support
from aspsfusion.config import CallParameters
from aspsfusion.evidence.copies import Copies, join_copies
from aspsfusion.evidence.coverage import Coverage, WildTypeRules, count_wild_type, crossing_of_gene
from aspsfusion.evidence.diverged import diverged_fragments
from aspsfusion.evidence.ends import END_SLACK, End, Place, without_primed
from aspsfusion.evidence.evidence_file import Evidence, read_evidence
from aspsfusion.evidence.fixed_ends import MAX_PLACES, MIN_FRAGMENTS, MIN_SHARE
from aspsfusion.evidence.primers import Primer
from aspsfusion.evidence.umis import NO_UMIS, cluster_umis
from aspsfusion.io.files import replacing
from aspsfusion.io.workers import ALONE, Workers
from aspsfusion.panel.panel import Junction, Panel, load_panel
from aspsfusion.panel.specificity import SideCount

FLANK = 60
"""Bases of each side that the report shows of a junction."""

PROOF_SPLIT_FRAGMENTS = 2
"""Unique split fragments that prove a junction, so that fragments with short overhangs are counted there too:
one alone may be a chimera of library preparation."""


class Counted(NamedTuple):
    """A molecule of a junction.

    Attributes:
        support: of its best fragment.
        typable: whether that fragment fits no other known junction about as well.
        copies: fragments of the molecule.
    """

    support: Support
    typable: bool
    copies: int


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
        panel_directory: that the evidence was collected with.
        evidence_path: file written by `aspsfusion evidence`.
        output: JSON to write.
        parameters: thresholds.
        force: replace an existing file.

    Raises:
        ReadsError: the evidence cannot be read.
    """
    panel = load_panel(panel_directory)
    evidence = read_evidence(evidence_path)
    record = Caller(panel, parameters).calls_of(evidence)
    with replacing(output, force=force) as draft:
        write_calls(record, draft)
    return record.calls


class Caller:
    """Calls the junctions of any number of samples.

    Args:
        panel: that the evidence was collected with.
        parameters: thresholds.
        long_reads: whether the reads are long.

    Attributes:
        panel: that the evidence was collected with.
        parameters: thresholds.
        finder: tests fragments at junctions.
        bridges: compares the fragments that no reported junction explains.
    """

    def __init__(self, panel: Panel, parameters: CallParameters, *, long_reads: bool = False) -> None:
        self.panel = panel
        self.parameters = parameters
        self.finder = SupportFinder(panel, parameters, known_first=long_reads)
        self.bridges = BridgeFinder(panel, self.finder, parameters)

    def calls_of(self, evidence: Evidence, workers: Workers = ALONE) -> CallsFile:
        """Return the calls of a sample as they are written, see `call`."""
        caller = self.for_reads_of(evidence)
        return CallsFile(
            caller.call(evidence, workers),
            evidence.candidates,
            evidence.duplicates,
            evidence.median_insert,
            caller.parameters,
            evidence.umi_source,
            evidence.unused_umi,
            evidence.primers,
            evidence.long_reads,
        )

    def for_reads_of(self, evidence: Evidence) -> "Caller":
        """Return the caller for a sample: this one, or that of the sample's long reads."""
        if evidence.long_reads is None:
            return self
        return Caller(self.panel, evidence.long_reads.thresholds(self.parameters), long_reads=True)

    def call(self, evidence: Evidence, workers: Workers = ALONE) -> Calls:
        """Decide on every open fragment of a sample; the evidence itself stays as it is.

        Raises:
            SettledInDoubtError: the sample must be done again without settling reads with two edits.
        """
        assignment = self.finder.assign(self.finder.find(evidence.fragments, evidence.twice, workers))
        coverage = evidence.coverage.copy()
        left = [fragment for fragment in evidence.fragments if fragment.number not in assignment.numbers]
        rules = WildTypeRules.of(self.panel, self.parameters)
        diverged = diverged_fragments(
            left, coverage, self.finder.contigs, rules.ranks, self.parameters.margin, evidence.twice
        )
        coverage.diverged = dict(Counter(diverged.values()))
        rules = replace(rules, diverged=diverged)
        unexplained = [fragment for fragment in left if not count_wild_type(coverage, fragment, rules)]
        read_length = uncut_length(evidence.fragments)
        molecules = {
            junction: unique_reads(group)
            if evidence.long_reads
            else unique_molecules(
                group,
                self._primed(junction, evidence.primers),
                read_length=read_length,
                umi_values=evidence.umi_values,
                misread_runs=evidence.misread_runs,
            )
            for junction, group in assignment.junctions.items()
        }
        junctions = [
            self._with_ends(self._called(junction, found, coverage), found, evidence)
            for junction, found in molecules.items()
        ]
        junctions = [
            replace(j, rejections=(*j.rejections, "BESIDE_STRONGER_JUNCTION"))
            if beside_stronger(self.panel, j, junctions)
            else j
            for j in junctions
        ]
        if evidence.long_reads is not None:
            junctions = [
                replace(j, rejections=(*j.rejections, "AMONG_CHIMERAS"))
                if among_chimeras(j, junctions)
                else j
                for j in junctions
            ]
        supports = {junction: [item.support for item in found] for junction, found in molecules.items()}
        # What only touches a junction that proves to be none may be of another one.
        loose = [f for j in junctions if j.rejections for f in assignment.touching[j.junction]]
        joined = self.bridges.compare(
            junctions, supports, [*unexplained, *loose], evidence.long_insert or self.parameters.max_insert
        )
        junctions, bridges = list(joined.junctions), joined.bridges
        junctions.sort(
            key=lambda j: (bool(j.rejections), -j.split_reads, -j.fragments, *in_order(j.junction))
        )
        clips = clips_of(self.panel, unexplained)
        one_sided = find_one_sided(self.panel, clips)
        at_ends = [*clips, *clips_of(self.panel, loose)]
        listed_ends = at_listed_ends(self.panel, at_ends, junctions, supports, bridges)
        internal = internal_events(self.panel, unexplained, coverage)
        return Calls(tuple(junctions), tuple(one_sided), coverage, bridges, internal, listed_ends, diverged)

    def _with_ends(
        self, called: CalledJunction, molecules: list[Counted], evidence: Evidence
    ) -> CalledJunction:
        """Return a junction with the fragments at fixed ends, which UMIs need not.

        Where long reads of a junction that is not between exon borders have ends in common, they may be
        copies of one molecule that template switching made; errors may have changed its UMI.
        """
        have_umis, long = evidence.umi_source != NO_UMIS, evidence.long_reads
        if long is None:
            return called if have_umis else replace(called, fixed_ends=fixed_ends(molecules))
        numbers = [item.support.fragment.number for item in molecules]
        if not have_umis:
            called = replace(called, fixed_ends=long.fixed_ends(numbers))
        if called.known_place is None and long.copies_of_one(numbers):
            return replace(called, rejections=(*called.rejections, "ONE_MOLECULE"))
        return called

    def _called(self, junction: Junction, molecules: list[Counted], coverage: Coverage) -> CalledJunction:
        """Return a junction with the counts of its molecules."""
        model = self.finder.model(junction)
        assert model is not None  # fragments were aligned to it
        split, spanning, short = (
            [item for item in molecules if item.support.kind == kind]
            for kind in ("split", "spanning", "short")
        )
        if len(split) < PROOF_SPLIT_FRAGMENTS:
            short = []
        five_flank, three_flank = model.flanks(FLANK)
        known = self.finder.known_place(junction)
        # Where exons are joined, wild type is counted at their borders, whatever is lost or inserted there.
        place = known or junction
        spec = self.panel.catalogue.get(place)
        five, three = self._proofs(junction, [item.support for item in molecules])
        anchors = [item.support.anchors for item in split]
        called = CalledJunction(
            five_gene=junction.five_gene,
            five_pos=junction.five_pos,
            three_gene=junction.three_gene,
            three_pos=junction.three_pos,
            catalogue_id=spec.id if spec else None,
            boundaries=self.finder.boundaries(junction),
            split_reads=len(split),
            spanning_pairs=len(spanning),
            short_overhangs=len(short),
            split_with_duplicates=sum(item.copies for item in split),
            spanning_with_duplicates=sum(item.copies for item in spanning),
            short_with_duplicates=sum(item.copies for item in short),
            homology=0 if junction.inserted else homology(self.finder.contigs, model),
            max_anchor_five_prime=max((a.five_prime for a in anchors), default=0),
            max_anchor_three_prime=max((a.three_prime for a in anchors), default=0),
            wild_type_five_prime=crossing_of_gene(
                self.panel, coverage, place.five_gene, place.five_pos, after=True
            ),
            wild_type_three_prime=crossing_of_gene(
                self.panel, coverage, place.three_gene, place.three_pos, after=False
            ),
            flank_five_prime=five_flank,
            flank_three_prime=three_flank,
            reads=tuple(_called_read(item) for item in split + spanning + short),
            rejections=(),
            unique_five_prime=five.unique,
            elsewhere_five_prime=five.elsewhere,
            unique_three_prime=three.unique,
            elsewhere_three_prime=three.elsewhere,
            inserted=junction.inserted,
            known_five_pos=known.five_pos if known else None,
            known_three_pos=known.three_pos if known else None,
        )
        return replace(called, rejections=rejections(self.panel, called, self.parameters))

    def _primed(self, junction: Junction, primers: Iterable[Primer]) -> set[Place]:
        """Return the places on a junction at which reads from primers begin, as `Support.shown` has them."""
        model = self.finder.model(junction)
        assert model is not None  # fragments were aligned to it
        inserted = len(junction.inserted)
        return {
            ("", place.reverse, position - boundary - (inserted if side.five_prime else 0))
            for primer in primers
            for place in primer.places
            for side in (model.five, model.three)
            if (boundary := side.boundaries.get(place.contig)) is not None
            for position in place.first_bases
            if (position < boundary) == side.five_prime
        }

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


def unique_molecules(
    group: Iterable[Assigned],
    primed: Collection[Place] = (),
    *,
    read_length: int,
    umi_values: int,
    misread_runs: bool,
) -> list[Counted]:
    """Return the molecules among the fragments of a junction, each once.

    Copies of one molecule may have been aligned with either gene first; on the junction they begin at the
    same place. Of several the one with the strongest kind of support, the fewest edits, then the lowest
    number is kept. UMIs distinguish molecules of one place, as in `evidence.copies`.

    Args:
        group: fragments that count.
        primed: places at which reads from primers begin, see `evidence.ends.without_primed`.
        read_length: see `copies_of_one`.
        umi_values: the same.
        misread_runs: see `evidence.copies.join_copies`.
    """
    copies = [
        Copies(
            _strength(item),
            item,
            item.support.fragment.umis,
            without_primed(item.support.shown, primed),
            item.support.fragment.copies,
        )
        for item in group
    ]
    have_umis = any(any(each.umis) for each in copies)
    found = sorted(
        join_copies(copies, have_umis=have_umis, misread_runs=misread_runs), key=lambda each: each.rank
    )
    alone = [Copies(each.rank, each.item.support, each.umis, each.shown, each.count) for each in found]
    kept = [
        Counted(*found[group[0]].item, sum(found[index].count for index in group))
        for group in copies_of_one(alone, read_length, umi_values)
    ]
    return sorted(kept, key=lambda item: (item.support.reach, item.support.fragment.number))


def unique_reads(group: Iterable[Assigned]) -> list[Counted]:
    """Return the molecules among the long reads of a junction: each read one, or all of one UMI.

    Where a read begins and ends does not distinguish molecules: whole transcripts have their ends in common.
    """
    ordered = sorted(group, key=_strength)
    chosen = cluster_umis(item.support.fragment.umis[0] for item in ordered)
    copies = Counter(chosen[item.support.fragment.umis[0]] for item in ordered)
    kept: dict[object, Counted] = {}
    for item in ordered:
        umi = chosen[item.support.fragment.umis[0]]
        kept.setdefault(umi or item.support.fragment.number, Counted(*item, copies[umi] if umi else 1))
    return sorted(kept.values(), key=lambda item: (item.support.reach, item.support.fragment.number))


def fixed_ends(molecules: Iterable[Counted]) -> tuple[int, ...]:
    """Return the fragments, copies counted, at each of the few pairs of ends that most share; else nothing.

    Ends within END_SLACK are one: errors move an end, and some of a primer's copies lack its first bases.
    """
    left: Counter[tuple[End, ...]] = Counter()
    for item in molecules:
        left[tuple(end._replace(run=None, clear=True) for end in item.support.shown.ends)] += item.copies
    shared: list[int] = []
    total = left.total()
    while left and len(shared) < MAX_PLACES:
        ((main, _),) = left.most_common(1)
        near = [ends for ends in left if _near(main, ends)]
        shared.append(sum(left.pop(ends) for ends in near))
    return tuple(shared) if total >= MIN_FRAGMENTS and sum(shared) >= MIN_SHARE * total else ()


def _near(ends: tuple[End, ...], others: tuple[End, ...]) -> bool:
    return [end[:2] for end in ends] == [end[:2] for end in others] and all(
        abs(one.position - other.position) <= END_SLACK for one, other in zip(ends, others, strict=True)
    )


def _strength(item: Assigned) -> tuple[int, int, int]:
    support = item.support
    return PREFERENCE[support.kind], support.edits, support.fragment.number


def _called_read(item: Counted) -> CalledRead:
    """Return a molecule as the calls file has it."""
    support = item.support
    crossing = support.reads[support.crossing]
    assert crossing is not None
    assert support.kind != "touching"
    return CalledRead(
        number=support.fragment.number,
        label=support.fragment.label,
        kind=support.kind,
        copies=item.copies,
        typable=item.typable,
        anchor_five_prime=support.anchors.five_prime,
        anchor_three_prime=support.anchors.three_prime,
        mismatches=support.edits,
        sequence=support.fragment.mates[support.crossing].oriented(reverse=crossing.reverse),
        offset=crossing.start,
        places=tuple(
            MatePlace(mate.number, read.reverse, read.start, read.edits)
            for mate, read in zip(support.fragment.mates, support.reads, strict=True)
            if read is not None
        ),
    )
