"""What a page says about fusions: the evidence of each reported one and the list of the others."""

from dataclasses import dataclass

from aspsfusion.pileup import Pileup, build_pileup
from aspsfusion.records import FilteredFusion, Fusion, FusionSide, OneSided
from aspsfusion.view_parts import Fact, Table, columns, count, percent, plural


@dataclass(frozen=True)
class FusionView:
    """One reported fusion as the page shows it.

    Attributes:
        heading: name and type.
        marks: words beside the heading: target or not, reciprocal, confidence.
        facts: the evidence, name by name.
        breakpoints: gene, exon and genomic position of both sides.
        domains: what the fusion keeps of each protein domain; None when the panel knows none.
        pileup: split reads under the junction; None without split reads.
        folded: heading of the reads that are folded away.
        not_drawn: sentences on what the pile-up leaves out: reads beyond its limit and spanning pairs.
    """

    heading: str
    marks: tuple[str, ...]
    facts: tuple[Fact, ...]
    breakpoints: Table
    domains: Table | None
    pileup: Pileup | None
    folded: str
    not_drawn: tuple[str, ...]


def fusion_view(fusion: Fusion, build: str) -> FusionView:
    """Return a reported fusion as the page shows it.

    Args:
        fusion: the fusion.
        build: genome build of the positions.
    """
    pileup = build_pileup(fusion)
    return FusionView(
        heading=f"{fusion.name} {fusion.type}".strip(),
        marks=_marks(fusion),
        facts=(*_evidence(fusion), *_description(fusion)),
        breakpoints=Table(
            f"Breakpoints ({build})",
            columns("Side", "Gene", ("Position (strand)", "code"), "Joined base", "Transcript"),
            (_side_row("5'", fusion.five_prime), _side_row("3'", fusion.three_prime)),
        ),
        domains=_domains(fusion),
        pileup=pileup,
        folded=f"{plural(len(pileup.folded), 'more read')} with shorter anchors" if pileup else "",
        not_drawn=_not_drawn(fusion, pileup),
    )


def _marks(fusion: Fusion) -> tuple[str, ...]:
    kind = "the fusion looked for" if fusion.is_target else "another fusion"
    if fusion.reciprocal:
        kind = "reciprocal transcript"
    return kind, f"{fusion.confidence} confidence"


def _evidence(fusion: Fusion) -> tuple[Fact, ...]:
    five, three = fusion.five_prime.gene, fusion.three_prime.gene
    with_duplicates = (
        f"with duplicates {count(fusion.fragments_with_duplicates)}: "
        f"{count(fusion.split_reads_with_duplicates)} and {count(fusion.spanning_pairs_with_duplicates)}"
    )
    return (
        Fact(
            "Supporting fragments",
            f"{count(fusion.fragments)}: {plural(fusion.split_reads, 'split read')} and "
            f"{plural(fusion.spanning_pairs, 'spanning pair')}"
            + (f", {plural(fusion.short_overhangs, 'short overhang')}" if fusion.short_overhangs else ""),
            ("each fragment counted once, duplicates removed", with_duplicates),
        ),
        Fact(
            "Wild type",
            f"{plural(fusion.wild_type_five_prime, 'fragment')} of {five}, "
            f"{plural(fusion.wild_type_three_prime, 'fragment')} of {three}",
            ("fragments of the unfused genes at the two breakpoints",),
        ),
        Fact(
            f"Share of {three}",
            percent(fusion.fraction_three_prime),
            (f"split reads as a share of split reads and wild type of {three}",),
        ),
        Fact(
            "Longest anchors",
            f"{count(fusion.max_anchor_five_prime)} nt in {five}, "
            f"{count(fusion.max_anchor_three_prime)} nt in {three}",
        ),
        Fact("Confidence", fusion.confidence, tuple(fusion.confidence_reasons)),
    )


def _description(fusion: Fusion) -> tuple[Fact, ...]:
    five, three = fusion.five_prime, fusion.three_prime
    frame = {
        True: "kept (in frame)",
        False: "not kept (out of frame)",
        None: "not known: a transcript has no known reading frame",
    }
    return (
        Fact(
            "Exons",
            f"{five.gene} {five.site} :: {three.gene} {three.site}",
            (f"superseded numbering: {fusion.old_name}",) if fusion.old_name else (),
        ),
        Fact("RNA (HGVS)", fusion.hgvs, kind="code"),
        Fact("Reading frame", frame[fusion.in_frame]),
        Fact("Catalogue", fusion.catalogue_id or "not among the panel's listed junctions"),
        Fact("Junction sequence", fusion.junction_sequence, kind="code"),
    )


def _side_row(name: str, side: FusionSide) -> tuple[str, ...]:
    return name, side.gene, f"{side.chrom}:{side.pos} ({side.strand})", side.site, side.transcript


def _domains(fusion: Fusion) -> Table | None:
    if not fusion.retained_domains:
        return None
    return Table(
        "Protein domains",
        columns("Gene", "Domain", ("Residues", "number"), "In the fusion"),
        tuple(
            (domain.gene, domain.name, f"{domain.first_residue}-{domain.last_residue}", domain.status)
            for domain in fusion.retained_domains
        ),
    )


def _not_drawn(fusion: Fusion, pileup: Pileup | None) -> tuple[str, ...]:
    sentences = []
    if pileup and pileup.not_drawn:
        sentences.append(f"{plural(pileup.not_drawn, 'further split read')} can be found in report.json.")
    if fusion.spanning_pairs:
        pairs = plural(fusion.spanning_pairs, "spanning pair has", "spanning pairs have")
        sentences.append(
            f"{pairs} one mate in each gene and no read across the junction; none is drawn here."
        )
    return tuple(sentences)


def filtered_table(candidates: list[FilteredFusion]) -> Table:
    """Return the candidate junctions that are not reported, with the reasons."""
    return Table(
        "Candidate junctions that are not reported",
        columns(
            "Fusion",
            "5' side",
            "3' side",
            ("Split", "number"),
            ("Spanning", "number"),
            ("Fragments", "number"),
            "Why not",
        ),
        tuple(
            (
                candidate.name,
                _side_words(candidate.five_prime),
                _side_words(candidate.three_prime),
                count(candidate.split_reads),
                count(candidate.spanning_pairs),
                count(candidate.fragments),
                "; ".join(reason.text for reason in candidate.reasons),
            )
            for candidate in candidates
        ),
    )


def _side_words(side: FusionSide) -> str:
    return f"{side.site}, {side.chrom}:{side.pos}"


def one_sided_table(places: list[OneSided]) -> Table:
    """Return the places where fragments leave a gene into sequence that the panel does not hold."""
    return Table(
        "Places where reads leave a gene into sequence outside of the panel",
        columns(
            "Gene", ("Exon", "number"), ("Position", "code"), ("Fragments", "number"), ("Sequence", "code")
        ),
        tuple(
            (
                place.gene,
                "-" if place.exon is None else str(place.exon),
                f"{place.chrom}:{place.pos}",
                count(place.fragments),
                place.clipped_consensus,
            )
            for place in places
        ),
    )
