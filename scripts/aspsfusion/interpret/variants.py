"""Describes variants beside a junction that most of its reads share.

A variant next to the junction is a part of it: bases lost and inserted. One some bases away leaves the place
where the genes are joined as it is, and the reads alone show it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from aspsfusion.call.borders import MAX_VARIANT, VARIANT_REACH
from aspsfusion.call.calls_file import CalledJunction, CalledRead
from aspsfusion.interpret.nomenclature import genomic_position_name, position_name
from aspsfusion.panel.panel import Transcript

MIN_READS = 2
"""Crossing reads that must share a variant, and more than half of all: one alone may be an error."""

INDEL_FROM = 3
"""Substitutions of a read from which an indel is tried, which is an edit itself: fewer are no sign of one."""


INDEL_REACH = 25
"""Bases on either side of a junction within which an indel counts. It changes the reading frame however far
off it is; inserted bases that begin like the gene beside them show up as an indel at their other end.
Substitutions beyond VARIANT_REACH are of no consequence for the junction."""


class Change(NamedTuple):
    """A difference of a read from the sequence of a junction.

    Attributes:
        at: first base that is replaced, relative to the first base of the 3' gene.
        lost: bases that are replaced.
        bases: that take their place.
    """

    at: int
    lost: str
    bases: str


def shared_changes(junction: CalledJunction, least: int = MIN_READS) -> list[Change]:
    """Return the changes beside a junction that most of its crossing reads show, and at least so many."""
    reads = [read for read in junction.reads if read.kind == "split"]
    votes = Counter(change for read in reads for change in changes(junction, read))
    return sorted(change for change, count in votes.items() if count >= least and 2 * count > len(reads))


def with_indels(
    junction: CalledJunction, shared: Iterable[Change], five: Transcript, three: Transcript
) -> CalledJunction:
    """Return a junction that makes the same product as one with an indel beside it.

    What lies between the indel and the junction counts as inserted, so that the frame and the peptide are
    those of the reads.
    """
    indel = next((change for change in shared if len(change.lost) != len(change.bases)), None)
    last, first = five.from_genome(junction.five_pos), three.from_genome(junction.three_pos)
    if indel is None or last is None or first is None:
        return junction
    if indel.at < 0:
        kept = indel.at + len(junction.inserted)
        rest = min(0, kept + len(indel.lost))
        after = junction.flank_five_prime[rest:] if rest else ""
        return replace(
            junction, five_pos=five.to_genome(last + kept), inserted=indel.bases + after + junction.inserted
        )
    return replace(
        junction,
        three_pos=three.to_genome(first + indel.at + len(indel.lost)),
        inserted=junction.inserted + junction.flank_three_prime[: indel.at] + indel.bases,
    )


def changes(junction: CalledJunction, read: CalledRead) -> set[Change]:
    """Return where a crossing read differs from a junction near it: substitutions and one indel."""
    own = junction.flank_five_prime + junction.inserted + junction.flank_three_prime
    zero = len(own) - len(junction.flank_three_prime)
    start = max(0, zero + read.offset)
    bases = read.sequence[start - zero - read.offset :]
    best = _with_indel(own, start, bases, 0)
    if best[0] >= INDEL_FROM:
        ways = [best, *(_with_indel(own, start, bases, length) for length in _LENGTHS)]
        best = min(ways, key=lambda way: way[0])
    found, inserted = set(), len(junction.inserted)
    for change in best[1]:
        at = change.at - zero
        reach = VARIANT_REACH if len(change.lost) == len(change.bases) else INDEL_REACH
        if -inserted - reach <= at < -inserted or 0 <= at < reach:
            found.add(change._replace(at=at))
    return found


_LENGTHS = sorted((*range(-MAX_VARIANT, 0), *range(1, MAX_VARIANT + 1)), key=abs)
"""Inserted bases of an indel, negative for lost ones."""


def _with_indel(own: str, start: int, bases: str, length: int) -> tuple[int, list[Change]]:
    """Return the edits of a read with an indel of this length at its best place, and the changes.

    Of several places the most 3' one is taken, as HGVS has it.
    """
    inserted, lost = max(0, length), max(0, -length)
    end = min(len(bases), len(own) - start + length)
    left = [_differ(own, start + index, bases[index]) for index in range(end)]
    if not length:
        return sum(left), [_substitution(own, start + i, bases[i]) for i in range(end) if left[i]]
    right = [_differ(own, start + index - length, bases[index]) for index in range(end)]
    before, beyond = list(accumulate(left, initial=0)), list(accumulate(right, initial=0))
    cost = [before[place] + beyond[-1] - beyond[place + inserted] for place in range(end - inserted + 1)]
    gap = max(range(len(cost)), key=lambda place: (-cost[place], place))
    found = [_substitution(own, start + i, bases[i]) for i in range(gap) if left[i]]
    found += [
        _substitution(own, start + i - length, bases[i]) for i in range(gap + inserted, end) if right[i]
    ]
    found.append(Change(start + gap, own[start + gap : start + gap + lost], bases[gap : gap + inserted]))
    return cost[gap] + abs(length), found


def _differ(own: str, at: int, base: str) -> bool:
    return not 0 <= at < len(own) or base not in ("N", own[at])


def _substitution(own: str, at: int, base: str) -> Change:
    return Change(at, own[at : at + 1], base)


def change_name(junction: CalledJunction, change: Change, five: Transcript, three: Transcript) -> str:
    """Return a change beside a junction as HGVS has it, with its gene."""
    first, last = (_number(junction, at, five, three) for at in (change.at, change.at + len(change.lost) - 1))
    gene = junction.five_gene if change.at < 0 else junction.three_gene
    lost, bases = (text.lower().replace("t", "u") for text in (change.lost, change.bases))
    places = first if first == last else f"{first}_{last}"
    if not lost:
        return f"{gene} r.{last}_{first}ins{bases}"
    return f"{gene} r.{places}del" if not bases else f"{gene} r.{places}{lost}>{bases}"


def _number(junction: CalledJunction, at: int, five: Transcript, three: Transcript) -> str:
    """Return the HGVS number of a base by its place relative to the first base of the 3' gene."""
    transcript, joined = (five, junction.five_pos) if at < 0 else (three, junction.three_pos)
    beyond = at + len(junction.inserted) + 1 if at < 0 else at
    tx_pos = transcript.from_genome(joined)
    if tx_pos is not None:
        return position_name(transcript, tx_pos + beyond)
    return genomic_position_name(transcript, joined + (beyond if transcript.strand == "+" else -beyond))
