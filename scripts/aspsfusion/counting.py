"""Counts the molecules of a junction once each."""

from collections.abc import Iterable
from typing import NamedTuple

from aspsfusion.calls_file import CalledRead, MatePlace
from aspsfusion.evidence.molecules import molecules
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.support import PREFERENCE, Support


class Assigned(NamedTuple):
    """A fragment's support for the junction that it was given to, and whether it fits no other known one."""

    support: Support
    typable: bool


class Counted(NamedTuple):
    """The same for a molecule, with the number of its copies."""

    support: Support
    typable: bool
    copies: int


def unique_molecules(group: Iterable[Assigned]) -> list[Counted]:
    """Remove duplicates by the fragment's place on the fusion transcript, copies added up.

    Copies of one molecule may have been aligned with either gene in front; on the junction they lie in the
    same place. Of several the one with the strongest kind of support, the fewest edits, then the first name
    is kept. UMIs tell molecules of one place apart, as before.
    """
    by_place: dict[tuple[int, int, str], list[Assigned]] = {}
    for item in group:
        by_place.setdefault(item.support.span, []).append(item)
    kept: list[Counted] = []
    for items in by_place.values():
        umis = molecules(item.support.fragment.umi for item in items)
        of_molecule: dict[str, list[Assigned]] = {}
        for item in items:
            of_molecule.setdefault(umis[item.support.fragment.umi], []).append(item)
        for copies in of_molecule.values():
            best = min(copies, key=lambda i: (PREFERENCE[i.support.kind], *_strength(i.support)))
            kept.append(Counted(best.support, best.typable, sum(i.support.fragment.copies for i in copies)))
    return sorted(kept, key=lambda item: (item.support.span, item.support.fragment.name))


def _strength(support: Support) -> tuple[int, str]:
    return support.edits, support.fragment.name


def called_read(item: Counted) -> CalledRead:
    """Return a counted molecule as it stands in the calls file."""
    support = item.support
    five, three = support.anchors
    laid = support.laid[support.crossing]
    assert laid is not None
    assert support.kind != "touching"
    sequence = support.fragment.mates[support.crossing].sequence
    return CalledRead(
        name=support.fragment.name,
        kind=support.kind,
        copies=item.copies,
        typable=item.typable,
        anchor_five_prime=five,
        anchor_three_prime=three,
        mismatches=support.edits,
        sequence=reverse_complement(sequence) if laid.reverse else sequence,
        offset=laid.start,
        places=tuple(
            MatePlace(mate.number, place.reverse, place.start, place.edits)
            for mate, place in zip(support.fragment.mates, support.laid, strict=True)
            if place is not None
        ),
    )
