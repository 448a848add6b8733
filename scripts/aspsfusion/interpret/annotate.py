"""Describes called junctions in the field's terms: exons, HGVS, frame, domains, type, confidence."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aspsfusion.call.borders import signed_distance
from aspsfusion.call.calls_file import Bridge, CalledJunction, InternalEvent, OneSidedCluster
from aspsfusion.call.filters import rejection_reasons
from aspsfusion.call.one_sided import on_kept_side
from aspsfusion.config import BOTH_SIDES, CallParameters
from aspsfusion.interpret.nomenclature import fusion_name, translocation
from aspsfusion.interpret.protein import domain_status, fusion_peptide, in_frame, missing_product
from aspsfusion.interpret.variants import MIN_READS, change_name, shared_changes, with_indels
from aspsfusion.panel.panel import Panel, Transcript
from aspsfusion.report.findings import (
    Confidence,
    FilteredFusion,
    FilteredOneSided,
    Fusion,
    FusionSide,
    InternalJoin,
    OneSided,
    Reason,
    Region,
    SupportingRead,
    UnexplainedBridge,
)

HIGH_CONFIDENCE_SPLIT = 5
"""Unique crossing fragments from which a call between exon borders counts as high confidence: half of the ten
fusion reads, with five unique molecules, that a published sarcoma panel validated as its sensitivity
(Marshfield Labs test 26294) must be unique molecules."""

MEDIUM_CONFIDENCE_SPLIT = 2
FRACTION_DECIMALS = 4

COUNTED = ("split_reads", "spanning_pairs", "fragments", "fragments_with_duplicates")
OF_A_FUSION = (
    *("short_overhangs", "max_anchor_five_prime", "max_anchor_three_prime", "wild_type_five_prime"),
    *("wild_type_three_prime", "catalogue_id"),
)
OF_A_READ = (
    *("number", "kind", "copies", "typable", "anchor_five_prime", "anchor_three_prime", "mismatches"),
    *("sequence", "offset"),
)
"""Fields that a candidate, a fusion and a read of the report have as the calls have them."""

ONE_SIDED_REASONS = {
    "LOW_COMPLEXITY": "The sequence beyond the break is a simple repeat, such as a poly-A tail.",
    "ADAPTER": "The sequence beyond the break contains an adapter of the library.",
}


def annotate_fusions(
    panel: Panel, junctions: Iterable[CalledJunction], variant_reads: int = MIN_READS
) -> list[Fusion]:
    """Return the report's records of the reported junctions, those of one rearrangement joined.

    Junctions with the same 5' and the same 3' gene are one event: one rearrangement, spliced in several ways,
    or one with several breakpoints. For `variant_reads` see `shared_changes`.
    """
    fusions = [_annotate_fusion(panel, junction, variant_reads) for junction in junctions]
    totals = Counter[str]()
    for fusion in fusions:
        totals[fusion.name] += fusion.fragments
    return [
        fusion.model_copy(update={"event": fusion.name, "event_fragments": totals[fusion.name]})
        for fusion in fusions
    ]


def _annotate_fusion(panel: Panel, junction: CalledJunction, variant_reads: int) -> Fusion:
    target = panel.spec.target
    five, three = _sides(panel, junction)
    inserted = junction.inserted
    spec = next((j for j in panel.spec.junctions if j.id == junction.catalogue_id), None)
    total = junction.split_reads + junction.wild_type_three_prime
    grade, reasons = confidence(junction)
    five_tx = panel.transcripts[f"{five.gene}|{five.transcript}"]
    three_tx = panel.transcripts[f"{three.gene}|{three.transcript}"]
    name = f"{junction.five_gene}::{junction.three_gene}"
    shared = shared_changes(junction, variant_reads)
    five_coding = _coding(panel, five_tx, junction.five_pos)
    three_coding = _coding(panel, three_tx, junction.three_pos)
    coded = with_indels(junction, shared, five_coding, three_coding)
    return Fusion(
        name=name,
        type=spec.type if spec else "",
        old_name=spec.old_name if spec else "",
        is_target=name == target.fusion,
        reciprocal=(junction.five_gene, junction.three_gene) == (target.three_prime, target.five_prime),
        diseases=list(
            dict.fromkeys(j.disease for j in panel.spec.junctions if j.fusion == name and j.disease)
        ),
        five_prime=five,
        three_prime=three,
        inserted_sequence=inserted,
        deviation="; ".join(
            filter(
                None,
                [
                    deviation(panel, junction),
                    *(change_name(junction, change, five_tx, three_tx) for change in shared),
                ],
            )
        ),
        known_place=junction.known_place is not None,
        hgvs=fusion_name(five_tx, junction.five_pos, three_tx, junction.three_pos, inserted),
        in_frame=in_frame(five_coding, coded.five_pos, three_coding, coded.three_pos, coded.inserted),
        **_same(junction, *COUNTED, *OF_A_FUSION),
        not_typable=sum(not read.typable for read in junction.reads),
        split_reads_with_duplicates=junction.split_with_duplicates,
        spanning_pairs_with_duplicates=junction.spanning_with_duplicates,
        fixed_ends=list(junction.fixed_ends),
        fraction_three_prime=round(junction.split_reads / total, FRACTION_DECIMALS) if total else None,
        confidence=grade,
        confidence_reasons=reasons,
        junction_sequence="|".join(
            [junction.flank_five_prime, *([inserted.lower()] if inserted else []), junction.flank_three_prime]
        ),
        retained_domains=domain_status(
            panel, junction.five_gene, junction.five_pos, junction.three_gene, junction.three_pos
        ),
        peptide=fusion_peptide(five_coding, coded.five_pos, three_coding, coded.three_pos, coded.inserted),
        no_product=missing_product(five_coding, junction.five_pos, three_coding, junction.three_pos),
        translocation=translocation(panel.spec, junction.five_gene, junction.three_gene),
        reads=[SupportingRead(name=read.label, **_same(read, *OF_A_READ)) for read in junction.reads],
    )


def _same(record: object, *names: str) -> dict[str, Any]:
    """Return fields of a record of the calls that the report has under the same names."""
    return {name: getattr(record, name) for name in names}


def _coding(panel: Panel, transcript: Transcript, position: int) -> Transcript:
    """Return the transcript whose reading frame counts: the primary one wherever it holds the joined base.

    A side is named on another transcript where an exon of that one ends; many of those have no reading
    frame, or a part of it.
    """
    primary = panel.primary[transcript.gene]
    return transcript if primary.from_genome(position) is None else primary


def annotate_filtered(panel: Panel, junction: CalledJunction, parameters: CallParameters) -> FilteredFusion:
    """Return the report's record of a candidate that is not reported, with its reasons in words."""
    five, three = _sides(panel, junction)
    return FilteredFusion(
        name=f"{junction.five_gene}::{junction.three_gene}",
        five_prime=five,
        three_prime=three,
        inserted_sequence=junction.inserted,
        known_place=junction.known_place is not None,
        listed=junction.catalogue_id is not None,
        **_same(junction, *COUNTED),
        fixed_ends=list(junction.fixed_ends),
        agreeing_split_reads=junction.agreeing_split,
        agreeing_fragments=junction.agreeing,
        reasons=rejection_reasons(panel, junction, parameters),
    )


