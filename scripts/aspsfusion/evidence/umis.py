"""Finds unique molecular identifiers (UMIs) in tags and read names, and those of one molecule.

A UMI is in a SAM tag, or the last field of the read's name: `:ACGT` as the eighth field of an Illumina name,
after an underscore (umi_tools, fastp) or `#`, or after the word `umi` in a field of its own. A name may end
in other things, so the names of a whole sample decide whether they carry UMIs.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import comb
from operator import ne
from typing import Literal

UmiSource = Literal["none", "read structures", "tag", "read names"]
"""Where the UMIs of a sample are: declared segments of the reads, a tag of the file, the reads' names."""

NO_UMIS: UmiSource = "none"

MIN_UMI_LENGTH = 4
"""Bases of the shortest UMI in use; shorter endings are something else."""

MAX_UMI_SHARE = 0.5
"""Share of a sample's fragments from which the commonest value shows that it is no UMI: the sequence of a
sample's index, which also occurs in names, is the same nearly everywhere."""

MIN_LIKENESS = 0.5
"""Share of a sample's names that must hold what looks like a UMI for the report to ask whether it is one."""

LONG_UMI = 16
"""Bases from which copies of a UMI may differ in two of them. By chance 1 in 3.8 million pairs of such UMIs
are as near, and 1 in 2,600 of 8 bases within one mismatch; with 1 percent errors 2 in 100 copies of 24 bases
have more than one."""

PIECES = 3
"""Of a UMI: of so many one is free of two mismatches."""

MANY_COPIES, NEAR_MANY = 30, 2
"""Copies for each one that differs in two bases of a shorter UMI. With 1 percent errors 6 in 1,000 copies of
12 bases have so many. Molecules of one place of which one has so many more copies are rare, and 1 in 240
pairs of UMIs of 8 bases are as near by chance."""

SHORTEST_NEAR_MANY = 8
"""Bases of the shortest UMI of which that holds; of 4 bases a quarter of all pairs are as near."""

MOST_BY_CHANCE = 0.05
"""Probability with which a UMI is near one of those with many copies by chance, up to which it is joined to
it: beside 12 molecules of 8 bases, or 1,300 of 12 bases."""

SCANNED = 64
"""UMIs at a place up to which long ones are compared one by one."""

UMI_JOINT = "+"
"""Between the parts of a UMI, which are of one read or of both."""

_BASES = "ACGTN"
_ILLUMINA_FIELDS = 8
# A leading r says that the instrument wrote the reverse complement (Illumina, DRAGEN and BCL Convert).
_VALUE = r"r?[ACGTN]+(?:[+_-]r?[ACGTN]+)?"
_NAME_END = re.compile(rf"(?:^|(?P<mark>[:_#]))(?P<word>umi[:_=-]?)?(?P<umi>{_VALUE})$", re.IGNORECASE)
_LIKE_A_UMI = re.compile(rf"(?<![A-Za-z0-9]){_VALUE}(?![A-Za-z0-9])", re.IGNORECASE)


def umi_of_name(name: str) -> str:
    """Return what a read's name holds at a UMI's place, empty when it is no UMI.

    The parts of a double UMI are joined by `+`, and a leading `r` is left out.

    >>> [umi_of_name(n) for n in ("M:1:FC:1:1:2:3:ACGT+rTTGC", "M:1:FC:1:1:2:3", "read_ACGTAC", "read7")]
    ['ACGT+TTGC', '', 'ACGTAC', '']
    >>> [umi_of_name(n) for n in ("read:umi:ACGT", "read:UMI_ACGT_TTGC", "read#ACGT", "read:ACGT")]
    ['ACGT', 'ACGT+TTGC', 'ACGT', '']
    """
    match = _NAME_END.search(name)
    if match is None:
        return ""
    mark, word = match["mark"], match["word"]
    if not word and (not mark or (mark == ":" and name.count(":") != _ILLUMINA_FIELDS - 1)):
        return ""
    return plain_umi(match["umi"])


def plain_umi(value: str) -> str:
    """Return a UMI in upper case with `+` between its parts; empty when it is too short.

    A value that is not made of bases, such as the number in the tag MI, is returned as it is, but for the
    strand that MI may name at its end.

    >>> plain_umi("ACGT-rttgc"), plain_umi("17/A"), plain_umi("AC")
    ('ACGT+TTGC', '17', '')
    """
    if not re.fullmatch(_VALUE, value, re.IGNORECASE):
        return re.sub("/[AB]$", "", value)
    bases = re.sub("[_-]", "+", value.upper().replace("R", ""))
    return bases if len(bases.replace("+", "")) >= MIN_UMI_LENGTH else ""


