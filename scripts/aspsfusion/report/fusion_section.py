"""Builds what a page says about a reported fusion: its evidence and its description."""

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from aspsfusion.report.findings import Fusion, FusionPeptide
from aspsfusion.report.fusion_drawing import BROAD, NARROW, draw_fusion
from aspsfusion.report.fusion_figure import UTR_SHOWN, lay_out
from aspsfusion.report.html_parts import Fact, table
from aspsfusion.report.models import GeneModel, PanelId
from aspsfusion.report.pileup import NARROW_BASES, PRINT_AT_MOST, Pileup, build_pileup
from aspsfusion.report.words import count, percent, plural


def fusion_view(fusion: Fusion, panel: PanelId, models: Sequence[GeneModel], number: int) -> dict[str, Any]:
    """Return a reported fusion as the page shows it, by the names of the template.

    Its number on the page makes the ids of the drawing unique.
    """
    pileup = build_pileup(fusion)
    drawing = lay_out(fusion, models, {each.name: each.length for each in panel.contigs if each.length})
    return {
        "heading": fusion.full_name,
        "marks": _marks(fusion),
        "evidence": list(_evidence(fusion)),
        "description": list(_description(fusion, panel.build)),
        "details": list(_details(fusion)),
        # The drawing escapes what it writes.
        "drawing": Markup(draw_fusion(drawing, f"fusion-{number}", BROAD)) if drawing else "",
        "narrow_drawing": Markup(draw_fusion(drawing, f"fusion-{number}-narrow", NARROW)) if drawing else "",
        "drawing_note": _drawing_note(fusion, any(row.cut for row in drawing.rows)) if drawing else "",
        "domains": table(
            "Protein domains",
            ["Gene", "Domain", ("Residues", "number"), "In the fusion"],
            [
                (domain.gene, domain.name, f"{domain.first_residue}-{domain.last_residue}", domain.status)
                for domain in fusion.retained_domains
            ],
        ),
        "pileup": pileup,
        "narrow_pileup": build_pileup(fusion, NARROW_BASES),
        "folded": f"{plural(len(pileup.folded), 'more read')} with shorter anchors" if pileup else "",
        "not_printed": _not_printed(pileup) if pileup else "",
        "not_drawn": _not_drawn(fusion, pileup),
    }


def _drawing_note(fusion: Fusion, cut: bool) -> str:
    note = (
        f"Top: {fusion.five_prime.gene}. Bottom: {fusion.three_prime.gene}. Middle: the fusion transcript. "
        "Exons are drawn to scale, taller where coding, hatched where lost. Dark bars are protein domains. "
        "Bars on the right are the chromosomes, with a mark at the breakpoint."
    )
    if fusion.inserted_sequence:
        note += " The white box at the junction holds inserted bases."
    return f"{note} 3' untranslated regions are cut after {UTR_SHOWN} nt." if cut else note


def _not_printed(pileup: Pileup) -> str:
    left_out = sum(not line.printed for line in (*pileup.shown, *pileup.folded))
    if not left_out:
        return ""
    return (
        f"{plural(left_out, 'more read is', 'more reads are')} shown on screen; the {PRINT_AT_MOST} with the "
        "longest shorter anchor are printed."
    )


def _marks(fusion: Fusion) -> tuple[str, ...]:
    kind = "target fusion" if fusion.is_target else "another fusion"
    if fusion.reciprocal:
        kind = "reciprocal transcript"
    marks = (kind, f"{fusion.confidence} confidence")
    return (*marks, "possible contamination") if fusion.contamination else marks


