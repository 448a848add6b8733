"""Reads gene-specific primers, places them on the panel's sequences, and finds the reads that began at one.

A polymerase extends a primer from its 3' end: there it has to match. Bases at its 5' end that do not match
are a tail, such as those for the sequencer, and belong to no gene.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aspsfusion.errors import ParameterError, reason_of
from aspsfusion.io.compressed import DAMAGED, open_inflated
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Panel

EXACT_END = 12
"""Bases at a primer's 3' end that have to match exactly: mismatches there keep it from being extended."""

FEWEST_BASES = 16
"""Bases of the shortest part that matches. In the 0.8 million bases of both strands of a panel one of 900
primers of 24 random bases fits somewhere."""

MOST_MISMATCHES = 2
"""Mismatches of that part: a variant or two, not another gene. By three that all its reads share,
`evidence.diverged` would take them for those of another species."""

MISMATCH_COST = 2
"""Matching bases that outweigh a mismatch, so that a tail does not begin to match by chance."""

AS_GOOD = MISMATCH_COST + 1
"""Score by which the best place has to lead: that of one mismatch."""

MOST_BASES = 200
"""Bases of the longest primer; a longer record is a gene."""

SLACK = 3
"""Bases by which a read may begin beside its primer's place: an aligner clips mismatches near an end, and
takes bases of a tail that are like the gene's. Where primers were trimmed off, it begins after the place."""

FORM = "give a FASTA with one record for each gene-specific primer, its bases from 5' to 3'"


class PrimerPlace(NamedTuple):
    """Where a primer fits a sequence of the panel.

    Attributes:
        contig: transcript or unspliced gene.
        start: first matching base on the contig, 0-based.
        end: end of the matching bases, half-open.
        reverse: whether it is antisense, so that it extends upstream.
        mismatches: among these bases.
    """

    contig: str
    start: int
    end: int
    reverse: bool
    mismatches: int

    @property
    def gene(self) -> str:
        """HGNC symbol."""
        return self.contig.split("|", 1)[0]

    @property
    def first_bases(self) -> range:
        """Positions of the contig at which reads that begin with the primer, or right after it, begin."""
        return range(self.start - SLACK, self.end + SLACK)

    @property
    def edges(self) -> set[int]:
        """The same without those inside of the primer, at which a read begins by chance alone."""
        return {edge + shift for edge in (self.start, self.end) for shift in range(-SLACK, SLACK + 1)}


class Primer(NamedTuple):
    """A primer with its places.

    Attributes:
        sequence: 5' to 3', upper case.
        places: those that it fits about equally well; none where it fits nowhere.
    """

    name: str
    sequence: str
    places: tuple[PrimerPlace, ...] = ()

    @property
    def genes(self) -> list[str]:
        """The genes that it fits, in order."""
        return sorted({place.gene for place in self.places})

    @property
    def tail(self) -> int:
        """Bases at the 5' end that fit at no place."""
        longest = max((place.end - place.start for place in self.places), default=0)
        return len(self.sequence) - longest if longest else 0


def load_primers(path: Path, panel: Panel) -> tuple[Primer, ...]:
    """Read primers and place them.

    Raises:
        ParameterError: see `read_primers`.
    """
    contigs = {t.key: t.sequence for t in panel.transcripts.values()}
    contigs |= {u.key: u.sequence for u in panel.unspliced.values()}
    return tuple(
        Primer(name, sequence, place(sequence, contigs)) for name, sequence in read_primers(path).items()
    )


def read_primers(path: Path) -> dict[str, str]:
    """Read a FASTA of primers; returns their sequences by name, in its order.

    Raises:
        ParameterError: the file cannot be read, or a record is no primer.
    """
    try:
        with open_inflated(path) as stream:
            text = stream.read().decode("ascii")
    except UnicodeError as error:
        raise ParameterError("is not a FASTA file", path=path, remedy=FORM) from error
    except DAMAGED as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise ParameterError(f"cannot be read ({reason})", path=path, remedy=FORM) from error
    before, *records = f"\n{text}".replace("\r", "\n").split("\n>")
    if before.strip() or not records:
        raise ParameterError("is not a FASTA file: it does not begin with '>'", path=path, remedy=FORM)
    found: dict[str, str] = {}
    for number, record in enumerate(records, start=1):
        header, _, lines = record.partition("\n")
        name, sequence = (header.split() or [""])[0], "".join(lines.split()).upper()
        problem = _problem(name, sequence, found)
        if problem:
            where = f"record {number} ({name})" if name else f"record {number}"
            raise ParameterError(problem[0], path=path, where=where, remedy=problem[1])
        found[name] = sequence
    return found


