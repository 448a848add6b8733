"""Builds the smaller parts of a page: coverage, exclusion, assay, quality, differential.

Each part is what the template prints as it is; none of them decides a verdict.
"""

from collections.abc import Sequence
from typing import Any

from aspsfusion.report.assay import Assay, AssayPrimer, LongReadAssay, PrimedPlace
from aspsfusion.report.html_parts import Fact, Table, table
from aspsfusion.report.models import (
    Differential,
    DifferentialFusion,
    Exclusion,
    Imbalance,
    QualityControl,
    Verdict,
)
from aspsfusion.report.words import NOT_DETERMINED, count, joined, percent, plural, rounded_up

SMALLEST_P = 1e-6
"""A probability of 0 in the report has been rounded down from less than this."""

ASSUMPTION = (
    "That the share of fusion transcripts is about the share of tumour cells is an assumption: tumour cells "
    "may express the gene more or less than their neighbours."
)

SCALED = "fragments per kb of transcript are scaled so that all genes of the panel make a million"
"""Explains the unit of `tpm_like`."""

PLATFORMS = {"ont": "Nanopore", "pacbio": "PacBio", "long": "by their lengths"}
STATUS_WORDS = {"pass": "pass", "warn": "WARN", "not determined": NOT_DETERMINED}


def imbalance_sentences(imbalance: Imbalance) -> tuple[str, ...]:
    """Return how the 3' gene's depth differs across its breakpoints; none when not measured."""
    if imbalance.five_prime_depth is None or imbalance.three_prime_depth is None:
        return ()
    ratio = "" if imbalance.ratio is None else f" ({imbalance.ratio:.1f} times as much)"
    depth = (
        f"Mean depth of {imbalance.gene}: {imbalance.five_prime_depth:.1f} upstream of the recurrent "
        f"breakpoints, {imbalance.three_prime_depth:.1f} downstream{ratio}."
    )
    caution = "This is supporting evidence only and does not affect the verdict."
    if imbalance.p_value is None:
        return depth, caution
    chance = (
        f"less than {SMALLEST_P:f}"
        if imbalance.p_value < SMALLEST_P
        else f"{float(f'{imbalance.p_value:.2g}'):g}"
    )
    return (
        depth,
        f"Unique fragments centred upstream: {count(imbalance.five_prime_fragments)}, downstream: "
        f"{count(imbalance.three_prime_fragments)}; probability of at least as large an excess downstream: "
        f"{chance} (baseline: {imbalance.baseline}; real coverage is never even).",
        caution,
    )


def exclusion_sentences(exclusion: Exclusion, verdict: Verdict) -> list[str]:
    """Return what would have been seen, in sentences; adequacy only where nothing was confirmed.

    What the verdict says of it already is left out.
    """
    gene = verdict.target.rsplit("::", 1)[-1]
    if exclusion.detectable_fraction is None:
        seen = f"The smallest share of {gene} fusion transcripts that would be detected cannot be determined."
    else:
        share, chance = rounded_up(exclusion.detectable_fraction), percent(exclusion.confidence)
        seen = (
            f"If {share} or more of the {gene} transcripts carried the fusion {verdict.target}, "
            f"it would have been detected with {chance} probability."
        )
    confirmed = verdict.call == "CONFIRMED"
    found = ["" if verdict.limit and not confirmed else seen, _other_levels(exclusion)]
    if not confirmed:
        adequate = "is adequate" if exclusion.adequate else "is not adequate"
        found += [
            f"An exclusion requires a share of {percent(exclusion.threshold)} or less "
            f"({_tumour_share(exclusion)}): the coverage {adequate}.",
            ASSUMPTION,
        ]
    return list(filter(None, found))


