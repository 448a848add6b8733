"""Says what follows from reads that begin with bases that are not of the panel (`align.foreign_starts`).

The aligner clips such bases like those of a partner off the panel, and they make every read differ from the
wild type: neither breaks into them nor counts of molecules can be believed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aspsfusion.align.foreign_starts import ForeignStart
from aspsfusion.call.calls_file import CalledJunction, OneSidedCluster
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.report.findings import Reason
from aspsfusion.report.words import percent

FOREIGN_STARTS = "FOREIGN_STARTS"
"""Code of the flag and of the reason against an exclusion."""

FOREIGN_START = "FOREIGN_START"
"""Code of the reason why a break into a foreign start is no finding."""

SLACK = 6
"""Bases by which a clip may differ in length from the foreign start: those that are like the gene's by
chance, and errors beside the break. A longer clip has a partner's bases after the foreign ones."""

FEWEST_KNOWN = 8
MAX_DIFFERENCES = 0.2
"""Bases of a linker that a clip must show, and the share of them that may differ: unrelated sequences agree
so well in one of 2,600 comparisons."""


def foreign_starts(align: Mapping[str, Any]) -> list[ForeignStart]:
    """Return what the reads begin with, from the metrics of `aspsfusion align`."""
    return [ForeignStart(**start) for start in align.get("foreign_starts", ())]


def foreign_reasons(align: Mapping[str, Any]) -> list[Reason]:
    """Return why molecules cannot be trusted where reads begin with foreign bases; nothing otherwise."""
    declared = " ".join(align.get("umi_structures", ()))
    after = f" after the declared structure {declared}" if declared else ""
    return [
        Reason(
            code=FOREIGN_STARTS,
            text=f"Read {start.read} begins{after} with {start.bases} bases that are not of the panel "
            f"({start.consensus} in {percent(start.share)} of the reads placed there): an inline UMI or a "
            "linker; declare `umi`.",
        )
        for start in foreign_starts(align)
    ]


def without_foreign_breaks(
    clusters: Iterable[OneSidedCluster],
    starts: Sequence[ForeignStart],
    junctions: Iterable[CalledJunction] = (),
) -> list[OneSidedCluster]:
    """Return one-sided breaks, those that foreign starts make rejected.

    They lead into the foreign bases, or are at a junction that is reported and whose reads have so many
    edits by their foreign bases that the junction did not take them.

    Args:
        clusters: breaks.
        starts: what the reads begin with.
        junctions: that are reported.
    """
    ends = [
        end
        for j in junctions
        for end in ((j.five_gene, False, j.five_pos), (j.three_gene, True, j.three_pos))
    ]

    def foreign(cluster: OneSidedCluster) -> bool:
        explained = any(
            (gene, enters) == (cluster.gene, cluster.enters) and abs(place - cluster.position) <= SLACK
            for gene, enters, place in ends
        )
        return explained or any(_shows(_clip_of(cluster), start) for start in starts)

    return [
        replace(cluster, rejection=FOREIGN_START)
        if starts and not cluster.rejection and foreign(cluster)
        else cluster
        for cluster in clusters
    ]


def _clip_of(cluster: OneSidedCluster) -> str:
    """Return the clipped bases as the reads that begin with them have them."""
    return cluster.consensus if cluster.enters else reverse_complement(cluster.consensus)


def _shows(clip: str, start: ForeignStart) -> bool:
    """Whether clipped bases are those of a foreign start, whole or the part that a read's other end reaches.

    >>> start = ForeignStart(1, 21, 0.9, "NNNNNNNNACCGTTAGCCATA")
    >>> _shows("TTTTGGGGACCGTTAGCCAT", start), _shows("TTTTGGGGACCGTTAGCCATAGGATCCAGGT", start)
    (True, False)
    """
    length = len(start.consensus)
    if len(clip) > length + SLACK:
        return False
    if len(start.consensus.replace("N", "")) < FEWEST_KNOWN:
        return abs(len(clip) - length) <= SLACK
    for shift in range(FEWEST_KNOWN - len(clip), length - FEWEST_KNOWN + 1):
        pairs = list(zip(clip[max(0, -shift) :], start.consensus[max(0, shift) :], strict=False))
        known = [own == other for own, other in pairs if other != "N"]
        enough = len(pairs) >= min(len(clip), length) - SLACK and len(known) >= FEWEST_KNOWN
        if enough and known.count(False) <= MAX_DIFFERENCES * len(known):
            return True
    return False
