"""Wild-type fragments of the target genes where they count for an exclusion, and what they tell of it."""

import random

from carriers.genes import Genes
from carriers.junctions import FIVE_EXON, acceptors
from carriers.reads import Fragment, Library, around
from carriers.sample import Report

INFORMATIVE = 45
"""Wild-type fragments that show each acceptor, on average: enough for an exclusion, which needs 32, in nearly
every sample."""

SHOWN = 10
"""Bases on both sides of a place by which a read shows it."""

FIVE_PRIME = 30
"""Fragments of ASPSCR1 around the end of the exon that joins; an exclusion needs 10."""

TRIMMED = 0.85
"""Mean length of trimmed reads as a share of whole ones."""


def wild_type(genes: Genes, library: Library, rng: random.Random, times: int = 1) -> list[Fragment]:
    """Return wild-type fragments of both genes, so many times as many as an exclusion needs."""
    end, places = genes["ASPSCR1"].end_of(FIVE_EXON), acceptors(genes)
    three = round(times * len(places) * INFORMATIVE / informative_share(library))
    return [
        *around(genes["TFE3"], places, three, library, rng, "w"),
        *around(genes["ASPSCR1"], (end,), times * FIVE_PRIME, library, rng, "w"),
    ]


def informative_share(library: Library) -> float:
    """Return the share of the fragments over a place that show it well, on average."""
    ends = 1 + library.paired
    read = library.read * (TRIMMED if library.trimmed else 1.0)
    if library.insert <= read:
        return (library.insert - 2 * SHOWN) / library.insert
    return min(1.0, ends * (read - 2 * SHOWN) / library.insert)


def covered(report: Report) -> bool:
    """Whether a sample would be excluded if nothing in it spoke for a fusion."""
    return bool(report["exclusion"]["adequate"])