def like_umis(name: str) -> list[tuple[int, str]]:
    """Return the fields of a name that look like UMIs, each with the number of marks in front of it.

    >>> like_umis("ACGTAC:read:7"), like_umis("read|ACGT|TTGCA.7"), like_umis("read7_ACGTACG7")
    ([(0, 'ACGTAC')], [(1, 'ACGT'), (2, 'TTGCA')], [])
    """
    found = [(match.start(), plain_umi(match[0])) for match in _LIKE_A_UMI.finditer(name)]
    return [(sum(not mark.isalnum() for mark in name[:start]), umi) for start, umi in found if umi]


def are_umis(values: Mapping[str, int]) -> bool:
    """Tell whether the values at the UMI's place are UMIs.

    They are when every fragment has one and no value is that of more than half of the fragments.

    Args:
        values: fragments by value; the value of fragments without one is empty.

    >>> are_umis({"ACGT": 2, "TTGA": 1, "CCGAA": 1}), are_umis({"ACGT": 3, "TTGA": 1}), are_umis({"": 1})
    (True, False, False)
    """
    return "" not in values and max(values.values()) <= MAX_UMI_SHARE * sum(values.values())


def unused_umi(fields: Mapping[tuple[int, str], int], fragments: int) -> str:
    """Return the commonest value of a field of the names that looks like UMIs; else an empty string.

    Args:
        fields: fragments by `like_umis` of their names, of a sample whose UMIs are not used.
        fragments: of the sample.

    >>> unused_umi({(1, "ACGT"): 2, (1, "TTGA"): 1, (1, "CCGA"): 1}, 6), unused_umi({(1, "ACGT"): 9}, 9)
    ('ACGT', '')
    """
    by_place: dict[int, dict[str, int]] = {}
    for (place, value), number in fields.items():
        by_place.setdefault(place, {})[value] = number
    for _, values in sorted(by_place.items(), reverse=True):
        total = sum(values.values())
        if total >= MIN_LIKENESS * fragments and max(values.values()) <= MAX_UMI_SHARE * total:
            return min(values, key=lambda value: (-values[value], value))
    return ""


def cluster_umis(umis: Iterable[str]) -> dict[str, str]:
    """Return for each UMI seen at one place the one that stands for its molecule.

    UMIs within one mismatch of each other, long ones within two, are copies of one molecule read with an
    error, directly or over others between them (the `cluster` method of umi_tools, Smith 2017 Genome Res
    27:491): it never counts more molecules than there are. So are those with two mismatches beside far more
    copies of another one. For the same reason fragments whose UMI is not known (empty), because a read was
    too short for it, are copies of the commonest molecule of their place.

    >>> dict(sorted(cluster_umis(["ACGT", "ACGA", "TTTT", "ACCA"]).items()))
    {'ACCA': 'ACCA', 'ACGA': 'ACCA', 'ACGT': 'ACCA', 'TTTT': 'TTTT'}
    >>> cluster_umis(["", "ACGT", ""])
    {'': 'ACGT', 'ACGT': 'ACGT'}
    """
    counts = Counter(umis)
    pieces = UmiPieces(counts) if len(counts) > SCANNED else None
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
            waiting += [other for other in near_umis(member, counts, pieces) if other not in chosen]
    _join_to_many(chosen, counts)
    known = Counter(chosen[umi] for umi in counts.elements() if umi)
    if known and "" in chosen:
        chosen[""] = min(known, key=lambda umi: (-known[umi], umi))
    return {umi: chosen[umi] for umi in counts}


def _join_to_many(chosen: dict[str, str], counts: Mapping[str, int]) -> None:
    """Let UMIs with few copies stand for the molecule of one near them with far more, in place."""
    totals: Counter[str] = Counter()
    for umi, main in chosen.items():
        totals[main] += counts[umi]
    most = max(totals.values(), default=0)
    many = {
        umi: None
        for umi, count in totals.items()
        if count >= MANY_COPIES and SHORTEST_NEAR_MANY <= size_of(umi) < LONG_UMI
    }
    many = {umi: None for umi in many if len(many) * _share_near(size_of(umi)) <= MOST_BY_CHANCE}
    if not many:
        return
    pieces, joined = UmiPieces(many, SHORTEST_NEAR_MANY), {}
    for umi, count in totals.items():
        if count * MANY_COPIES <= most:
            near = [
                other
                for form in _forms(umi)
                for other in pieces.sharing(form)
                if totals[other] >= MANY_COPIES * count and _within(form, other, NEAR_MANY)
            ]
            if near:
                joined[umi] = max(near, key=lambda other: (totals[other], other))
    for umi, main in chosen.items():
        chosen[umi] = joined.get(main, main)