def _other_levels(exclusion: Exclusion) -> str:
    """Return the same at the confidences beside the one that decides; empty where there is no share."""
    if exclusion.detectable_fraction is None:
        return ""
    others = [
        f"with {percent(level.confidence)} probability, "
        + (
            "no share can be determined"
            if level.detectable_fraction is None
            else f"{rounded_up(level.detectable_fraction)} or more would have been detected"
        )
        for level in exclusion.levels
        if level.confidence != exclusion.confidence
    ]
    text = "; ".join(others)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _tumour_share(exclusion: Exclusion) -> str:
    """Return which part the declared tumour content has in the limit."""
    if exclusion.tumour_fraction is None:
        return "no tumour content was declared"
    declared = f"half of the {percent(exclusion.tumour_fraction)} tumour cells declared"
    return declared if exclusion.limited_by_tumour else f"{declared} is more than that"


def acceptor_table(exclusion: Exclusion) -> Table | None:
    """Return the informative fragments at each acceptor; None when there are none."""
    needed = exclusion.needed_fragments
    return table(
        "Wild-type fragments across the exons that it could join",
        ["Exon start", ("Fragments", "number"), ("Needed for exclusion", "number")],
        [
            (place, count(number), NOT_DETERMINED if needed is None else count(needed))
            for place, number in exclusion.informative_fragments.items()
        ],
    )


def assay_facts(assay: Assay, genes: Sequence[str]) -> list[Fact]:
    """Return the assay name by name; what was not determined is left out. The genes are the target's."""
    if assay.primers:
        own = len(_primers_of(assay, genes))
        primers = f"{count(len(assay.primers))} declared, {count(own)} of {' or '.join(genes)}"
    else:
        primers = "not declared" if assay.library in ("amplicon", "anchored") else ""
    fixed = "; ".join(
        f"{junction.name}: {plural(junction.reads, 'fragment')}, of which "
        f"{joined([count(number) for number in junction.shared])} have the same ends"
        for junction in assay.fixed_ends.junctions
    )
    facts = [
        Fact("Library", f"{assay.library or 'not declared'}; fragments look like: {assay.seen}"),
        Fact("Primers", primers),
        Fact("UMI", " ".join([assay.umi.source, *assay.umi.structures])),
        Fact("Molecules distinguished by", assay.molecules_by),
        Fact("Fixed ends", fixed),
        Fact("Informative", assay.informs),
        *(_long_reads(assay.long_reads) if assay.long_reads else ()),
    ]
    return [fact for fact in facts if fact.value]


def _long_reads(long: LongReadAssay) -> tuple[Fact, ...]:
    artefacts = joined([f"{key}: {plural(number, 'read')}" for key, number in long.artefacts.items()])
    return (
        Fact(
            "Long reads",
            f"{PLATFORMS[long.platform]}; errors in {percent(long.error_rate)} of the bases; a junction must "
            f"be better than the wild type by {plural(long.margin, 'edit')}",
        ),
        Fact("Artefacts", artefacts),
        Fact(
            "Isoforms",
            "; ".join(
                f"{each.fusion}: {each.exons} ({plural(each.reads, 'read')})" for each in long.isoforms
            ),
        ),
    )


def _primers_of(assay: Assay, genes: Sequence[str]) -> list[AssayPrimer]:
    return [primer for primer in assay.primers if any(place.gene in genes for place in primer.places)]


def primer_table(assay: Assay, genes: Sequence[str]) -> Table | None:
    """Return the primers of the target's genes; None without any."""
    anchored = assay.library == "anchored"
    return table(
        "Primers of the genes of the fusion",
        ["Primer", "Place", "Could show the fusion at", *(["Informative molecules"] if anchored else [])],
        [
            (
                primer.name,
                joined([_place_words(place) for place in primer.places]),
                joined(primer.could_show),
                *([joined([count(number) for number in primer.molecules.values()])] if anchored else []),
            )
            for primer in _primers_of(assay, genes)
        ],
    )


def _place_words(place: PrimedPlace) -> str:
    where = "outside the exons" if place.exon is None else f"exon {place.exon}"
    return f"{place.gene} {where} {place.direction}"


