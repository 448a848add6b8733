"""Builds the tables of what is no reported fusion: other candidates, bridges, breaks, internal joins."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from aspsfusion.report.findings import FilteredOneSided, FusionSide, OneSided
from aspsfusion.report.html_parts import Head, Table, table
from aspsfusion.report.models import Report
from aspsfusion.report.words import count, plural

MAX_BRIDGES = 10
"""Unexplained bridges that the page lists; report.json has all."""

ONE_SIDED_HEADS: tuple[Head, ...] = (
    *("Gene", ("Exon", "number"), ("Position", "code"), ("Fragments", "number"), ("Sequence", "code")),
    "Side that the fusion keeps",
)


def candidate_tables(report: Report) -> list[Table]:
    """Return the tables that have rows.

    They hold candidate junctions that were not called, fragments that join the target's genes without a
    junction (those that agree first), deletions and duplications within a target gene, and places where
    fragments leave a gene into sequence that no junction can name.
    """
    bridges = report.unexplained_bridges
    more = f" (the first {MAX_BRIDGES} of {count(len(bridges))})" if len(bridges) > MAX_BRIDGES else ""
    tables = (
        table(
            "Candidate junctions not called",
            [
                *("Fusion", "5' side", "3' side", ("Split", "number"), ("Spanning", "number")),
                *(("Fragments", "number"), "Why not"),
            ],
            [
                (
                    candidate.name,
                    _side_words(candidate.five_prime),
                    _side_words(candidate.three_prime),
                    count(candidate.split_reads),
                    count(candidate.spanning_pairs),
                    count(candidate.fragments),
                    "; ".join(reason.text for reason in candidate.reasons),
                )
                for candidate in report.filtered
            ],
        ),
        table(
            f"Fragments that join the two genes and that no junction explains{more}",
            ["Read", "First gene", "Second gene", "Shown by", ("Fragments that agree", "number")],
            [
                (
                    bridge.name,
                    f"{bridge.five_prime.gene} {_side_words(bridge.five_prime)}",
                    f"{bridge.three_prime.gene} {_side_words(bridge.three_prime)}",
                    "one read" if bridge.split_reads else "two mates",
                    count(bridge.agreeing_fragments - 1),
                )
                for bridge in bridges[:MAX_BRIDGES]
            ],
        ),
        table(
            "Deletions and duplications within a gene, for information: splicing and circular RNA make them "
            "too",
            [
                *("Gene", "Event", "Leaves it at", "Goes on at"),
                *(("Bases", "number"), ("Fragments", "number"), ("Wild type", "number")),
            ],
            [
                (
                    event.gene,
                    event.kind,
                    _side_words(event.five_prime),
                    _side_words(event.three_prime),
                    count(event.length),
                    count(event.fragments),
                    count(event.wild_type),
                )
                for event in report.internal_events
            ],
        ),
        table(
            "Places where reads run from a gene into sequence that cannot be named",
            ONE_SIDED_HEADS,
            [_place_words(place) for place in report.one_sided],
        ),
    )
    return [each for each in tables if each]


def _side_words(side: FusionSide) -> str:
    return f"{side.site}, {side.chrom}:{side.pos}"


def folded_one_sided(places: Sequence[FilteredOneSided]) -> dict[str, Any] | None:
    """Return the places where reads leave a gene that are no finding; None without any.

    A screen has a table that opens at a click on its heading, paper a sentence.
    """
    if not places:
        return None
    heading = (
        plural(len(places), "place where reads leave a gene is", "places where reads leave a gene are")
        + " not reported"
    )
    reasons = Counter(reason.text for place in places for reason in place.reasons)
    why = "; ".join(f"{text.removesuffix('.')} ({times})" for text, times in sorted(reasons.items()))
    return {
        "heading": heading,
        "table": table(
            "Places where reads leave a gene that are not reported",
            [*ONE_SIDED_HEADS, "Why not"],
            [(*_place_words(place), "; ".join(reason.text for reason in place.reasons)) for place in places],
        ),
        "printed": f"{heading}: {why}.",
    }


def _place_words(place: OneSided) -> tuple[str, ...]:
    return (
        place.gene,
        "-" if place.exon is None else str(place.exon),
        f"{place.chrom}:{place.pos}",
        count(place.fragments),
        place.clipped_consensus,
        "yes" if place.kept_side else "no",
    )
