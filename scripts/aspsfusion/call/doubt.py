"""Tells whether settled fragments with two edits in a read might support a junction after all.

They were settled as wild type before the junctions of the sample were known (native/place_twice.c): none fits
a junction between borders of exons, or a listed one, better than the wild type. Other junctions at which all
fragments are tested are few. Settled reads near one of these are compared with it; where one fits it better,
the sample is done again without settling reads with two edits.

What fits a junction better than the wild type has one edit at most there. So of four words of SEED_BASES side
by side in a read with two edits, or of three in its mate, one has none there and none in the wild type. It is
in one of the two genes, no farther from the junction than the read is long, where the wild type has it in the
genome; or across the junction or in inserted bases, which are looked for on the panel.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from aspsfusion.call.junction import JunctionModel, Side
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.evidence.twice import TwiceEdited
from aspsfusion.native.place import SEED_BASES

AT_ONCE = 64
"""Reads that are compared at once: few enough for the memory that it takes."""

Zones = dict[str, list[tuple[int, int]]]


class SettledInDoubtError(Exception):
    """Settled fragments might support a junction."""


def require_no_doubt(models: Iterable[JunctionModel], settled: TwiceEdited, contigs: ContigBases) -> None:
    """Refuse settled fragments of which a read fits a junction better than the wild type.

    Args:
        models: of the junctions off the known places at which all fragments are tested.
        settled: with two edits in a read.
        contigs: the panel's sequences.

    Raises:
        SettledInDoubtError: one does.
    """
    for model in models:
        zones: Zones = {}
        words = _across(model)
        for side in (model.five, model.three):
            words |= _note_side(zones, side, settled.longest, contigs)
        for word in words:
            for contig, position in settled.places_of(word):
                zones.setdefault(contig, []).append((position, position + SEED_BASES))
        by_size: defaultdict[int, set[tuple[str, int]]] = defaultdict(set)
        for bases, edits in settled.reads_in(zones):
            by_size[len(bases)].add((bases, edits))
        if any(_fits_better(model, size, sorted(reads)) for size, reads in by_size.items()):
            raise SettledInDoubtError


def _fits_better(model: JunctionModel, size: int, reads: list[tuple[str, int]]) -> bool:
    """Whether a read of so many bases has fewer mismatches than edits in some place over a junction."""
    beside = size - 1
    texts = {
        left + model.inserted + right
        for left in {bases[-beside:] for bases in model.five.bases.values()}
        for right in {bases[:beside] for bases in model.three.bases.values()}
    }
    bases, edits = zip(*reads, strict=True)
    letters = np.frombuffer("".join(bases).encode("ascii"), np.uint8).reshape(-1, 1, size)
    most = np.array(edits)
    for text in texts:
        if len(text) < size:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(text, np.uint8), size)
        for first in range(0, len(reads), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            fewest = (letters[part] != windows).sum(axis=2).min(axis=1)
            if (fewest < most[part]).any():
                return True
    return False


def _note_side(zones: Zones, side: Side, reach: int, contigs: ContigBases) -> set[bytes]:
    """Note where a side of a junction is, and return the words of its forms that are no piece of a contig."""
    words: set[bytes] = set()
    for contig, boundary in side.boundaries.items():
        zones.setdefault(contig, []).append((boundary - reach, boundary + reach))
        bases = side.bases[contig]
        shown = bases[-reach:] if side.five_prime else bases[:reach]
        first = boundary - len(shown) if side.five_prime else boundary
        if first < 0 or contigs[contig][first : first + len(shown)] != shown:
            words |= _words(shown)
    return words


def _across(model: JunctionModel) -> set[bytes]:
    """Return the words across a junction, and those in its inserted bases."""
    beside = SEED_BASES - 1
    lefts = {bases[-beside:] for bases in model.five.bases.values()}
    rights = {bases[:beside] for bases in model.three.bases.values()}
    return {word for left in lefts for right in rights for word in _words(left + model.inserted + right)}


def _words(bases: bytes) -> set[bytes]:
    return {bases[at : at + SEED_BASES] for at in range(len(bases) - SEED_BASES + 1)}
