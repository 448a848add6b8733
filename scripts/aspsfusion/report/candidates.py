"""Builds the tables of what is no reported fusion: other candidates, bridges, breaks, internal joins."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aspsfusion.report.findings import (
    FilteredFusion,
    FilteredOneSided,
    FusionSide,
    InternalJoin,
    OneSided,
    UnexplainedBridge,
)
from aspsfusion.report.html_parts import Kind, Table, columns
from aspsfusion.report.words import count, plural

MAX_BRIDGES = 10
"""Unexplained bridges that the page lists; report.json has all."""

ONE_SIDED_COLUMNS: tuple[str | tuple[str, Kind], ...] = (
    "Gene",
    ("Exon", "number"),
    ("Position", "code"),
    ("Fragments", "number"),
    ("Sequence", "code"),
    "Side that the fusion keeps",
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
    """Return the candidate junctions that were not called, with the reasons."""
    return Table(
        "Candidate junctions not called",
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


def bridge_table(bridges: Sequence[UnexplainedBridge]) -> Table:
    """Return the fragments that join the two target genes without a junction, those that agree first."""
    shown = bridges[:MAX_BRIDGES]
    more = f" (the first {MAX_BRIDGES} of {count(len(bridges))})" if len(bridges) > MAX_BRIDGES else ""
    return Table(
        f"Fragments that join the two genes and that no junction explains{more}",
        columns("Read", "First gene", "Second gene", "Shown by", ("Fragments that agree", "number")),
        tuple(
            (
                bridge.name,
                f"{bridge.five_prime.gene} {_side_words(bridge.five_prime)}",
                f"{bridge.three_prime.gene} {_side_words(bridge.three_prime)}",
                "one read" if bridge.split_reads else "two mates",
                count(bridge.agreeing_fragments - 1),
            )
            for bridge in shown
        ),
    )


def internal_table(events: Sequence[InternalJoin]) -> Table:
    """Return the deletions and duplications within the target genes."""
    return Table(
        "Deletions and duplications within a gene, for information: splicing and circular RNA make them too",
        columns(
            "Gene",
            "Event",
            "Leaves it at",
            "Goes on at",
            ("Bases", "number"),
            ("Fragments", "number"),
            ("Wild type", "number"),
        ),
        tuple(
            (
                event.gene,
                event.kind,
                _side_words(event.five_prime),
                _side_words(event.three_prime),
                count(event.length),
                count(event.fragments),
                count(event.wild_type),
            )
            for event in events
        ),
    )


def one_sided_table(places: Sequence[OneSided]) -> Table:
    """Return the places where fragments leave a gene into sequence that no junction can name."""
    return Table(
        "Places where reads run from a gene into sequence that cannot be named",
        columns(*ONE_SIDED_COLUMNS),
        tuple(_place_words(place) for place in places),
    )


def folded_one_sided(places: Sequence[FilteredOneSided]) -> Folded:
    """Return such places that are no finding, with the reasons, and what paper says of them."""
    heading = (
        plural(len(places), "place where reads leave a gene is", "places where reads leave a gene are")
        + " not reported"
    )
    reasons = Counter(reason.text for place in places for reason in place.reasons)
    why = "; ".join(f"{text.removesuffix('.')} ({times})" for text, times in sorted(reasons.items()))
    return Folded(
        heading,
        Table(
            "Places where reads leave a gene that are not reported",
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
        "yes" if place.kept_side else "no",
    )
