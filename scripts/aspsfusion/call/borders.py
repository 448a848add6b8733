"""Knows the exon borders of a panel, and which known junction a junction is a variant of.

The exons of a junction, its type and the wild type beside it are those of the nearest junction that is listed
or lies between two exon borders: a base lost or inserted beside a junction makes no other fusion.
"""

from dataclasses import replace
from itertools import product
from typing import NamedTuple

from aspsfusion.config import BOTH_SIDES
from aspsfusion.evidence.anchors import boundaries
from aspsfusion.panel.panel import Junction, Panel, Transcript

NEAR = 3
"""Bases on either side within which a junction belongs to a known one, whatever is inserted."""

VARIANT_REACH = 8
"""Bases on either side within which it does if the two sequences differ by no more than MAX_VARIANT edits: an
indel of 3 nt that leaves 4 nt of the exon before the junction."""

MAX_VARIANT = 3
"""Edits of such a variant."""

FLANK = 16
"""Bases beyond VARIANT_REACH that are compared on each side."""


class BoundaryMap:
    """Exon ends and starts of every gene, by genomic position of the joined base.

    Attributes:
        known_ends: exon ends with the 5' places of listed junctions.
        known_starts: exon starts with the 3' places of listed junctions.
    """

    def __init__(self, panel: Panel) -> None:
        self.ends: dict[str, set[int]] = {}
        self.starts: dict[str, set[int]] = {}
        for transcript in panel.transcripts.values():
            ends = self.ends.setdefault(transcript.gene, set())
            starts = self.starts.setdefault(transcript.gene, set())
            # The last exon's end is where transcription stops, the first one's start where it begins.
            ends.update(transcript.to_genome(exon.tx_end - 1) for exon in transcript.exons[:-1])
            starts.update(transcript.to_genome(exon.tx_start) for exon in transcript.exons[1:])
        self.known_ends = {gene: set(places) for gene, places in self.ends.items()}
        self.known_starts = {gene: set(places) for gene, places in self.starts.items()}
        for listed in panel.catalogue:
            self.known_ends[listed.five_gene].add(listed.five_pos)
            self.known_starts[listed.three_gene].add(listed.three_pos)

    def count(self, junction: Junction) -> int:
        """Return how many sides of a junction, 0 to 2, are at an exon's end or start."""
        return (junction.five_pos in self.ends[junction.five_gene]) + (
            junction.three_pos in self.starts[junction.three_gene]
        )