def annotate_bridges(panel: Panel, bridges: Iterable[Bridge]) -> list[UnexplainedBridge]:
    """Return the report's records of fragments that join the target genes without a junction."""
    return [
        UnexplainedBridge(
            number=bridge.number,
            name=bridge.label,
            five_prime=fusion_side(panel, bridge.five_gene, bridge.five_pos, last=True),
            three_prime=fusion_side(panel, bridge.three_gene, bridge.three_pos, last=False),
            inserted_sequence=bridge.inserted,
            listed=bridge.listed,
            split_reads=int(bridge.split),
            agreeing_split_reads=bridge.agreeing_split,
            agreeing_fragments=bridge.agreeing,
        )
        for bridge in bridges
    ]


def annotate_internal(panel: Panel, events: Iterable[InternalEvent]) -> list[InternalJoin]:
    """Return the report's records of deletions and duplications within a target gene."""
    return [
        InternalJoin(
            five_prime=fusion_side(panel, event.gene, event.last_pos, last=True),
            three_prime=fusion_side(panel, event.gene, event.first_pos, last=False),
            **_same(event, "gene", "kind", "length", "fragments", "wild_type"),
        )
        for event in events
    ]


def annotate_one_sided(panel: Panel, clusters: Iterable[OneSidedCluster]) -> list[OneSided]:
    """Return the report's records of one-sided breakpoints."""
    return [_annotate_break(panel, cluster) for cluster in clusters]


def _annotate_break(panel: Panel, cluster: OneSidedCluster) -> OneSided:
    site = _site(panel, cluster.gene, cluster.position, last=not cluster.enters)
    return OneSided(
        gene=cluster.gene,
        exon=site.exon,
        chrom=site.transcript.chrom,
        pos=cluster.position + 1,
        fragments=cluster.fragments,
        clipped_consensus=cluster.consensus,
        kept_side=on_kept_side(panel, cluster),
    )


def annotate_filtered_one_sided(panel: Panel, clusters: Iterable[OneSidedCluster]) -> list[FilteredOneSided]:
    """Return the report's records of one-sided breakpoints that are no finding."""
    return [
        FilteredOneSided(
            **dict(_annotate_break(panel, cluster)),
            reasons=[Reason(code=cluster.rejection, text=ONE_SIDED_REASONS[cluster.rejection])],
        )
        for cluster in clusters
        if cluster.rejection
    ]


