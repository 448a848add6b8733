"""Draws fragments of libraries that gene-specific primers make: amplicons and anchored PCR.

A primer is stated by its place on a gene, and is a sequence from there on: it works on every molecule that
holds this sequence, a fusion for example, and on no other. In anchored PCR a fragment reaches from the primer
to a random end, where read 1 begins; an amplicon reaches from a primer to another one that faces it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aspsfusion.errors import ParameterError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Panel
from aspsfusion.simulate.fragments import Fragments, crossing_alone, fragments_of, lengths_of
from aspsfusion.simulate.molecules import Molecule, exon_of
from aspsfusion.simulate.records import ANCHORED, Assay, SimulationParameters

PRIMER_LENGTH = 24
"""Length of a primer in nt; those of gene panels have about 18 to 30."""

MAX_AMPLICON = 500
"""Longest amplicon in nt: those for degraded RNA are shorter."""

RANDOM = -1
"""In place of an end that no primer decides."""

_PRIMER = re.compile(r"^(?P<exon>[^:\s]+:\d+)(?P<offset>[+-]\d+)(?P<direction>up|down)$")


@dataclass(frozen=True)
class Primer:
    """A gene-specific primer.

    Attributes:
        name: as it was stated.
        bases: of the molecules' strand at its place.
        upstream: whether it extends upstream; its own bases are those of the other strand then.
    """

    name: str
    bases: str
    upstream: bool

    @property
    def sequence(self) -> str:
        """Its own bases, 5' to 3'."""
        return reverse_complement(self.bases) if self.upstream else self.bases


def primers_of(panel: Panel, stated: Sequence[str]) -> list[Primer]:
    """Return primers that are stated by their places, each as `GENE:EXON+N` and `up` or `down`.

    It begins N bases after the exon's start, or before it (-N), and extends upstream or downstream on the
    primary transcript.

    Raises:
        ParameterError: a text states no primer, or there is no room for one at its place.
    """
    return [_primer(panel, text) for text in stated]


def _primer(panel: Panel, text: str) -> Primer:
    match = _PRIMER.match(text)
    if match is None:
        raise ParameterError(
            f"--primer {text!r} cannot be read", remedy="write it like GENE:6+45up or GENE:5-60down"
        )
    transcript, exon = exon_of(panel, match["exon"])
    upstream = match["direction"] == "up"
    begin = exon.tx_start + int(match["offset"])
    start = begin - PRIMER_LENGTH if upstream else begin
    if not 0 <= start <= len(transcript.sequence) - PRIMER_LENGTH:
        raise ParameterError(
            f"--primer {text} is outside {transcript.key}, which has {len(transcript.sequence)} nt",
            remedy="give a place nearer to the exon",
        )
    return Primer(text, transcript.sequence[start : start + PRIMER_LENGTH], upstream)


def fasta(primers: Sequence[Primer]) -> str:
    """Return primers as FASTA, 5' to 3'."""
    return "".join(f">{primer.name}\n{primer.sequence}\n" for primer in primers)


def sites(molecule: Molecule, primers: Sequence[Primer], assay: Assay) -> list[tuple[int, int]]:
    """Return from where to where primers amplify a molecule, 0-based and half-open; RANDOM: by chance.

    >>> ends = [Primer("a", "ACGTTG", False), Primer("b", "CCATGA", True), Primer("c", "GGGGGG", True)]
    >>> molecule = Molecule("wild_type", "m", "TTACGTTGAAAACCATGATT")
    >>> sites(molecule, ends, "amplicon"), sites(molecule, ends, "anchored")
    ([(2, 18)], [(2, -1), (-1, 18)])
    """
    placed = [(primer, molecule.sequence.find(primer.bases)) for primer in primers]
    starts = [at for primer, at in placed if at >= 0 and not primer.upstream]
    ends = [at + len(primer.bases) for primer, at in placed if at >= 0 and primer.upstream]
    if assay == ANCHORED:
        return [*((start, RANDOM) for start in starts), *((RANDOM, end) for end in ends)]
    return [(start, end) for start in starts for end in ends if start < end <= start + MAX_AMPLICON]


def draw_primed(
    number: int,
    molecule: Molecule,
    primers: Sequence[Primer],
    library: SimulationParameters,
    rng: np.random.Generator,
    *,
    crossing: bool,
) -> Fragments:
    """Draw so many fragments that primers make of a molecule; none where they make nothing of it.

    With `crossing`, a read of each crosses the junction with both anchors.

    Raises:
        ParameterError: (nearly) no fragment with such a read is made.
    """
    found = sites(molecule, primers, library.assay)
    size = len(molecule.sequence)

    def attempt(count: int) -> Fragments:
        if not found:
            nothing = np.empty(0, dtype=np.int64)
            return fragments_of(nothing, nothing, library, rng)
        starts, ends = np.array(found)[rng.integers(0, len(found), size=count)].T
        lengths = lengths_of(count, size, library, rng)
        left = np.where(starts == RANDOM, np.maximum(0, ends - lengths), starts)
        right = np.where(ends == RANDOM, np.minimum(size, starts + lengths), ends)
        # Read 1 of anchored PCR begins at the random end.
        sense = starts == RANDOM if library.assay == ANCHORED else None
        return fragments_of(left, right - left, library, rng, sense=sense)

    if not crossing:
        return attempt(number)
    return crossing_alone(
        number, attempt, molecule, library, remedy="give --primer at places from which a read reaches it"
    )
