"""Draws fragments from molecules, copies some of them as PCR duplicates and shuffles them.

A fragment is a row of arrays: which molecule, where on it (0-based), how long and which strand read 1 is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from aspsfusion.errors import ParameterError
from aspsfusion.simulate.molecules import Molecule
from aspsfusion.simulate.reads import Flags, Integers
from aspsfusion.simulate.records import SimulationParameters

MAX_ROUNDS = 200
"""Attempts at fragments with a read across the junction, each with four times the number wanted. Where fewer
than one in 800 fits, the settings are at odds with each other."""


@dataclass(frozen=True)
class Fragments:
    """Fragments as parallel arrays.

    Attributes:
        molecule: number of the molecule.
        start: first base on the molecule, 0-based.
        length: nt.
        sense: whether read 1 is of the molecule's strand.
        original: row of the fragment that this one is a PCR duplicate of; -1 for originals.
    """

    molecule: Integers
    start: Integers
    length: Integers
    sense: Flags
    original: Integers

    def __len__(self) -> int:
        return len(self.molecule)

    def of_molecule(self, number: int) -> "Fragments":
        """Return the fragments as those of the molecule with this number."""
        return replace(self, molecule=np.full(len(self), number))

    def take(self, rows: Integers) -> "Fragments":
        """Return the fragments of these rows; `original` still holds the old row numbers."""
        return Fragments(*(getattr(self, column.name)[rows] for column in fields(self)))

    @staticmethod
    def joined(parts: "Sequence[Fragments]") -> "Fragments":
        """Return all parts one after the other."""
        columns = [column.name for column in fields(Fragments)]
        return Fragments(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def draw_along(number: int, size: int, library: SimulationParameters, rng: np.random.Generator) -> Fragments:
    """Draw so many fragments along a molecule of a size, evenly or ever fewer from its 3' end on.

    A library of degraded RNA that was selected by its poly-A tail holds a fragment if the RNA is whole from
    there to the tail; with breaks at random places that is exponential in the distance.
    """
    lengths = lengths_of(number, size, library, rng)
    if library.three_prime_decay:
        starts = _towards_three_prime(size - lengths, library.three_prime_decay, rng)
    else:
        starts = rng.integers(0, size - lengths + 1)
    return fragments_of(starts, lengths, library, rng)


def draw_near(
    number: int, size: int, center: int, library: SimulationParameters, rng: np.random.Generator
) -> Fragments:
    """Draw so many fragments evenly from the window around a place, 0-based, of a molecule of a size.

    Two molecules of which as many fragments are drawn around their places are covered equally deeply
    there, whatever their lengths, as long as both reach to the ends of the window.
    """
    low, high = max(0, center - library.window), min(size, center + library.window)
    lengths = lengths_of(number, high - low, library, rng)
    return fragments_of(low + rng.integers(0, high - low - lengths + 1), lengths, library, rng)


def draw_crossing(
    number: int, molecule: Molecule, library: SimulationParameters, rng: np.random.Generator
) -> Fragments:
    """Draw so many fragments of which a read crosses the molecule's junction with both anchors.

    Raises:
        ParameterError: reads, inserts and anchors leave (nearly) no such fragment.
    """
    assert molecule.junction is not None
    size, junction, inserted = len(molecule.sequence), molecule.junction, molecule.inserted
    onwards = junction + inserted
    five, three = library.anchor_five_prime, library.anchor_three_prime
    remedy = "lower --anchor-five-prime or --anchor-three-prime, or lengthen reads or inserts"
    if five > junction or three > size - onwards or five + inserted + three > library.read_length:
        between = f" with {inserted} nt between" if inserted else ""
        raise ParameterError(
            f"no read of {library.read_length} nt can have {five} nt before and {three} nt after the "
            f"junction of {molecule.name}{between}, whose sides have {junction} and {size - onwards} nt",
            remedy=remedy,
        )

    def attempt(count: int) -> Fragments:
        lengths = lengths_of(count, size, library, rng)
        lengths = lengths[lengths >= five + inserted + three]
        lowest = np.maximum(0, onwards + three - lengths)
        highest = np.minimum(junction - five, size - lengths)
        return fragments_of(rng.integers(lowest, highest + 1), lengths, library, rng)

    return crossing_alone(number, attempt, molecule, library, remedy)


def crossing_alone(
    number: int,
    attempt: Callable[[int], Fragments],
    molecule: Molecule,
    library: SimulationParameters,
    remedy: str,
) -> Fragments:
    """Draw fragments by attempts at about so many, until a read of enough of them crosses the junction.

    Raises:
        ParameterError: (nearly) none crosses with both anchors.
    """
    assert molecule.junction is not None
    onwards = molecule.junction + molecule.inserted
    parts: list[Fragments] = []
    found = 0
    for _ in range(MAX_ROUNDS):
        drawn = attempt(4 * number)
        sides = np.full(len(drawn), molecule.junction), np.full(len(drawn), onwards)
        before, after = anchors(drawn, sides, whole_reads(len(drawn), library), library)
        enough = (before >= library.anchor_five_prime) & (after >= library.anchor_three_prime)
        parts.append(drawn.take(np.flatnonzero(enough)))
        found += len(parts[-1])
        if found >= number:
            return Fragments.joined(parts).take(np.arange(number))
    raise ParameterError(
        f"only {found} of {number} fragments with a read across the junction of {molecule.name} were "
        f"found in {4 * MAX_ROUNDS * number} attempts",
        remedy=remedy,
    )


def whole_reads(number: int, library: SimulationParameters) -> tuple[Integers, Integers]:
    """Return the bases that reads 1 and 2 of so many fragments show, if no read is trimmed."""
    second = 0 if library.single_end or library.dark_rate == 1 else library.read_length
    return np.full(number, library.read_length), np.full(number, second)


def anchors(
    fragments: Fragments,
    sides: tuple[Integers, Integers],
    shown: tuple[Integers, Integers],
    library: SimulationParameters,
) -> tuple[Integers, Integers]:
    """Return, for each fragment, the bases before and after the junction in its best crossing read.

    The best is the one whose shorter side, measured by the anchors asked for, is longer; a fragment that
    has a read with both anchors is thereby always shown with them. Both are 0 when no read crosses.

    `sides` are on each fragment's molecule the end of the 5' gene and the first base of the 3' gene, 0-based,
    -1 without a junction; `shown` the bases that reads 1 and 2 show, 0 where there is no such read.
    """
    at_start, at_end = (
        np.minimum(fragments.length, np.where(fragments.sense, *reads)) for reads in (shown, shown[::-1])
    )
    ends = fragments.start + fragments.length
    left = _crossing(fragments.start, fragments.start + at_start, sides)
    right = _crossing(ends - at_end, ends, sides)

    def worth(sides: tuple[Integers, Integers]) -> npt.NDArray[np.float64]:
        before, after = sides
        return np.minimum(before / library.anchor_five_prime, after / library.anchor_three_prime)

    choose_left = worth(left) >= worth(right)
    return np.where(choose_left, left[0], right[0]), np.where(choose_left, left[1], right[1])


def add_duplicates(
    fragments: Fragments, library: SimulationParameters, rng: np.random.Generator
) -> Fragments:
    """Return the fragments, and after them their copies: of all of them, and of a share chosen by chance."""
    number = len(fragments)
    chosen = np.sort(rng.permutation(number)[: round(library.duplicate_rate * number)])
    chosen = np.concatenate([chosen, np.repeat(np.arange(number), library.pcr_copies - 1)])
    return Fragments.joined([fragments, replace(fragments.take(chosen), original=chosen)])


def shuffled(fragments: Fragments, rng: np.random.Generator) -> Fragments:
    """Return the fragments in random order, with `original` pointing to the new rows."""
    order = rng.permutation(len(fragments))
    row_of = np.empty(len(order) + 1, dtype=np.int64)
    row_of[order] = np.arange(len(order))
    row_of[-1] = -1  # -1, no original, stays -1
    taken = fragments.take(order)
    return replace(taken, original=row_of[taken.original])


def lengths_of(number: int, size: int, library: SimulationParameters, rng: np.random.Generator) -> Integers:
    """Draw so many lengths of fragments, in nt, of a molecule of this size."""
    drawn = np.rint(rng.normal(library.insert_mean, library.insert_sd, number)).astype(np.int64)
    return np.clip(drawn, min(library.insert_min, size), size)


def _towards_three_prime(room: Integers, decay: float, rng: np.random.Generator) -> Integers:
    """Draw starts from 0 to `room`, of exponentially distributed distance from `room` (cut at 0)."""
    cut = -np.expm1(-(room + 1) / decay)
    distance = -decay * np.log1p(-rng.random(len(room)) * cut)
    return np.maximum(0, room - distance.astype(np.int64))


def fragments_of(
    starts: Integers,
    lengths: Integers,
    library: SimulationParameters,
    rng: np.random.Generator,
    *,
    sense: Flags | None = None,
) -> Fragments:
    """Return fragments of molecule 0, their strands as the library has them where `sense` does not say so."""
    number = len(starts)
    if sense is None:
        # Drawn in any case, so that what follows does not depend on the strand.
        sense = rng.random(number) < 0.5
        if library.stranded != "none":
            sense = np.full(number, library.stranded == "forward")
    return Fragments(np.full(number, 0), starts, lengths, sense, np.full(number, -1))


def _crossing(
    starts: Integers, ends: Integers, sides: tuple[Integers, Integers]
) -> tuple[Integers, Integers]:
    before, after = sides[0] - starts, ends - sides[1]
    crosses = (sides[0] >= 0) & (before > 0) & (after > 0)
    return np.where(crosses, before, 0), np.where(crosses, after, 0)