def confidence(junction: CalledJunction) -> tuple[Confidence, list[str]]:
    """Grade a junction by what is known of its place and by its crossing fragments."""
    borders = {
        BOTH_SIDES: "both breakpoints lie at exon borders",
        1: "one breakpoint lies inside an exon or intron",
        0: "both breakpoints lie inside exons or introns",
    }
    listed = "the junction is listed in the panel"
    if junction.known_place and junction.deviates:
        variant = "a listed junction" if junction.catalogue_id else "a junction between exon borders"
        reasons = [f"the junction is a variant of {variant}"]
    else:
        reasons = [listed if junction.catalogue_id else borders[junction.boundaries]]
    split = junction.split_reads
    reasons.append(f"{split} unique fragment{'s' if split != 1 else ''} cross{'es' if split == 1 else ''} it")
    reasons.append(
        f"longest anchors {junction.max_anchor_five_prime} and {junction.max_anchor_three_prime} nt"
    )
    known_place = junction.known_place is not None
    if split >= HIGH_CONFIDENCE_SPLIT:
        return "high" if known_place else "medium", reasons
    return "medium" if known_place and split >= MEDIUM_CONFIDENCE_SPLIT else "low", reasons


def deviation(panel: Panel, junction: CalledJunction) -> str:
    """Return in words what distinguishes a junction from the known one that it is a variant of.

    Inserted bases are named at any other junction too; empty where there is nothing to say.
    """
    known = junction.known_place
    parts = []
    if known is not None:
        five = signed_distance(panel, junction.five_gene, junction.five_pos, known.five_pos)
        three = signed_distance(panel, junction.three_gene, known.three_pos, junction.three_pos)
        places = (
            (five, junction.five_gene, known.five_pos, True),
            (three, junction.three_gene, known.three_pos, False),
        )
        for lost, gene, position, last in places:
            words = f"{gene} {_site(panel, gene, position, last=last).words}"
            if lost > 0:
                parts.append(f"{lost} nt lost at the {words}")
            elif lost < 0:
                parts.append(f"{-lost} further nt of the gene {'after' if last else 'before'} the {words}")
    if junction.inserted:
        parts.append(f"{len(junction.inserted)} nt inserted ({junction.inserted})")
    return "; ".join(parts)


def _sides(panel: Panel, junction: CalledJunction) -> tuple[FusionSide, FusionSide]:
    """Return both sides of a junction; exons are those of the known junction that it is a variant of."""
    known = junction.known_place
    five = fusion_side(panel, junction.five_gene, junction.five_pos, last=True)
    three = fusion_side(panel, junction.three_gene, junction.three_pos, last=False)
    if known is not None:
        five_exon = _site(panel, five.gene, known.five_pos, last=True).exon or five.exon
        three_exon = _site(panel, three.gene, known.three_pos, last=False).exon or three.exon
        five = five.model_copy(update={"exon": five_exon})
        three = three.model_copy(update={"exon": three_exon})
    return five, three


def fusion_side(panel: Panel, gene: str, position: int, *, last: bool) -> FusionSide:
    """Return one side of a junction for the report.

    The genomic position is 0-based, of the `last` base of the 5' gene or else the first one of the 3' gene.
    """
    site = _site(panel, gene, position, last=last)
    tx_pos = site.transcript.from_genome(position)
    return FusionSide(
        gene=gene,
        hgnc=panel.spec.gene(gene).hgnc,
        transcript=site.transcript.name,
        exon=site.exon,
        chrom=site.transcript.chrom,
        pos=position + 1,
        strand="+" if site.transcript.strand == "+" else "-",
        at_exon_boundary=site.at_boundary,
        site=site.words,
        tx_pos=None if tx_pos is None else tx_pos + 1,
        intron=site.intron,
        region=_region(site, tx_pos),
    )


@dataclass(frozen=True)
class _Site:
    """Where a genomic base lies in a gene."""

    transcript: Transcript
    exon: int | None
    at_boundary: bool
    words: str
    intron: int | None = None


def _site(panel: Panel, gene: str, position: int, *, last: bool) -> _Site:
    """Find the transcript and exon of a joined base.

    The primary transcript is preferred, but a transcript in which the base is an exon's end (5' side) or
    start (3' side) explains the junction better than one in which it lies inside an exon.
    """
    inside: _Site | None = None
    for transcript in panel.by_gene[gene]:
        tx_pos = transcript.from_genome(position)
        if tx_pos is None:
            continue
        exon = transcript.exon_at(tx_pos)
        outermost = len(transcript.exons) if last else 1
        border = exon.tx_end - 1 if last else exon.tx_start
        name = f"exon {exon.number}" + ("" if transcript.primary else f" of {transcript.name}")
        if tx_pos == border and exon.number != outermost:
            return _Site(transcript, exon.number, True, f"{'end' if last else 'start'} of {name}")
        inside = inside or _Site(transcript, exon.number, False, f"inside {name}")
    if inside is not None:
        return inside
    primary = panel.primary[gene]
    sense = 1 if primary.strand == "+" else -1
    before = sum((position - primary.to_genome(exon.tx_end - 1)) * sense > 0 for exon in primary.exons)
    if 0 < before < len(primary.exons):
        return _Site(primary, None, False, f"inside intron {before}", before)
    return _Site(primary, None, False, "after the last exon" if before else "before exon 1")


def _region(site: _Site, tx_pos: int | None) -> Region:
    """Return what a joined base belongs to."""
    if tx_pos is None:
        return "intergenic" if site.intron is None else "intron"
    if site.transcript.cds is None:
        return "exon"
    start, end = site.transcript.cds
    return "5' UTR" if tx_pos < start else "3' UTR" if tx_pos >= end else "CDS"