def _problem(name: str, sequence: str, others: Mapping[str, str]) -> tuple[str, str] | None:
    """Return what is wrong with a record, and the remedy; None where nothing is."""
    if not name:
        return "has no name", "write the primer's name after '>'"
    if name in others:
        return "has the name of an earlier record", "give each primer a name of its own"
    if strange := sorted(set(sequence) - set("ACGT")):
        return (
            f"holds {strange[0]!r}, which is no base",
            "write bases as A, C, G and T, a degenerate primer as one record for each sequence",
        )
    if len(sequence) < FEWEST_BASES:
        return (
            f"has {len(sequence)} bases, and a primer needs {FEWEST_BASES} to have a place of its own",
            "give the whole primer",
        )
    if len(sequence) > MOST_BASES:
        return f"has {len(sequence)} bases and is no primer", "give the primers, not what they amplify"
    return None


def place(sequence: str, contigs: Mapping[str, str]) -> tuple[PrimerPlace, ...]:
    """Return the places that a primer fits about equally well, on either strand.

    Its last EXACT_END bases match exactly; from there on towards the 5' end it matches as far as it pays.

    Args:
        sequence: of the primer, 5' to 3'.
        contigs: sequences by name, in sense.

    >>> transcript = "GATTACAGATTCCAGGCTTAACG"
    >>> place("CCCCCC" + transcript[2:20], {"G|T": transcript})
    (PrimerPlace(contig='G|T', start=2, end=20, reverse=False, mismatches=0),)
    >>> place(reverse_complement(transcript), {"G|T": transcript})[0].reverse
    True
    """
    turned = reverse_complement(sequence)
    scored = [
        (score, found)
        for contig, bases in contigs.items()
        for reverse, primer in ((False, sequence), (True, turned))
        for score, found in _on(contig, bases, primer, reverse=reverse)
    ]
    best = max((score for score, _ in scored), default=0)
    return tuple(found for score, found in scored if score > best - AS_GOOD)


def _on(contig: str, bases: str, primer: str, *, reverse: bool) -> Iterator[tuple[int, PrimerPlace]]:
    """Yield the places on one strand with their scores; an antisense primer's 3' end is its left one."""
    seed = primer[:EXACT_END] if reverse else primer[-EXACT_END:]
    at = bases.find(seed)
    while at >= 0:
        if reverse:
            length, mismatches, score = _matching(primer, bases[at : at + len(primer)])
            start, end = at, at + length
        else:
            end = at + EXACT_END
            before = bases[max(0, end - len(primer)) : end]
            length, mismatches, score = _matching(primer[::-1], before[::-1])
            start = end - length
        if length >= FEWEST_BASES:
            yield score, PrimerPlace(contig, start, end, reverse, mismatches)
        at = bases.find(seed, at + 1)


def _matching(primer: str, bases: str) -> tuple[int, int, int]:
    """Return how many bases from the 3' end on match best, with their mismatches and their score."""
    best = (0, 0, 0)
    score = mismatches = 0
    for length, (own, other) in enumerate(zip(primer, bases, strict=False), start=1):
        differs = own != other
        mismatches += differs
        score += -MISMATCH_COST if differs else 1
        if mismatches > MOST_MISMATCHES:
            break
        if score > best[2]:
            best = (length, mismatches, score)
    return best


def places_in(primers: Iterable[Primer], contig: str, *, reverse: bool) -> list[PrimerPlace]:
    """Return the places of primers on a contig that have one direction."""
    return [
        found
        for primer in primers
        for found in primer.places
        if found.contig == contig and found.reverse == reverse
    ]


def to_json(primers: Sequence[Primer]) -> list[list[Any]]:
    """Return primers as plain data."""
    return [[primer.name, primer.sequence, [list(found) for found in primer.places]] for primer in primers]


def from_json(rows: Iterable[Sequence[Any]]) -> tuple[Primer, ...]:
    """Return the primers that `to_json` gave."""
    return tuple(
        Primer(name, sequence, tuple(PrimerPlace(*found) for found in places))
        for name, sequence, places in rows
    )
