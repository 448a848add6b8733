"""Makes fragments of a fusion out of a library's own ones, to be put among its reads.

A made fragment takes everything but its sequence from one fragment of the library, its donor: lengths and
qualities of the reads, length and strand of the molecule, what the reads begin with (UMI, linker), what they
run into after a short molecule, and the errors. These are the donor's differences from the transcript that it
is placed on, without those that others share, which are variants of the sample.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam

from aspsfusion.errors import ParameterError
from aspsfusion.evidence.placements import MERGED_TAG
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.io.records import Records
from aspsfusion.panel.panel import Panel
from aspsfusion.screen.fastq import open_reads
from aspsfusion.simulate.molecules import Molecule
from aspsfusion.simulate.reads import ANY_BASE, Codes, Integers, decode, encode
from aspsfusion.simulate.records import TruthRecord

MADE = "SPIKE-IN-MADE-"
"""Begins the names of made reads."""

MOST_DONORS = 20_000
"""Enough for all shapes of fragments; more would only cost memory."""

FEWEST_DONORS = 100
"""Below that the made fragments would be a few shapes over and over."""

MOST_CLIPPED = 5
"""Bases that the aligner may clip at an end: an error there costs it more than the bases beyond."""

MOST_DIFFERENT = 0.1
"""Share of a read's bases above which it is of another place, or has an insertion or deletion."""

VARIANT_READS = 2
VARIANT_SHARE = 0.2
"""Differences at one base of a transcript, and their share of its reads, from which they are no errors."""

MOST_ATTEMPTS = 5000
"""Fragments drawn for each one wanted."""


class Place(NamedTuple):
    """Where a fragment lies on a transcript, 0-based, half-open; `sense`: whether read 1 is of its strand."""

    contig: str
    start: int
    end: int
    sense: bool


@dataclass(frozen=True)
class Donor:
    """A fragment of the library.

    Attributes:
        label: read name.
        umi: from the comment after the name; may be empty.
        reads: bases and qualities as sequenced.
        leads: bases that each read begins with before the molecule.
        shifts: for each read and base of the molecule what is added to the base's number, modulo 4; ANY_BASE
            where no base was called.
    """

    label: str
    umi: str
    reads: tuple[tuple[str, str], ...]
    leads: tuple[int, ...]
    place: Place
    shifts: tuple[Codes, ...]

    @property
    def length(self) -> int:
        """Of the molecule, nt."""
        return self.place.end - self.place.start


@dataclass(frozen=True)
class MadeFragment:
    """A fragment of the fusion: name, comment after it, reads and where it is from."""

    name: str
    comment: str
    reads: tuple[tuple[str, str], ...]
    truth: TruthRecord

    def records(self) -> tuple[str, ...]:
        """Return the FASTQ record of each read."""
        head = f"@{self.name}{self.comment}"
        return tuple(f"{head}\n{bases}\n+\n{quality}\n" for bases, quality in self.reads)


def read_donors(panel: Panel, candidates: Path, records: Records, leads: Sequence[int]) -> list[Donor]:
    """Read donors from a sample's candidates and the records that `align` made of them.

    Reads 1 and 2 begin with `leads` bases before the molecule.

    Raises:
        ParameterError: there are too few fragments with two known ends.
    """
    places = _places(panel, records)
    donors = list(_compared(panel, candidates, places, leads))
    if len(donors) < FEWEST_DONORS:
        raise ParameterError(
            f"{len(donors)} fragments have a known length on a transcript of the panel, and "
            f"{FEWEST_DONORS} are needed to take lengths, qualities and errors from",
            remedy="give a sample with more reads of the panel's genes",
        )
    return _without_variants(donors)


