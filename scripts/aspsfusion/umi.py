"""Unique molecular identifiers (UMIs): where a library carries them, and which of them are one.

Instruments write a UMI as the last field of the read's name (`:ACGT` or `:ACGT+TTGC`, the eighth field of
Illumina's names), umi_tools behind an underscore (`_ACGT`), and a SAM file in the tag RX (`ACGT-TTGC`).
A name may end in other things, so the names of a whole sample decide whether they carry UMIs.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

_FIELD = re.compile(r"^.*[:_]([ACGTN]+(?:[+-][ACGTN]+)?)$")
_ILLUMINA_FIELDS = 8

MIN_LENGTH = 4
"""Bases of the shortest UMI in use; shorter endings are something else."""

MAX_SHARE = 0.5
"""Share of a sample's fragments from which the commonest value shows that it is no UMI: the sequence of a
sample's index, which also stands in names, is the same nearly everywhere."""

_BASES = "ACGTN"


def umi_of_name(name: str) -> str:
    """Return what stands at a UMI's place in a read's name, empty when nothing fits.

    >>> [umi_of_name(n) for n in ("M:1:FC:1:1:2:3:ACGT+TTGC", "M:1:FC:1:1:2:3", "read_ACGTAC", "read7")]
    ['ACGT+TTGC', '', 'ACGTAC', '']
    """
    match = _FIELD.match(name)
    if match is None or len(match[1]) < MIN_LENGTH:
        return ""
    behind_colon = name[match.start(1) - 1] == ":"
    return "" if behind_colon and name.count(":") != _ILLUMINA_FIELDS - 1 else match[1]


def are_umis(values: Mapping[str, int]) -> bool:
    """Tell whether the values at the UMI's place are UMIs.

    They are when every fragment has one, all have one shape, and no value is that of more than half of the
    fragments.

    Args:
        values: fragments by value; empty for fragments without one.

    >>> are_umis({"ACGT": 2, "TTGA": 1, "CCGA": 1}), are_umis({"ACGT": 3, "TTGA": 1}), are_umis({"": 1})
    (True, False, False)
    """
    shapes = {re.sub("[ACGTN]", "N", value) for value in values}
    total = sum(values.values())
    return len(shapes) == 1 and "" not in shapes and max(values.values()) <= MAX_SHARE * total


def molecules(umis: Iterable[str]) -> dict[str, str]:
    """Return for each UMI seen at one place the one that stands for its molecule.

    UMIs within one mismatch of each other are copies of one molecule read with an error, directly or over
    others between them (the `cluster` method of umi_tools, Smith 2017 Genome Res 27:491): it never counts
    more molecules than there are.

    >>> dict(sorted(molecules(["ACGT", "ACGA", "TTTT", "ACCA"]).items()))
    {'ACCA': 'ACCA', 'ACGA': 'ACCA', 'ACGT': 'ACCA', 'TTTT': 'TTTT'}
    """
    counts = Counter(umis)
    chosen: dict[str, str] = {}
    for umi in sorted(counts, key=lambda value: (-counts[value], value)):
        if umi in chosen:
            continue
        waiting = [umi]
        while waiting:
            member = waiting.pop()
            if member in chosen:
                continue
            chosen[member] = umi
            waiting += [near for near in _within_one(member) if near in counts and near not in chosen]
    return {umi: chosen[umi] for umi in counts}


def _within_one(umi: str) -> list[str]:
    return [
        umi[:place] + base + umi[place + 1 :]
        for place, own in enumerate(umi)
        if own in _BASES
        for base in _BASES
        if base != own
    ]