def _evidence(fusion: Fusion) -> Iterator[Fact]:
    five, three = fusion.five_prime.gene, fusion.three_prime.gene
    kinds = [fusion.split_reads_with_duplicates, fusion.spanning_pairs_with_duplicates]
    short = fusion.fragments_with_duplicates - sum(kinds)
    parts = " and ".join(count(number) for number in ([*kinds, short] if short else kinds))
    with_duplicates = f"with duplicates: {count(fusion.fragments_with_duplicates)} ({parts})"
    short_overhangs = plural(fusion.short_overhangs, "short overhang")
    yield Fact(
        "Supporting fragments",
        f"{count(fusion.fragments)}: {plural(fusion.split_reads, 'split read')} and "
        f"{plural(fusion.spanning_pairs, 'spanning pair')}"
        + (f", {short_overhangs}" if fusion.short_overhangs else ""),
        ("each fragment counted once, duplicates removed", with_duplicates),
    )
    yield Fact(
        f"Share of {three}",
        percent(fusion.fraction_three_prime),
        (f"split reads divided by split reads plus wild-type fragments of {three}",),
    )
    yield Fact(
        "Wild type",
        f"{plural(fusion.wild_type_five_prime, 'fragment')} of {five}, "
        f"{plural(fusion.wild_type_three_prime, 'fragment')} of {three}",
        ("fragments of the unfused genes at the two breakpoints",),
    )
    if source := fusion.contamination:
        yield Fact(
            "Possible contamination",
            "Another sample of the batch has this junction with "
            f"{plural(source.fragments_with_duplicates, 'fragment')}, duplicates included; the "
            f"{count(fusion.fragments_with_duplicates)} here are {percent(source.share)} of that and may "
            "come from there.",
        )


def _description(fusion: Fusion, build: str) -> Iterator[Fact]:
    five, three = fusion.five_prime, fusion.three_prime
    frame = {
        True: "kept (in frame)",
        False: "not kept (out of frame)",
        None: "not known: a breakpoint lies outside a known coding sequence",
    }
    yield Fact(
        "Exons",
        f"{five.gene} {five.site} :: {three.gene} {three.site}",
        (f"previous numbering: {fusion.old_name}",) if fusion.old_name else (),
    )
    if fusion.deviation:
        note = (
            "a variant of the junction of these exons"
            if fusion.known_place
            else "the junction is not one between exon borders"
        )
        yield Fact("Deviation", fusion.deviation, (note,))
    yield Fact(
        f"Breakpoints ({build})",
        " :: ".join(f"{side.chrom}:{side.pos} ({side.strand})" for side in (five, three)),
        ("last base of the 5' gene, first base of the 3' gene",),
        kind="code",
    )
    yield Fact("RNA (HGVS)", fusion.hgvs, kind="code")
    yield Fact("Reading frame", frame[fusion.in_frame])


def _details(fusion: Fusion) -> Iterator[Fact]:
    five, three = fusion.five_prime.gene, fusion.three_prime.gene
    if fusion.event_fragments > fusion.fragments:
        note = "unique fragments of this and all other junctions between the same two genes"
        yield Fact(f"All junctions of {fusion.event}", plural(fusion.event_fragments, "fragment"), (note,))
    yield Fact(
        "Longest anchors",
        f"{count(fusion.max_anchor_five_prime)} nt in {five}, "
        f"{count(fusion.max_anchor_three_prime)} nt in {three}",
    )
    yield Fact("Confidence", fusion.confidence, tuple(fusion.confidence_reasons))
    if fusion.translocation:
        note = "ISCN, bands of the two genes; RNA does not show whether the translocation is balanced"
        yield Fact("Translocation", fusion.translocation, (note,), kind="code")
    if fusion.peptide:
        yield Fact("Peptide", fusion.peptide.sequence, tuple(_peptide_notes(fusion, fusion.peptide)), "code")
    yield Fact("Catalogue", fusion.catalogue_id or "not listed in the panel")
    yield Fact("Junction sequence", fusion.junction_sequence, kind="code")


def _peptide_notes(fusion: Fusion, peptide: FusionPeptide) -> Iterator[str]:
    yield f"predicted protein of {count(peptide.length)} residues, deduced from the reference"
    if fusion.stops_early:
        yield f"a stop codon ends the protein before {fusion.three_prime.gene} is read"
    if peptide.first_residue_three_prime is None:
        yield "lower case: not in the frame of the 3' gene"
    else:
        yield (
            f"residues 1 to {peptide.residues_five_prime} of {fusion.five_prime.gene}, then "
            f"{fusion.three_prime.gene} from residue {peptide.first_residue_three_prime}"
        )


def _not_drawn(fusion: Fusion, pileup: Pileup | None) -> list[str]:
    """Return what the pile-up leaves out: reads beyond its limit and those that are not drawn at all."""
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
    return sentences
