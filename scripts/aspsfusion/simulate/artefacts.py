"""Makes molecules that look like the panel's and are not, for which a fusion caller may report false fusions.

Chimeras of template switching, copies of genes (paralogs, processed pseudogenes) and copies of a repeat of
an intron elsewhere in the genome.
"""

import re
from collections.abc import Sequence
from itertools import islice

import numpy as np

from aspsfusion.errors import ParameterError
from aspsfusion.panel.panel import Panel, Transcript
from aspsfusion.simulate.fragments import Fragments
from aspsfusion.simulate.molecules import Molecule, introns
from aspsfusion.simulate.reads import decode, encode

REPEAT_LENGTH = 300
"""Bases of a simulated repeat, those of an Alu element."""

REPEAT_FLANK = 150
"""Bases of random sequence on either side of a copy of a repeat."""

CHIMERA_MARGIN = 20
"""Bases of each of its two molecules that a chimera has at least."""

MAX_PARTNERS = 50
"""Second molecules that are tried for the homology of a chimera before another first one is taken."""

MAX_ATTEMPTS = 50
"""First molecules that are tried before a chimera is given up, which long homologies may need."""


def mutated_copy(transcript: Transcript, identity: float, rng: np.random.Generator) -> Molecule:
    """Return a copy of a transcript, such as a paralog, of whose bases the share `identity` is unchanged."""
    return Molecule("copy", f"{transcript.key}|copy", _substituted(transcript.sequence, 1 - identity, rng))


def repeat_copies(
    panel: Panel, gene: str, number: int, identity: float, rng: np.random.Generator
) -> list[Molecule]:
    """Return molecules that each hold a diverged copy of one repeat, a place in an intron of a target gene.

    Each copy has substitutions and random flanks of its own, and the share `identity` of its bases in common
    with the intron.

    Raises:
        ParameterError: the panel has no intron of the gene that is long enough.
    """
    if gene not in panel.unspliced:
        raise ParameterError(
            f"the panel holds no introns of {gene}",
            remedy=f"it holds those of {', '.join(sorted(panel.unspliced))}",
        )
    long = [intron for intron in introns(panel, panel.primary[gene]) if len(intron) >= REPEAT_LENGTH]
    if not long:
        raise ParameterError(
            f"the panel holds no intron of {gene} with {REPEAT_LENGTH} nt",
            remedy="give a target gene with introns to --repeat",
        )
    intron = long[int(rng.integers(len(long)))]
    start = int(rng.integers(len(intron) - REPEAT_LENGTH + 1))
    element = intron[start : start + REPEAT_LENGTH]

    def flank() -> str:
        return decode(rng.integers(0, 4, size=REPEAT_FLANK, dtype=np.uint8))

    return [
        Molecule("repeat", f"{gene}|repeat", flank() + _substituted(element, 1 - identity, rng) + flank())
        for _ in range(number)
    ]


def chimeras(
    molecules: Sequence[Molecule],
    drawn: Fragments,
    rate: float,
    homology: int,
    rng: np.random.Generator,
) -> list[Molecule]:
    """Return chimeras as reverse transcription makes them: it leaves one RNA and goes on in another.

    The switch happens where the last bases of the first RNA, as many as `homology`, occur in the second one,
    and joins both in sense. The molecules are taken in proportion to the fragments drawn from them; `rate` is
    the number of chimeras for each fragment.
    """
    made: list[Molecule] = []
    for _ in range(int(rng.binomial(len(drawn), rate))):
        attempts = (_chimera(molecules, drawn, homology, rng) for _ in range(MAX_ATTEMPTS))
        made += islice(filter(None, attempts), 1)
    return made


def _chimera(
    molecules: Sequence[Molecule], drawn: Fragments, homology: int, rng: np.random.Generator
) -> Molecule | None:
    row = int(rng.integers(len(drawn)))
    first = molecules[int(drawn.molecule[row])]
    start, length = int(drawn.start[row]), int(drawn.length[row])
    if length < 2 * CHIMERA_MARGIN:
        return None
    switch = start + int(rng.integers(max(CHIMERA_MARGIN, homology), length - CHIMERA_MARGIN + 1))
    word = first.sequence[switch - homology : switch]
    rest = start + length - switch
    for _ in range(MAX_PARTNERS):
        second = molecules[int(drawn.molecule[int(rng.integers(len(drawn)))])]
        # Looked at without being consumed: occurrences may overlap.
        after = [found.start() + homology for found in re.finditer(f"(?={word})", second.sequence)]
        places = [place for place in after if place + rest <= len(second.sequence)]
        if second.name == first.name or not places:
            continue
        place = places[int(rng.integers(len(places)))]
        return Molecule(
            "chimera",
            f"{first.name}:{switch}::{second.name}:{place + 1}",
            first.sequence[start:switch] + second.sequence[place : place + rest],
            junction=switch - start,
        )
    return None


def _substituted(sequence: str, rate: float, rng: np.random.Generator) -> str:
    codes = encode(sequence).copy()
    chosen = (rng.random(len(codes)) < rate) & (codes < len("ACGT"))
    codes[chosen] = (codes[chosen] + rng.integers(1, 4, size=int(chosen.sum()), dtype=np.uint8)) % 4
    return decode(codes)
