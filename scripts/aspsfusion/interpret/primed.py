"""Tells which primers could show the target fusion, and which wild-type molecules began at such a primer.

In anchored PCR the molecule between a primer and a random end shows whatever is upstream of the primer. Where
the primer lies wholly in the part of the 3' gene that the fusion keeps, it would have primed the fusion as it
primed the wild type, so the molecule informs. One that began elsewhere says nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aspsfusion.batch.samples import PRIMED_LIBRARIES
from aspsfusion.config import CallParameters
from aspsfusion.errors import ParameterError
from aspsfusion.evidence.anchors import InformativeBoundaries, boundaries, informative_boundaries
from aspsfusion.evidence.coverage import Coverage
from aspsfusion.evidence.fixed_ends import in_fixed_places
from aspsfusion.evidence.primers import Primer, PrimerPlace, places_in
from aspsfusion.panel.panel import Panel


@dataclass(frozen=True)
class Primed:
    """What declared primers could show, and did.

    Attributes:
        kept: names of the antisense primers downstream of each acceptor of the 3' gene, by its key.
        pairs: pairs of a primer upstream in the 5' gene and one downstream in the 3' gene, by the same keys.
        molecules: informative molecules of anchored PCR by key and primer.
        informative: the sum over all primers, by key.
        same_start: of the molecules at each acceptor, those whose other end is at a few places as well; 0 if
            most are not.
        elsewhere: molecules across each acceptor that began at no such primer, or lie between two primers.
        one_end: molecules across it that show one end alone.
    """

    primers: Sequence[Primer] = ()
    kept: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pairs: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    molecules: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    informative: Mapping[str, int] = field(default_factory=dict)
    same_start: Mapping[str, int] = field(default_factory=dict)
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    one_end: Mapping[str, int] = field(default_factory=dict)

    @property
    def unable(self) -> list[str]:
        """Acceptors downstream of which no primer lies."""
        return [key for key, names in self.kept.items() if not names]


def require_primed_library(library: str | None) -> None:
    """Refuse primers of a library that is not declared to be made by them: nothing would follow from them.

    Raises:
        ParameterError: the library is declared as another one, or not at all.
    """
    if library not in PRIMED_LIBRARIES:
        raise ParameterError(
            f"primers are given, and the library is "
            f"{f'declared as {library}' if library else 'not declared'}",
            remedy=f"declare it as {' or '.join(PRIMED_LIBRARIES)}, or leave the primers out",
        )


def primed_by(
    panel: Panel, primers: Sequence[Primer], coverage: Coverage, parameters: CallParameters
) -> Primed:
    """Return what primers could show, and which molecules of the wild type began at them.

    `coverage` holds the ends of the informative fragments, and `max_insert` bounds a molecule.
    """
    informative = informative_boundaries(panel, parameters)
    molecules: dict[str, Counter[str]] = {}
    kept, elsewhere, one_end, same_start = {}, Counter[str](), Counter[str](), {}
    for key in coverage.informative:
        names: set[str] = set()
        begins: dict[int, str] = {}
        for primer, place, boundary in _downstream(primers, informative, key):
            if place.end - boundary <= parameters.max_insert:
                names.add(primer.name)
                begins.update((position - boundary, primer.name) for position in place.first_bases)
        kept[key] = sorted(names)
        sense = _sense(primers, informative, key)
        counts, starts = Counter[str](), Counter[int]()
        for (first, last), number in coverage.ends.get(key, {}).items():
            name = begins.get(last - 1) if last is not None else None
            if first is None or last is None:
                one_end[key] += number
            elif name is None or first in sense:
                elsewhere[key] += number
            else:
                counts[name] += number
                starts[first] += number
        molecules[key] = counts
        same_start[key] = in_fixed_places(starts)
    return Primed(
        primers,
        kept,
        _pairs(panel, primers, informative, parameters.max_insert),
        molecules,
        {key: counts.total() for key, counts in molecules.items()},
        same_start,
        elsewhere,
        one_end,
    )


def _downstream(
    primers: Iterable[Primer], informative: InformativeBoundaries, key: str
) -> Iterator[tuple[Primer, PrimerPlace, int]]:
    """Yield the antisense primers that lie wholly downstream of an acceptor, and its place there."""
    for primer in primers:
        for place in primer.places:
            for at in informative.get(place.contig, ()):
                if at.key == key and place.reverse and at.boundary <= place.start:
                    yield primer, place, at.boundary


def _sense(primers: Iterable[Primer], informative: InformativeBoundaries, key: str) -> set[int]:
    """Return where, relative to an acceptor, reads from sense primers begin."""
    return {
        position - at.boundary
        for contig, places in informative.items()
        for at in places
        if at.key == key
        for place in places_in(primers, contig, reverse=False)
        for position in place.edges
    }


def _pairs(
    panel: Panel, primers: Sequence[Primer], informative: InformativeBoundaries, reach: int
) -> dict[str, list[tuple[str, str]]]:
    """Return the pairs of primers that have a molecule of the target fusion between them, by acceptor."""
    found: dict[str, dict[tuple[str, str], None]] = {}
    for junction, spec in panel.decisive.items():
        key = f"{junction.three_gene} exon {spec.three_prime.exon}"
        donors = boundaries(panel, junction.five_gene, junction.five_pos, after=True)
        upstream = [
            (primer.name, boundary - place.start)
            for contig, boundary in donors
            for primer in primers
            for place in primer.places
            if place.contig == contig and not place.reverse and place.end <= boundary
        ]
        downstream = [
            (primer.name, place.end - boundary)
            for primer, place, boundary in _downstream(primers, informative, key)
        ]
        pairs = found.setdefault(key, {})
        for one, before in upstream:
            for other, after in downstream:
                if before + after <= reach:
                    pairs[one, other] = None
    return {key: sorted(pairs) for key, pairs in found.items()}


def described_places(panel: Panel, primer: Primer) -> list[PrimerPlace]:
    """Return a primer's places on the genome, each on the primary transcript where that holds it."""
    ranks = panel.contig_ranks
    found: dict[tuple[str, int], PrimerPlace] = {}
    for place in sorted(primer.places, key=lambda place: ranks[place.contig]):
        # Its 3' end, which transcripts with other exons before it share.
        end = place.start if place.reverse else place.end - 1
        found.setdefault((place.gene, panel.genomic_position(place.contig, end)), place)
    return list(found.values())
