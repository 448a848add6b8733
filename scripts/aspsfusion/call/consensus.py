"""Makes one junction of proposals that differ by errors in their inserted bases.

Each read shows the bases between two genes with its own errors, and an error at the end of a gene's piece
moves the place where the inserted bases begin. What most reads agree on stands for all of them.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from aspsfusion.call.borders import VARIANT_REACH, edit_distance
from aspsfusion.call.normal_form import NormalForms
from aspsfusion.evidence.fragments import Fragment
from aspsfusion.panel.panel import Junction

BASES_PER_EDIT = 8
"""Inserted bases for each edit, beside one, that two proposals of one event may differ by."""

MIN_COMPARED = 4
"""Inserted bases from which two proposals can be told to be of one event: fewer agree by chance."""

Proposed = dict[Junction, list[Fragment]]
"""Junctions with the fragments that propose them."""


def agreed(proposed: Proposed, normal_forms: NormalForms) -> Proposed:
    """Return the proposals with those of one event joined; junctions without inserted bases stay.

    Args:
        proposed: junctions in normal form, each with the fragments that propose it.
        normal_forms: for the junctions that the fragments agree on.
    """
    found: Proposed = {}
    places: defaultdict[tuple[str, int, str, int, int], Proposed] = defaultdict(dict)
    for junction, fragments in proposed.items():
        if junction.inserted:
            key = (
                junction.five_gene,
                junction.five_pos,
                junction.three_gene,
                junction.three_pos,
                len(junction.inserted),
            )
            places[key][junction] = fragments
        else:
            found[junction] = fragments
    heads: Proposed = {}
    groups = sorted(places.items(), key=lambda item: (-sum(map(len, item[1].values())), item[0]))
    for _, group in groups:
        for junction, fragments in _one_place(group).items():
            head = next((other for other in heads if _same_event(junction, other)), junction)
            heads.setdefault(head, []).extend(fragments)
    for junction, fragments in heads.items():
        _join(found, normal_forms.of(junction).junction, fragments)
    return found


def _one_place(group: Mapping[Junction, list[Fragment]]) -> Proposed:
    """Join the proposals of one place whose inserted bases are equally many: the majority base counts."""
    columns: list[Counter[str]] = []
    for junction, fragments in sorted(group.items(), key=lambda item: item[0].inserted):
        columns = columns or [Counter() for _ in junction.inserted]
        for column, base in zip(columns, junction.inserted, strict=True):
            column[base] += len(fragments)
    majority = "".join(min(column, key=lambda base: (-column[base], base)) for column in columns)
    joined: Proposed = {}
    for junction, fragments in group.items():
        common = replace(junction, inserted=majority)
        _join(joined, common if _same_event(junction, common) else junction, fragments)
    return dict(sorted(joined.items(), key=lambda item: (-len(item[1]), item[0].inserted)))


def _join(found: Proposed, junction: Junction, fragments: list[Fragment]) -> None:
    held = found.setdefault(junction, [])
    held.extend(fragment for fragment in fragments if fragment not in held)


def _same_event(one: Junction, other: Junction) -> bool:
    """Whether two proposals are of one event: at one place with nearly the same bases, or moved by an error.

    An error in a gene's last bases counts it and those after it to the inserted ones.
    """
    if (one.five_gene, one.three_gene) != (other.five_gene, other.three_gene):
        return False
    shorter, longer = sorted((one.inserted, other.inserted), key=len)
    if len(shorter) < MIN_COMPARED:
        return one == other
    moved = abs(one.five_pos - other.five_pos), abs(one.three_pos - other.three_pos)
    more = len(longer) - len(shorter)
    if moved == (0, 0):
        most = 1 + len(shorter) // BASES_PER_EDIT
        return edit_distance(shorter, longer, most) <= most
    if not 0 < more <= VARIANT_REACH:
        return False
    return (moved == (more, 0) and longer.endswith(shorter)) or (
        moved == (0, more) and longer.startswith(shorter)
    )
