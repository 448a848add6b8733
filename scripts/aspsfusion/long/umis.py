"""Finds which UMIs of long reads are one: errors of the reads change them, by indels as well."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from aspsfusion.errors import InstallationError
from aspsfusion.evidence.umis import cluster_umis

TIMES_RATE = 2
"""Times the error rate by which two reads of one UMI may differ in it, beside one edit: both have errors.
Twenty copies of a UMI of 12 nt with 5 percent errors are 1.3 molecules on average (100 UMIs), and 200 UMIs
are 199 or 200 (5 times)."""

MOST_COMPARED = 3000
"""Different UMIs of a gene above which only those with one mismatch are one: all pairs of 5,000 take 8 s, and
so many are of many molecules whatever errors do."""


def edlib_align() -> Any:
    """Return the function of edlib.

    Raises:
        InstallationError: the extra `long` is not installed.
    """
    try:
        import edlib
    except ImportError as error:
        raise without_the_extra(error) from error
    return edlib.align


def without_the_extra(error: ImportError) -> InstallationError:
    """Return the error for a sample of long reads where a library of the extra `long` is missing."""
    return InstallationError(
        f"long reads need mappy and edlib ({error})",
        remedy="install the extra 'long': pip install 'aspsfusion[long]'",
    )


def one_of_each(umis: Iterable[str], rate: float) -> dict[str, str]:
    """Return for each UMI the most frequent one that it is a copy of, itself if of none.

    The more frequent a UMI is, the sooner it takes those within `1 + TIMES_RATE * rate * length` edits.
    Only UMIs that share a stretch are compared: of so many edits one stretch of several is free.

    Args:
        umis: of the reads of one gene; an empty one is of no molecule that is known.
        rate: share of edits in the bases of the reads.
    """
    align = edlib_align()
    counts = Counter(umis)
    if len(counts) > MOST_COMPARED:
        return cluster_umis(counts.elements())
    ordered = sorted(counts, key=lambda value: (-counts[value], value))
    length = len(ordered[0]) if ordered else 0
    most = 1 + round(TIMES_RATE * rate * length)
    size = max(1, (length - most) // (most + 1))
    chosen: dict[str, str] = {}
    by_stretch: dict[str, list[str]] = defaultdict(list)
    for umi in filter(None, ordered):
        near = dict.fromkeys(centre for part in _stretches(umi, size) for centre in by_stretch[part])
        chosen[umi] = next(
            (centre for centre in near if align(umi, centre, k=most)["editDistance"] >= 0), umi
        )
        if chosen[umi] == umi:
            for part in _stretches(umi, size):
                by_stretch[part].append(umi)
    if "" in counts:
        chosen[""] = next(iter(chosen), "")
    return chosen


def _stretches(umi: str, size: int) -> Iterator[str]:
    return (umi[start : start + size] for start in range(len(umi) - size + 1))
