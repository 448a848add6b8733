"""What a page says about junctions that are not reported and about places where reads leave the panel."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aspsfusion.report_findings import FilteredFusion, FilteredOneSided, FusionSide, OneSided
from aspsfusion.view_parts import Kind, Table, columns, count, plural

ONE_SIDED_COLUMNS: tuple[str | tuple[str, Kind], ...] = (
    "Gene",
    ("Exon", "number"),
    ("Position", "code"),
    ("Fragments", "number"),
    ("Sequence", "code"),
)


@dataclass(frozen=True)
class Folded:
    """A table that opens at a click on a screen; paper has a sentence in its place.

    Attributes:
        heading: what is clicked on.
        table: the table.
        printed: the sentence.
    """

    heading: str
    table: Table
    printed: str


def filtered_table(candidates: Sequence[FilteredFusion]) -> Table:
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


def one_sided_table(places: Sequence[OneSided]) -> Table:
    """Return the places where fragments leave a gene into sequence that the panel does not hold."""
    return Table(
        "Places where reads leave a gene into sequence outside of the panel",
        columns(*ONE_SIDED_COLUMNS),
        tuple(_place_words(place) for place in places),
    )


def folded_one_sided(places: Sequence[FilteredOneSided]) -> Folded:
    """Return such places that are no finding, with the reasons, and what paper says of them."""
    heading = (
        plural(len(places), "place where reads leave a gene is", "places where reads leave a gene are")
        + " no finding"
    )
    reasons = Counter(reason.text for place in places for reason in place.reasons)
    why = "; ".join(f"{text.removesuffix('.')} ({times})" for text, times in sorted(reasons.items()))
    return Folded(
        heading,
        Table(
            "Places where reads leave a gene that are no finding",
            columns(*ONE_SIDED_COLUMNS, "Why not"),
            tuple(
                (*_place_words(place), "; ".join(reason.text for reason in place.reasons)) for place in places
            ),
        ),
        f"{heading}: {why}.",
    )


def _place_words(place: OneSided) -> tuple[str, ...]:
    return (
        place.gene,
        "-" if place.exon is None else str(place.exon),
        f"{place.chrom}:{place.pos}",
        count(place.fragments),
        place.clipped_consensus,
    )