def _places(panel: Panel, records: Records) -> dict[int, Place]:
    """Return where fragments with both ends on one transcript lie, by their numbers; a share of very many."""
    step = max(1, sum(1 for _ in records.lines()) // (2 * MOST_DONORS))
    header = pysam.AlignmentHeader.from_dict(records.header)
    places: dict[int, Place] = {}
    waiting: dict[int, Place] = {}
    for line in records.lines():
        number = int(line[: line.index("\t")])
        if number % step:
            continue
        record = pysam.AlignedSegment.fromstring(line, header)
        place = _ungapped(panel, record)
        if place is None:
            continue
        if record.has_tag(MERGED_TAG) or not record.is_paired:
            places[number] = place
        elif number in waiting:
            left, right = sorted((place, waiting.pop(number)))
            # Mates face each other: the left one is of the transcript's strand, the other one is not.
            if left.contig == right.contig and left.sense and not right.sense:
                sense = (left is place) == bool(record.is_read1)
                places[number] = Place(left.contig, left.start, max(left.end, right.end), sense)
        else:
            waiting[number] = place
    return places


def _ungapped(panel: Panel, record: pysam.AlignedSegment) -> Place | None:
    """Return the place of a primary record without gaps on a transcript, `sense` of its strand; else None."""
    contig = str(record.reference_name)
    if (
        record.is_unmapped
        or record.is_secondary
        or record.is_supplementary
        or contig not in panel.transcripts
    ):
        return None
    operations = record.cigartuples or []
    if [kind for kind, _ in operations if kind != pysam.CSOFT_CLIP] != [pysam.CMATCH]:
        return None
    ends = [size if kind == pysam.CSOFT_CLIP else 0 for kind, size in (operations[0], operations[-1])]
    start, end = record.reference_start - ends[0], int(record.reference_end or 0) + ends[1]
    if max(ends) > MOST_CLIPPED or start < 0 or end > len(panel.transcripts[contig].sequence):
        return None
    return Place(contig, start, end, not record.is_reverse)


def _compared(
    panel: Panel, candidates: Path, places: Mapping[int, Place], leads: Sequence[int]
) -> Iterator[Donor]:
    """Yield the donors: fragments whose reads fit where they lie."""
    for number, label, umi, reads in _raw_fragments(candidates):
        place = places.get(number)
        if place is None:
            continue
        own = tuple(leads[: len(reads)]) if leads else (0,) * len(reads)
        shifts = []
        for (bases, _), lead, whole in zip(reads, own, _strands(panel, place), strict=False):
            shown = encode(bases[lead : lead + len(whole)])
            expected = whole[: len(shown)]
            shift = np.where(expected == ANY_BASE, 0, (shown - expected) % 4).astype(np.uint8)
            shift[shown == ANY_BASE] = ANY_BASE
            shifts.append(shift)
        if all(np.count_nonzero(shift) <= MOST_DIFFERENT * len(shift) for shift in shifts):
            yield Donor(label, umi, reads, own, place, tuple(shifts))


def _raw_fragments(candidates: Path) -> Iterator[tuple[int, str, str, tuple[tuple[str, str], ...]]]:
    """Yield number, name, UMI of the comment and reads of each fragment that the screen has just written."""
    with open_reads(candidates) as stream:
        number, label, umi = 0, "", ""
        reads: list[tuple[str, str]] = []
        for lines in zip(*[iter(stream)] * 4, strict=True):
            head, bases, _, quality = (
                line.decode("utf-8", "backslashreplace").rstrip("\n") for line in lines
            )
            first, _, rest = head.removeprefix("@").partition(" ")
            digits, _, mate = first.partition("/")
            if reads and (int(digits) != number or mate != "2"):
                yield number, label, umi, tuple(reads)
                reads = []
            number = int(digits)
            label, _, umi = rest.partition(" ")
            reads.append((bases, quality))
        if reads:
            yield number, label, umi, tuple(reads)


def _strands(panel: Panel, place: Place) -> tuple[Codes, Codes]:
    """Return the molecule as read 1 and as read 2 would have it without errors."""
    sequence = panel.transcripts[place.contig].sequence[place.start : place.end]
    both = encode(sequence), encode(reverse_complement(sequence))
    return both if place.sense else (both[1], both[0])


def _without_variants(donors: Sequence[Donor]) -> list[Donor]:
    """Return the donors without the differences that the reads of a place share."""
    covered: Counter[tuple[str, int]] = Counter()
    differing: Counter[tuple[str, int]] = Counter()
    places = [_positions(donor) for donor in donors]
    for donor, positions in zip(donors, places, strict=True):
        for shift, here in zip(donor.shifts, positions, strict=True):
            wrong = (shift != 0) & (shift != ANY_BASE)
            differing.update((donor.place.contig, position) for position in here[wrong].tolist())
    for donor, positions in zip(donors, places, strict=True):
        for here in positions:
            covered.update(
                key for position in here.tolist() if (key := (donor.place.contig, position)) in differing
            )
    variants = {
        key
        for key, reads in differing.items()
        if reads >= VARIANT_READS and reads >= VARIANT_SHARE * covered[key]
    }
    for donor, positions in zip(donors, places, strict=True):
        for shift, here in zip(donor.shifts, positions, strict=True):
            shared = [(donor.place.contig, position) in variants for position in here.tolist()]
            shift[np.array(shared, dtype=bool) & (shift != ANY_BASE)] = 0
    return list(donors)


def _positions(donor: Donor) -> tuple[Integers, ...]:
    """Return the positions on the transcript of the bases of each read, in the order of sequencing."""
    start, end, sense = donor.place.start, donor.place.end, donor.place.sense
    found = []
    for number, shift in enumerate(donor.shifts):
        forward = sense == (number == 0)
        steps = np.arange(len(shift))
        found.append(start + steps if forward else end - 1 - steps)
    return tuple(found)


def make_fragments(
    molecule: Molecule, donors: Sequence[Donor], crossing: int, anchor: int, rng: np.random.Generator
) -> list[MadeFragment]:
    """Make fragments across a junction until so many have a read across it.

    Such a read has `anchor` bases on each side. Fragments that only bridge the junction between their reads
    come in the proportion that chance gives them.

    Raises:
        ParameterError: (nearly) no read of the library can cross.
    """
    assert molecule.junction is not None
    onwards, size = molecule.junction + molecule.inserted, len(molecule.sequence)
    longest = max(donor.length for donor in donors)
    made: list[MadeFragment] = []
    found = 0
    for _ in range(MOST_ATTEMPTS * crossing):
        if found == crossing:
            return made
        donor = donors[int(rng.integers(len(donors)))]
        # From one window for all lengths: a longer molecule reaches the junction from more places.
        start = int(rng.integers(onwards - longest, molecule.junction))
        end = start + donor.length
        if start < 0 or end > size or end <= onwards:
            continue
        made.append(_made(len(made) + 1, molecule, donor, start, anchor))
        found += made[-1].truth.crosses_junction
    raise ParameterError(
        f"{found} of {crossing} fragments with {anchor} bases on both sides of the junction of "
        f"{molecule.name} could be made of the library's reads",
        remedy="give a sample with longer reads, or another fusion",
    )


def _made(number: int, molecule: Molecule, donor: Donor, start: int, anchor: int) -> MadeFragment:
    """Return a donor's fragment at another place: on the fusion transcript, from `start` on."""
    assert molecule.junction is not None
    end, sense = start + donor.length, donor.place.sense
    sequence = molecule.sequence[start:end]
    reads, best = [], (0, 0)
    for which, (read, lead, shift) in enumerate(zip(donor.reads, donor.leads, donor.shifts, strict=True)):
        forward = sense == (which == 0)
        shown = encode(sequence if forward else reverse_complement(sequence))[: len(shift)]
        codes = np.where((shift == ANY_BASE) | (shown == ANY_BASE), ANY_BASE, (shown + shift) % 4)
        bases, quality = read
        after = lead + len(shift)
        reads.append((bases[:lead] + decode(codes.astype(np.uint8)) + bases[after:], quality))
        first, last = (start, start + len(shift)) if forward else (end - len(shift), end)
        before, behind = molecule.junction - first, last - molecule.junction - molecule.inserted
        if min(before, behind) > min(best):
            best = before, behind
    name = _name(number, donor.label)
    truth = TruthRecord(
        fragment=name,
        source="fusion",
        contig=molecule.name,
        start=start + 1,
        end=end,
        strand="+" if sense else "-",
        junction=molecule.junction,
        crosses_junction=int(min(best) >= anchor),
        anchor_five_prime=best[0],
        anchor_three_prime=best[1],
        duplicate_of="",
    )
    return MadeFragment(name, f" {donor.umi}" if donor.umi else "", tuple(reads), truth)


def _name(number: int, label: str) -> str:
    """Return the donor's name with a mark in place of the instrument; a UMI at its end stays.

    >>> _name(7, "M1:7:FC:1:1101:1000:2727:ACGT"), _name(7, "read9_ACGT")
    ('SPIKE-IN-MADE-7:7:FC:1:1101:1000:2727:ACGT', 'SPIKE-IN-MADE-7_read9_ACGT')
    """
    _, colon, rest = label.partition(":")
    return f"{MADE}{number}:{rest}" if colon else f"{MADE}{number}_{label}"
