"""Builds what a page says about a reported fusion: its evidence and its description."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from aspsfusion.report.findings import Fusion, FusionSide
from aspsfusion.report.fusion_drawing import BROAD, NARROW, draw_fusion
from aspsfusion.report.fusion_figure import UTR_SHOWN, lay_out
from aspsfusion.report.html_parts import Fact, Table, columns
from aspsfusion.report.models import GeneModel, PanelId
from aspsfusion.report.pileup import NARROW_BASES, PRINT_AT_MOST, Pileup, build_pileup
from aspsfusion.report.words import count, percent, plural


@dataclass(frozen=True)
class FusionView:
    """One reported fusion as the page shows it.

    Attributes:
        heading: name and type.
        marks: words beside the heading: target or not, reciprocal, confidence.
        evidence: what supports it and what does not, name by name.
        description: what it is, likewise.
        details: the rest of both.
        drawing: the fusion transcript as an SVG element; empty where it cannot be drawn.
        narrow_drawing: the same for a narrow screen.
        drawing_note: how the drawing is to be read; empty without one.
        domains: what the fusion keeps of each protein domain; None when the panel knows none.
        pileup: split reads under the junction; None without split reads.
        narrow_pileup: the same for a narrow screen.
        folded: heading of the reads that are folded away.
        not_printed: what paper leaves out of the pile-up; empty when nothing.
        not_drawn: sentences on what the pile-up leaves out: reads beyond its limit and spanning pairs.
    """

    heading: str
    marks: tuple[str, ...]
    evidence: tuple[Fact, ...]
    description: tuple[Fact, ...]
    details: tuple[Fact, ...]
    drawing: Markup
    narrow_drawing: Markup
    drawing_note: str
    domains: Table | None
    pileup: Pileup | None
    narrow_pileup: Pileup | None
    folded: str
    not_printed: str
    not_drawn: tuple[str, ...]


def fusion_view(fusion: Fusion, panel: PanelId, models: Sequence[GeneModel], number: int) -> FusionView:
    """Return a reported fusion as the page shows it.

    Args:
        fusion: the fusion.
        panel: which names the genome build and the lengths of its chromosomes.
        models: exon structures of the report.
        number: place on the page, from 1; makes the ids of the drawing unique.
    """
    pileup = build_pileup(fusion)
    drawing = lay_out(fusion, models, {each.name: each.length for each in panel.contigs if each.length})
    return FusionView(
        heading=fusion.full_name,
        marks=_marks(fusion),
        evidence=_evidence(fusion),
        description=_description(fusion, panel.build),
        details=(*_more_evidence(fusion), *_more_description(fusion)),
        # The drawing escapes what it writes.
        drawing=Markup(draw_fusion(drawing, f"fusion-{number}", BROAD) if drawing else ""),
        narrow_drawing=Markup(draw_fusion(drawing, f"fusion-{number}-narrow", NARROW) if drawing else ""),
        drawing_note=_drawing_note(fusion, any(row.cut for row in drawing.rows)) if drawing else "",
        domains=_domains(fusion),
        pileup=pileup,
        narrow_pileup=build_pileup(fusion, NARROW_BASES),
        folded=f"{plural(len(pileup.folded), 'more read')} with shorter anchors" if pileup else "",
        not_printed=_not_printed(pileup),
        not_drawn=_not_drawn(fusion, pileup),
    )


def _drawing_note(fusion: Fusion, cut: bool) -> str:
    note = (
        f"Top: {fusion.five_prime.gene}. Bottom: {fusion.three_prime.gene}. Middle: the fusion transcript. "
        "Exons are drawn to scale, taller where coding, hatched where lost. Dark bars are protein domains. "
        "Bars on the right are the chromosomes, with a mark at the breakpoint."
    )
    if fusion.inserted_sequence:
        note += " The white box at the junction holds inserted bases."
    return f"{note} 3' untranslated regions are cut after {UTR_SHOWN} nt." if cut else note


def _not_printed(pileup: Pileup | None) -> str:
    if pileup is None:
        return ""
    left_out = sum(not line.printed for line in (*pileup.shown, *pileup.folded))
    return (
        f"{plural(left_out, 'more read is', 'more reads are')} shown on screen; the {PRINT_AT_MOST} with the "
        "longest shorter anchor are printed."
        if left_out
        else ""
    )


def _marks(fusion: Fusion) -> tuple[str, ...]:
    kind = "target fusion" if fusion.is_target else "another fusion"
    if fusion.reciprocal:
        kind = "reciprocal transcript"
    marks = (kind, f"{fusion.confidence} confidence")
    return (*marks, "possible contamination") if fusion.contamination else marks


def _evidence(fusion: Fusion) -> tuple[Fact, ...]:
    five, three = fusion.five_prime.gene, fusion.three_prime.gene
    kinds = [fusion.split_reads_with_duplicates, fusion.spanning_pairs_with_duplicates]
    short = fusion.fragments_with_duplicates - sum(kinds)
    parts = " and ".join(count(number) for number in ([*kinds, short] if short else kinds))
    with_duplicates = f"with duplicates: {count(fusion.fragments_with_duplicates)} ({parts})"
    return (
        Fact(
            "Supporting fragments",
            f"{count(fusion.fragments)}: {plural(fusion.split_reads, 'split read')} and "
            f"{plural(fusion.spanning_pairs, 'spanning pair')}"
            + (f", {plural(fusion.short_overhangs, 'short overhang')}" if fusion.short_overhangs else ""),
            ("each fragment counted once, duplicates removed", with_duplicates),
        ),
        Fact(
            f"Share of {three}",
            percent(fusion.fraction_three_prime),
            (f"split reads divided by split reads plus wild-type fragments of {three}",),
        ),
        Fact(
            "Wild type",
            f"{plural(fusion.wild_type_five_prime, 'fragment')} of {five}, "
            f"{plural(fusion.wild_type_three_prime, 'fragment')} of {three}",
            ("fragments of the unfused genes at the two breakpoints",),
        ),
        *([Fact("Possible contamination", contamination_sentence(fusion))] if fusion.contamination else []),
    )


def _more_evidence(fusion: Fusion) -> tuple[Fact, ...]:
    five, three = fusion.five_prime.gene, fusion.three_prime.gene
    return (
        *_event(fusion),
        Fact(
            "Longest anchors",
            f"{count(fusion.max_anchor_five_prime)} nt in {five}, "
            f"{count(fusion.max_anchor_three_prime)} nt in {three}",
        ),
        Fact("Confidence", fusion.confidence, tuple(fusion.confidence_reasons)),
    )


def _event(fusion: Fusion) -> tuple[Fact, ...]:
    """Return what the junctions of one rearrangement have together, where there is more than this one."""
    if fusion.event_fragments <= fusion.fragments:
        return ()
    note = "unique fragments of this and all other junctions between the same two genes"
    return (Fact(f"All junctions of {fusion.event}", plural(fusion.event_fragments, "fragment"), (note,)),)


def _description(fusion: Fusion, build: str) -> tuple[Fact, ...]:
    five, three = fusion.five_prime, fusion.three_prime
    frame = {
        True: "kept (in frame)",
        False: "not kept (out of frame)",
        None: "not known: a breakpoint lies outside a known coding sequence",
    }
    return (
        Fact(
            "Exons",
            f"{five.gene} {five.site} :: {three.gene} {three.site}",
            (f"previous numbering: {fusion.old_name}",) if fusion.old_name else (),
        ),
        *_deviation(fusion),
        Fact(
            f"Breakpoints ({build})",
            f"{_position(five)} :: {_position(three)}",
            ("last base of the 5' gene, first base of the 3' gene",),
            kind="code",
        ),
        Fact("RNA (HGVS)", fusion.hgvs, kind="code"),
        Fact("Reading frame", frame[fusion.in_frame]),
    )


def _more_description(fusion: Fusion) -> tuple[Fact, ...]:
    return (
        *_chromosomes(fusion),
        *_protein(fusion),
        Fact("Catalogue", fusion.catalogue_id or "not listed in the panel"),
        Fact("Junction sequence", fusion.junction_sequence, kind="code"),
    )


def _deviation(fusion: Fusion) -> tuple[Fact, ...]:
    """Return how a junction deviates from the known one, and its inserted bases."""
    if not fusion.deviation:
        return ()
    note = (
        "a variant of the junction of these exons"
        if fusion.known_place
        else "the junction is not one between exon borders"
    )
    return (Fact("Deviation", fusion.deviation, (note,)),)


def _chromosomes(fusion: Fusion) -> tuple[Fact, ...]:
    if not fusion.translocation:
        return ()
    note = "ISCN, bands of the two genes; RNA does not show whether the translocation is balanced"
    return (Fact("Translocation", fusion.translocation, (note,), kind="code"),)


def _protein(fusion: Fusion) -> tuple[Fact, ...]:
    peptide = fusion.peptide
    if peptide is None:
        return ()
    details = [f"predicted protein of {count(peptide.length)} residues, deduced from the reference"]
    if fusion.inserted_sequence and "*" in peptide.sequence.rpartition("|")[0]:
        details.append(f"a stop codon ends the protein before {fusion.three_prime.gene} is read")
    if peptide.first_residue_three_prime is None:
        details.append("lower case: not in the frame of the 3' gene")
    else:
        details.append(
            f"residues 1 to {peptide.residues_five_prime} of {fusion.five_prime.gene}, then "
            f"{fusion.three_prime.gene} from residue {peptide.first_residue_three_prime}"
        )
    return (Fact("Peptide", peptide.sequence, tuple(details), kind="code"),)


def _position(side: FusionSide) -> str:
    return f"{side.chrom}:{side.pos} ({side.strand})"


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
            f"{pairs} one mate in each gene and no read across the junction; spanning pairs are not drawn."
        )
    if fusion.short_overhangs:
        reads = plural(fusion.short_overhangs, "short overhang extends", "short overhangs extend")
        sentences.append(
            f"{reads} across the junction by fewer bases than an anchor needs. Short overhangs support a "
            "junction that other reads prove, and are not drawn."
        )
    if fusion.not_typable:
        sentences.append(
            f"{plural(fusion.not_typable, 'fragment fits', 'fragments fit')} another known junction about "
            "equally well; the type rests on the other fragments."
        )
    return tuple(sentences)


def contamination_sentence(fusion: Fusion) -> str:
    """Return which other sample has the same junction at a far higher level; empty when none has."""
    source = fusion.contamination
    if source is None:
        return ""
    return (
        f"Another sample of the batch has this junction with "
        f"{plural(source.fragments_with_duplicates, 'fragment')}, duplicates included; the "
        f"{count(fusion.fragments_with_duplicates)} here are {percent(source.share)} of that and may come "
        "from there."
    )