def _share_near(size: int) -> float:
    """Return the share of all UMIs of a size that differ from one in NEAR_MANY bases at most."""
    near = sum(comb(size, wrong) * 3**wrong for wrong in range(NEAR_MANY + 1))
    return float(near / 4**size)


class UmiPieces:
    """UMIs by their pieces, so that those with two mismatches at most are found among many."""

    def __init__(self, umis: Iterable[str], shortest: int = LONG_UMI) -> None:
        self._held: dict[tuple[int, int, str], list[str]] = {}
        self._shortest = shortest
        for umi in umis:
            self.add(umi)

    def add(self, umi: str) -> None:
        """Hold one more UMI, unless it is shorter than those of which near ones are looked for so."""
        if size_of(umi) >= self._shortest:
            for piece in _pieces(umi):
                self._held.setdefault(piece, []).append(umi)

    def sharing(self, umi: str) -> Iterable[str]:
        """Return those that have a piece in common with a UMI."""
        return dict.fromkeys(other for piece in _pieces(umi) for other in self._held.get(piece, ()))


def _pieces(umi: str) -> list[tuple[int, int, str]]:
    """Return length, beginning and bases of each piece of a UMI."""
    starts = [len(umi) * part // PIECES for part in range(PIECES + 1)]
    return [(len(umi), start, umi[start:end]) for start, end in pairwise(starts)]


def size_of(umi: str) -> int:
    """Return how many bases a UMI has."""
    return len(umi) - umi.count(UMI_JOINT)


def mismatches_within(umi: str) -> int:
    """Return in how many bases copies of one UMI may differ.

    >>> mismatches_within("ACGTACGT+ACGTACG"), mismatches_within("ACGTACGT+ACGTACGT")
    (1, 2)
    """
    return 1 if size_of(umi) < LONG_UMI else 2


def _forms(umi: str) -> tuple[str, ...]:
    """Return a UMI as the two strands of its molecule are read with it: duplex UMIs exchange their parts.

    >>> _forms("ACGT+TTGC"), _forms("ACGT")
    (('ACGT+TTGC', 'TTGC+ACGT'), ('ACGT',))
    """
    first, joint, second = umi.partition(UMI_JOINT)
    return (umi, f"{second}{joint}{first}") if joint and first != second else (umi,)


def near_umis(umi: str, among: Mapping[str, object], pieces: UmiPieces | None = None) -> list[str]:
    """Return those of a collection that may be one with a UMI, see `near`, itself included.

    Args:
        umi: the one.
        among: the collection.
        pieces: of the collection, without which all are compared where the UMI is long.
    """
    forms = _forms(umi)
    if mismatches_within(umi) > 1:
        some = among if pieces is None else dict.fromkeys(o for form in forms for o in pieces.sharing(form))
        return [other for other in some if near(umi, other)]
    if len(among) <= len(_BASES) * len(umi):
        return [other for other in among if near(umi, other)]
    found: dict[str, None] = {}
    for form in forms:
        found |= dict.fromkeys([form] if form in among else [])
        for place, own in enumerate(form):
            if own in _BASES:
                others = (form[:place] + base + form[place + 1 :] for base in _BASES if base != own)
                found |= dict.fromkeys(other for other in others if other in among)
    return list(found)


def near(one: str, other: str) -> bool:
    """Tell whether two UMIs of one length may be one, see `mismatches_within`, on one strand or on two.

    >>> [near("ACGT", other) for other in ("ACGA", "AGGA", "ACGTA")], near("7", "8")
    ([True, False, False], False)
    >>> near("ACGT+TTGC", "TTGC+ACGA"), near("ACGT+TTGC", "CGTT+TGCA")
    (True, False)
    """
    return any(_within(form, other, mismatches_within(one)) for form in _forms(one))


def _within(one: str, other: str, mismatches: int) -> bool:
    if one == other:
        return True
    if len(one) != len(other) or sum(map(ne, one, other)) > mismatches:
        return False
    return all(a == b or (a in _BASES and b in _BASES) for a, b in zip(one, other, strict=True))
