"""Builds the part of the page on the assay: what it is, what its molecules are, and which of them inform."""

from collections.abc import Iterator, Sequence

from aspsfusion.report.assay import Assay, AssayPrimer, LongReadAssay
from aspsfusion.report.html_parts import Fact, Table, columns
from aspsfusion.report.words import count, joined, percent, plural

PLATFORMS = {"ont": "Nanopore", "pacbio": "PacBio", "long": "by their lengths"}


def assay_facts(assay: Assay, genes: Sequence[str]) -> tuple[Fact, ...]:
    """Return the assay name by name; what was not determined is left out.

    Args:
        assay: of the report.
        genes: of the target fusion.
    """
    umi = " ".join([assay.umi.source, *assay.umi.structures])
    return tuple(
        fact
        for fact in (
            Fact("Library", f"{assay.library or 'not declared'}; fragments look like: {assay.seen}"),
            Fact("Primers", _primers(assay, genes)),
            Fact("UMI", umi),
            Fact("Molecules distinguished by", assay.molecules_by),
            Fact("Fixed ends", _fixed(assay)),
            Fact("Informative", assay.informs),
            *_long_reads(assay.long_reads),
        )
        if fact.value
    )


def _long_reads(long: LongReadAssay | None) -> Iterator[Fact]:
    """Yield what is special about long reads."""
    if long is None:
        return
    name = PLATFORMS[long.platform]
    yield Fact(
        "Long reads",
        f"{name}; errors in {percent(long.error_rate)} of the bases; a junction must be better than the "
        f"wild type by {plural(long.margin, 'edit')}",
    )
    yield Fact(
        "Artefacts", joined([f"{key}: {plural(number, 'read')}" for key, number in long.artefacts.items()])
    )
    yield Fact(
        "Isoforms",
        "; ".join(f"{each.fusion}: {each.exons} ({plural(each.reads, 'read')})" for each in long.isoforms),
    )


def _primers(assay: Assay, genes: Sequence[str]) -> str:
    if not assay.primers:
        return "not declared" if assay.library in ("amplicon", "anchored") else ""
    return f"{count(len(assay.primers))} declared, {count(len(_of(assay, genes)))} of {' or '.join(genes)}"


def _fixed(assay: Assay) -> str:
    return "; ".join(
        f"{junction.name}: {plural(junction.reads, 'fragment')}, of which "
        f"{joined([count(number) for number in junction.shared])} have the same ends"
        for junction in assay.fixed_ends.junctions
    )


def _of(assay: Assay, genes: Sequence[str]) -> list[AssayPrimer]:
    return [primer for primer in assay.primers if any(place.gene in genes for place in primer.places)]


def primer_table(assay: Assay, genes: Sequence[str]) -> Table | None:
    """Return the primers of the target's genes; None without any."""
    primers = _of(assay, genes)
    if not primers:
        return None
    anchored = assay.library == "anchored"
    return Table(
        "Primers of the genes of the fusion",
        columns(
            "Primer", "Place", "Could show the fusion at", *(["Informative molecules"] if anchored else [])
        ),
        tuple(
            (
                primer.name,
                joined(
                    [
                        f"{place.gene} "
                        + ("outside the exons" if place.exon is None else f"exon {place.exon}")
                        + f" {place.direction}"
                        for place in primer.places
                    ]
                ),
                joined(primer.could_show),
                *([joined([count(number) for number in primer.molecules.values()])] if anchored else []),
            )
            for primer in primers
        ),
    )