class KnownPlaces:
    """Finds the known junction that a junction belongs to."""

    def __init__(self, panel: Panel, borders: BoundaryMap) -> None:
        self._panel = panel
        self._borders = borders
        self._found: dict[Junction, Junction | None] = {}
        self._beside: dict[tuple[str, int, bool], dict[int, int]] = {}

    def nearest(self, junction: Junction) -> Junction | None:
        """Return the known junction that a junction is or is a variant of, None where there is none.

        Listed ones go first, then the nearer one. None where there is no such place.
        """
        if junction not in self._found:
            self._found[junction] = self._nearest(junction)
        return self._found[junction]

    def _nearest(self, junction: Junction) -> Junction | None:
        plain = replace(junction, inserted="")
        if plain in self._panel.catalogue or self._borders.count(plain) == BOTH_SIDES:
            return plain
        five = self._near(junction.five_gene, junction.five_pos, last=True)
        three = self._near(junction.three_gene, junction.three_pos, last=False)
        places = [
            _Candidate(left, right, other)
            for (five_pos, left), (three_pos, right) in product(five.items(), three.items())
            if (other := Junction(junction.five_gene, five_pos, junction.three_gene, three_pos))
            in self._panel.catalogue
            or self._borders.count(other) == BOTH_SIDES
        ]
        near = [p for p in places if max(abs(p.left), abs(p.right)) <= NEAR]
        near = near or [p for p in places if self._differ(junction, p) <= MAX_VARIANT]
        return min(near, key=self._order).known if near else None

    def _order(self, place: "_Candidate") -> tuple[bool, int, int, int]:
        known = place.known
        unlisted = known not in self._panel.catalogue
        return unlisted, abs(place.left) + abs(place.right), known.five_pos, known.three_pos

    def _near(self, gene: str, position: int, *, last: bool) -> dict[int, int]:
        """Return the known places of a gene near a position, each with its distance downstream of it."""
        if (gene, position, last) not in self._beside:
            known = (self._borders.known_ends if last else self._borders.known_starts)[gene]
            distances = {place: signed_distance(self._panel, gene, position, place) for place in known}
            self._beside[gene, position, last] = {
                place: distance for place, distance in distances.items() if abs(distance) <= VARIANT_REACH
            }
        return self._beside[gene, position, last]

    def _differ(self, junction: Junction, place: "_Candidate") -> int:
        """Return the edits between the sequences of a junction and of a known one."""
        five, three = self._flanks(junction)
        known_five, known_three = self._flanks(place.known)
        reach = FLANK + VARIANT_REACH
        # Ours has lost `left` bases of the 5' gene, and has `right` more of the 3' gene.
        if abs(len(junction.inserted) - place.left + place.right) > MAX_VARIANT:
            return MAX_VARIANT + 1
        ours = five[-reach:] + junction.inserted + three[:reach]
        theirs = known_five[-(reach + place.left) :] + known_three[: reach - place.right]
        return edit_distance(ours, theirs)

    def _flanks(self, junction: Junction) -> tuple[str, str]:
        five = boundaries(self._panel, junction.five_gene, junction.five_pos, after=True)
        three = boundaries(self._panel, junction.three_gene, junction.three_pos, after=False)
        if not five or not three:
            return "", ""
        (left, end), (right, start) = five[0], three[0]
        return self._panel.sequence_of(left)[:end], self._panel.sequence_of(right)[start:]


class _Candidate(NamedTuple):
    """A known junction near another one; `left` and `right` are how far downstream its two places lie."""

    left: int
    right: int
    known: Junction


def signed_distance(panel: Panel, gene: str, position: int, place: int) -> int:
    """Return how many bases downstream of a genomic position another one lies in the direction of the gene.

    The fewest on any transcript that holds both, or in the unspliced gene.
    """
    sense = 1 if panel.primary[gene].strand == "+" else -1
    distances = [(place - position) * sense]
    for transcript in panel.by_gene[gene]:
        distance = _on_transcript(transcript, position, place)
        if distance is not None:
            distances.append(distance)
    return min(distances, key=abs)


def _on_transcript(transcript: Transcript, position: int, place: int) -> int | None:
    one, other = transcript.from_genome(position), transcript.from_genome(place)
    return None if one is None or other is None else other - one


def edit_distance(one: str, other: str, most: int | None = None) -> int:
    """Return the fewest substitutions, inserted and lost bases that turn one sequence into the other.

    Args:
        one: bases.
        other: bases.
        most: number above which `most + 1` may be returned instead, which takes time by it and not by the
            length (Ukkonen 1985).

    >>> edit_distance("ACGT", "AGT"), edit_distance("", "AC"), edit_distance("AAAA", "TTTT", most=1)
    (1, 2, 2)
    """
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    band = max(len(one), len(other)) if most is None else most
    beyond = band + 1
    if abs(len(one) - len(other)) > band:
        return beyond
    row = [min(at, beyond) for at in range(len(other) + 1)]
    for index, base in enumerate(one, 1):
        first, last = max(1, index - band), min(len(other), index + band)
        # Beside the band all cells are as `beyond`, which row[last] is from the row before.
        before, row[first - 1] = row[first - 1], index if first == 1 else beyond
        for at in range(first, last + 1):
            before, row[at] = (
                row[at],
                min(row[at] + 1, row[at - 1] + 1, before + (base != other[at - 1]), beyond),
            )
        if min(row[first - 1 : last + 1]) == beyond:
            return beyond
    return row[-1]