def check_table(qc: QualityControl) -> Table | None:
    """Return the values that have a limit; None when there is none."""
    return table(
        "Values with a limit",
        ["Quantity", ("Value", "number"), "Limit", ("Result", "status"), "Why this limit"],
        [
            (check.name, check.value, check.limit, STATUS_WORDS[check.status], check.reason)
            for check in qc.checks
        ],
    )


def unlimited_values(qc: QualityControl) -> tuple[Fact, ...]:
    """Return the values without a limit, name by name; one that the input does not show is left out."""
    controls = joined([f"{gene} {count(number)}" for gene, number in qc.control_genes.items()])
    in_sense = "" if qc.strand_fraction is None else f" ({percent(qc.strand_fraction)} sense)"
    return (
        Fact("Total reads", count(qc.total_reads)),
        Fact("Read length", f"mean {qc.mean_read_length:g} nt, longest {count(qc.read_length)} nt"),
        Fact("GC content", percent(qc.gc_fraction)),
        Fact("Unknown bases (N)", percent(qc.n_fraction)),
        *([] if qc.q30_fraction is None else [Fact("Bases with Q30 or better", percent(qc.q30_fraction))]),
        Fact("Reads with adapter", percent(qc.adapter_fraction)),
        Fact("Pairs with overlapping mates", percent(qc.overlap_fraction)),
        Fact("Input", qc.input if qc.input_build is None else f"{qc.input}, aligned to {qc.input_build}"),
        Fact("Strand", f"{qc.strand}{in_sense}"),
        Fact("Control genes, fragments", controls),
    )


def differential_view(differential: Differential) -> dict[str, Any] | None:
    """Return the differential diagnosis as the page shows it; None when the panel lists nothing of it.

    `found` are the other defining fusions that were found; `folded` those that were not and the genes of
    stains, which paper has in the sentences of `printed`.
    """
    if not differential.fusions and not differential.markers:
        return None
    absent = [fusion for fusion in differential.fusions if not fusion.found]
    markers = table(
        f"Immunohistochemical marker genes; {SCALED}",
        ["Stain", "Gene", ("Fragments", "number"), ("Per kb", "number")],
        [(row.stain, row.gene, count(row.fragments), f"{row.tpm_like:,.0f}") for row in differential.markers],
    )
    printed = []
    if absent:
        names = ", ".join(
            f"{_name(fusion)} {count(fusion.five_prime_fragments)} and {count(fusion.three_prime_fragments)}"
            for fusion in absent
        )
        printed.append(
            "Not found, with the fragments of the 5' and the 3' gene (without any, a negative result means "
            f"little): {names}."
        )
    if markers:
        stains = ", ".join(f"{row.stain} ({row.gene}) {count(row.fragments)}" for row in differential.markers)
        printed.append(f"Fragments of immunohistochemical marker genes: {stains}.")
    found = [fusion for fusion in differential.fusions if fusion.found]
    folded = (_fusion_table("Other fusions that define a tumour, not found", absent), markers)
    return {
        "found": _fusion_table("Other fusions that define a tumour, found", found),
        "folded": list(filter(None, folded)),
        "printed": printed,
    }


def _result(fusion: DifferentialFusion) -> str:
    if fusion.found:
        fragments = plural(fusion.fragments, "fragment")
        return f"found: {fragments}, {count(fusion.split_reads)} across the junction"
    unseen = not (fusion.five_prime_fragments and fusion.three_prime_fragments)
    return "not found; one of its genes was not seen" if unseen else "not found"


def _fusion_table(caption: str, fusions: Sequence[DifferentialFusion]) -> Table | None:
    return table(
        caption,
        ["Fusion", "Result", "Fragments of its genes", "Tumour", "Source"],
        [
            (
                _name(fusion),
                _result(fusion),
                f"{count(fusion.five_prime_fragments)} and {count(fusion.three_prime_fragments)}",
                "; ".join(filter(None, (fusion.entity, fusion.note))),
                fusion.source,
            )
            for fusion in fusions
        ],
    )


def _name(fusion: DifferentialFusion) -> str:
    return f"{fusion.name} (with {', '.join(fusion.pooled)})" if fusion.pooled else fusion.name
