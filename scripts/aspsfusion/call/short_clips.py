"""Proposes junctions of two targets by clips that are too short to show their partner each by itself.

The aligner places no piece of fewer than some twenty bases, and ten bases of a read are somewhere in two
transcripts by chance once in a hundred times. Where two fragments propose the same junction so, from one side
or from both, it is worth a test.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.call.normal_form import NormalForms
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.panel.panel import Junction, Panel

FEWEST, MOST = 10, 24
"""Bases of a clip that proposes a junction, those beside the break: with fewer a fragment does not count, and
more the aligner finds."""

FEWEST_TO_AGREE = 6
"""Bases of a clip that agrees with a junction that another one proposes: where bases beside the junction are
alike in both genes, the aligner leaves fewer of the other gene over."""

BASES_PER_MISMATCH = 13
"""Bases for each mismatch that is allowed, as a variant beside the junction makes it."""

MAX_MISMATCH_RATE = 0.2
MIN_SHARE = 0.8
"""Share of the clips at one place that must fit the same partner, and mismatches up to which they do: errors
are in few of them. Where reads with longer clips go on otherwise, a few bases agree by chance."""

FRAGMENTS = 2
"""Fragments that must propose a junction."""


class _Place(NamedTuple):
    """Where reads leave a gene: genomic position of its last base (0-based), or of its first one."""

    gene: str
    position: int
    enters: bool


class _Partner(NamedTuple):
    """Where a partner's bases begin after the break on its primary transcript, or end before it (0-based)."""

    gene: str
    boundary: int


class ShortClips:
    """Looks for clips of the target genes in the other targets."""

    def __init__(self, panel: Panel, normal_forms: NormalForms) -> None:
        self._panel = panel
        self._normal_forms = normal_forms
        self._targets = sorted(panel.spec.genes_with_role("target"))
        self._bases = {
            gene: np.frombuffer(panel.primary[gene].sequence.encode("ascii"), np.uint8)
            for gene in self._targets
        }

    def propose(self, fragments: Iterable[Fragment]) -> dict[Junction, list[Fragment]]:
        """Return the junctions that clips of several fragments propose, each with these fragments."""
        partners_of = cache(self._partners)
        by_place: dict[_Place, list[tuple[str, Fragment]]] = {}
        for fragment in fragments:
            for place, bases in sorted({clip for mate in fragment.mates for clip in self._clips(mate)}):
                by_place.setdefault(place, []).append((bases, fragment))
        found: dict[Junction, dict[int, Fragment]] = {}
        for place, own in by_place.items():
            long = {bases for bases, _ in own if len(bases) >= FEWEST}
            partners = {partner for bases in long for partner in partners_of(place, bases)}
            for partner in sorted(partners):
                fitting = [each for bases, each in own if self._fits(partner, bases, place.enters)]
                if len(fitting) >= MIN_SHARE * len(own):
                    proposers = found.setdefault(self._junction(place, partner), {})
                    proposers.update({each.number: each for each in fitting})
        for place, own in by_place.items() if found else ():
            for bases, each in own:
                if len(bases) < FEWEST:
                    for partner in partners_of(place, bases):
                        if (junction := self._junction(place, partner)) in found:
                            found[junction][each.number] = each
        return {
            junction: [proposers[number] for number in sorted(proposers)]
            for junction, proposers in found.items()
            if len(proposers) >= FRAGMENTS
        }

    def _clips(self, mate: Mate) -> Iterator[tuple[_Place, str]]:
        """Yield the clips of a read beside its longest piece in each target, and where they are."""
        pieces: dict[tuple[str, bool], Placement] = {}
        for placement in mate.placements:
            key = placement.gene, placement.reverse
            if placement.gene in self._bases and (key not in pieces or _size(placement) > _size(pieces[key])):
                pieces[key] = placement
        for (gene, reverse), piece in pieces.items():
            bases = mate.oriented(reverse=reverse)
            before, after = bases[: piece.query_start][-MOST:], bases[piece.query_end :][:MOST]
            for clip, edge, enters in ((before, piece.start, True), (after, piece.end - 1, False)):
                if len(clip) >= FEWEST_TO_AGREE:
                    yield _Place(gene, self._panel.genomic_position(piece.contig, edge), enters), clip

    def _partners(self, place: _Place, clip: str) -> frozenset[_Partner]:
        """Return where in other targets the bases of a clip are, with the few mismatches of a variant."""
        most = len(clip) // BASES_PER_MISMATCH
        return frozenset(
            _Partner(gene, start + len(clip) if place.enters else start)
            for gene in self._targets
            if gene != place.gene and len(clip) <= self._bases[gene].size
            for start in np.flatnonzero(_mismatches(self._bases[gene], clip) <= most).tolist()
        )

    def _fits(self, partner: _Partner, clip: str, enters: bool) -> bool:
        """Whether a clip goes on like a partner, up to errors."""
        start = partner.boundary - len(clip) if enters else partner.boundary
        text = self._bases[partner.gene][max(0, start) : start + len(clip)]
        most = MAX_MISMATCH_RATE * len(clip)
        return text.size == len(clip) and int(_mismatches(text, clip)[0]) <= most

    def _junction(self, place: _Place, partner: _Partner) -> Junction:
        to_genome = self._panel.primary[partner.gene].to_genome
        if place.enters:
            junction = Junction(partner.gene, to_genome(partner.boundary - 1), place.gene, place.position)
        else:
            junction = Junction(place.gene, place.position, partner.gene, to_genome(partner.boundary))
        return self._normal_forms.of(junction).junction


def _size(placement: Placement) -> int:
    return placement.query_end - placement.query_start


def _mismatches(text: npt.NDArray[np.uint8], clip: str) -> npt.NDArray[np.int64]:
    """Return in how many bases a clip differs from each piece of a text."""
    bases = np.frombuffer(clip.encode("ascii"), np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(text, bases.size)
    different: npt.NDArray[np.int64] = np.count_nonzero(windows != bases, axis=1)
    return different
