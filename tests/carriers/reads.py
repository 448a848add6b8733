"""From molecules to reads: libraries, errors, trimming, files."""

import gzip
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from carriers.genes import Gene, opposite
from carriers.misreading import Misreading, mutated

GOOD, POOR = "I", "#"
"""Qualities of a base that was read well, and of one in a poor 3' end."""

POOR_ERRORS = 0.15
"""Share of wrong bases in a poor 3' end."""

ADAPTERS = ("AGATCGGAAGAGCACACGTCTGAACTCCAGTCAC", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGTA")
"""What follows the insert in first and second reads: Illumina TruSeq."""

SPARE = 8
"""Bases beyond the read's length that are read with errors too, so that lost bases leave it whole."""

SHORTEST = 36
"""Trimmed reads keep so many nt."""


@dataclass(frozen=True)
class Library:
    """How a sample is sequenced.

    Attributes:
        read: length of a read in nt.
        paired: whether both ends are read.
        insert: mean length of a fragment in nt.
        spread: its standard deviation.
        errors: substitutions for each base.
        trimmed: whether 3' ends of reads are cut off at random, as quality trimming does.
        misread: errors instead of substitutions alone.
        adapters: whether a read that is longer than its fragment runs on into the adapter.
        poor_ends: whether the last bases of the reads are wrong now and then, and their qualities say so.
    """

    read: int = 75
    paired: bool = True
    insert: int = 190
    spread: int = 35
    errors: float = 0.002
    trimmed: bool = False
    misread: Misreading | None = None
    adapters: bool = False
    poor_ends: bool = False

    def fragment(self, rng: random.Random) -> int:
        """Return the length of a fragment in nt."""
        return max(SHORTEST if self.adapters else self.read // 2, round(rng.gauss(self.insert, self.spread)))

    def lengths(self, rng: random.Random) -> tuple[int, int]:
        """Return the lengths in nt of the reads from the two ends of a fragment."""
        return self._length(rng), self._length(rng)

    def _length(self, rng: random.Random) -> int:
        if self.trimmed and rng.random() < 0.5:
            return rng.randint(max(SHORTEST, self.read // 2), self.read)
        return self.read

    @property
    def words(self) -> str:
        """The library in words, such as `2x75 trimmed`."""
        return f"{1 + self.paired}x{self.read}" + (" trimmed" if self.trimmed else "")


@dataclass(frozen=True)
class Fragment:
    """A fragment's reads in the order of sequencing, one or two.

    Attributes:
        name: their name.
        reads: their bases.
        qualities: theirs; empty where all are good.
    """

    name: str
    reads: tuple[str, ...]
    qualities: tuple[str, ...] = ()

    def named(self, name: str) -> "Fragment":
        """Return the same reads under another name."""
        return replace(self, name=name)

    def shows(self, bases: str) -> bool:
        """Whether one of the reads holds these bases, on either strand."""
        return any(bases in read or bases in opposite(read) for read in self.reads)


@dataclass(frozen=True)
class Join:
    """A fusion transcript: bases of the 5' gene, inserted bases, bases of the 3' gene.

    Attributes:
        bases: the whole transcript.
        left: end of the 5' gene's bases.
        right: first base of the 3' gene, `left` plus the inserted bases.
    """

    bases: str
    left: int
    right: int


def join(five: Gene, cut: int, three: Gene, onwards: int, inserted: str = "") -> Join:
    """Join the first `cut` bases of one transcript and those of another one from `onwards` on."""
    return Join(five.bases[:cut] + inserted + three.bases[onwards:], cut, cut + len(inserted))


def altered(joined: Join, at: int, lost: int, bases: str) -> Join:
    """Replace bases beside a join.

    Args:
        joined: a fusion transcript.
        at: first base that is replaced, relative to the first base of the 3' gene; if negative, relative to
            the end of the 5' gene.
        lost: bases that are lost from there on, all on one side of the join.
        bases: that take their place.
    """
    place = joined.left + at if at < 0 else joined.right + at
    moved = len(bases) - lost if at < 0 else 0
    whole = joined.bases[:place] + bases + joined.bases[place + lost :]
    return Join(whole, joined.left + moved, joined.right + moved)


def sequenced(
    molecule: str,
    library: Library,
    rng: random.Random,
    name: str,
    lengths: tuple[int, int] | None = None,
    *,
    reverse: bool | None = None,
) -> Fragment:
    """Sequence a fragment.

    Args:
        molecule: its bases.
        library: how it is sequenced.
        rng: random numbers.
        name: name of the reads.
        lengths: of the reads from its left and its right end in nt; drawn unless given.
        reverse: whether the first read is the one from its right end; drawn unless given.
    """
    left, right = lengths or library.lengths(rng)
    ends = [(molecule, left), (opposite(molecule), right)]
    if rng.random() < 0.5 if reverse is None else reverse:
        ends.reverse()
    reads, qualities = [], []
    for (end, length), adapter in zip(ends[: 1 + library.paired], ADAPTERS, strict=False):
        bases = end + adapter if library.adapters else end
        read = _misread(bases[: length + SPARE], library, rng)[:length]
        poor = rng.randint(0, len(read) // 3) if library.poor_ends else 0
        good = len(read) - poor
        reads.append(read[:good] + mutated(read[good:], POOR_ERRORS, rng))
        qualities.append(GOOD * good + POOR * poor)
    return Fragment(name, tuple(reads), tuple(qualities) if library.poor_ends else ())


def _misread(bases: str, library: Library, rng: random.Random) -> str:
    return library.misread(bases, rng) if library.misread else mutated(bases, library.errors, rng)


def showing(
    gene: Gene, place: int, margin: int, count: int, library: Library, rng: random.Random, prefix: str
) -> list[Fragment]:
    """Return fragments of a transcript of which one read shows so many bases on both sides of a place.

    No two are of one molecule while there are others.
    """
    whole = Join(gene.bases, place, place)
    return across(whole, count, (margin, margin), library, rng, prefix)


def around(
    gene: Gene, places: Sequence[int], count: int, library: Library, rng: random.Random, prefix: str
) -> list[Fragment]:
    """Return fragments of a transcript that lie over or beside places of it, by turns.

    Few of them cover the places as well as many of the whole transcript would, so that a sample stays small.
    """
    found = []
    for number in range(count):
        length = min(library.fragment(rng), len(gene.bases))
        place = places[number % len(places)]
        start = rng.randint(place - length + 5, place - 5)
        start = min(max(start, 0), len(gene.bases) - length)
        found.append(
            sequenced(gene.bases[start : start + length], library, rng, f"{prefix}{gene.name}{number}")
        )
    return found


def across(
    joined: Join, count: int, margin: tuple[int, int], library: Library, rng: random.Random, prefix: str
) -> list[Fragment]:
    """Return fragments of which one read, trimmed or not, shows both sides of a join.

    Args:
        joined: the fusion transcript.
        count: how many, no two of one molecule.
        margin: fewest bases of each side that the read shows, drawn between the two numbers.
        library: how they are sequenced.
        rng: random numbers.
        prefix: begins their names.
    """
    found: list[Fragment] = []
    used = set()
    inner = joined.right - joined.left
    for _ in range(100_000):
        if len(found) == count:
            return found
        shown, length, lengths = rng.randint(*margin), library.fragment(rng), library.lengths(rng)
        # The read that shows the join begins at the fragment's left end or at its right one.
        from_right = rng.random() < 0.5
        reach = min(length, lengths[from_right])
        if 2 * shown + inner > reach:
            continue
        begin = rng.randint(joined.right + shown - reach, joined.left - shown)
        begin -= length - reach if from_right else 0
        end = begin + length
        # A single read shows one end of its molecule.
        molecule = (begin, end) if library.paired else (from_right, end if from_right else begin)
        if begin < 0 or end > len(joined.bases) or molecule in used:
            continue
        used.add(molecule)
        reverse = None if library.paired else from_right
        found.append(
            sequenced(
                joined.bases[begin:end], library, rng, f"{prefix}{len(found)}", lengths, reverse=reverse
            )
        )
    raise ValueError(f"no read of {library.read} nt shows so much of both sides")


def bridging(joined: Join, count: int, library: Library, rng: random.Random, prefix: str) -> list[Fragment]:
    """Return pairs of which neither read reaches a join, each mate within 40 nt of it."""
    starts = rng.sample(range(40), count)
    found = []
    for number, before in enumerate(starts):
        begin = max(0, joined.left - before - library.read)
        end = min(len(joined.bases), joined.right + rng.randrange(40) + library.read)
        found.append(sequenced(joined.bases[begin:end], library, rng, f"{prefix}{number}"))
    return found


def texts(fragments: Iterable[Fragment]) -> list[str]:
    """Return fragments as FASTQ, one text for each mate."""
    order = list(fragments)
    return [
        "".join(
            f"@{fragment.name}\n{fragment.reads[mate]}\n+\n"
            f"{fragment.qualities[mate] if fragment.qualities else GOOD * len(fragment.reads[mate])}\n"
            for fragment in order
        )
        for mate in range(len(order[0].reads))
    ]


def write(fragments: Iterable[Fragment], stem: Path) -> list[Path]:
    """Write fragments as FASTQ, one file for each mate; returns the files."""
    files = []
    for mate, text in enumerate(texts(fragments), start=1):
        files.append(stem.with_name(f"{stem.name}_{mate}.fastq.gz"))
        files[-1].write_bytes(gzip.compress(text.encode("ascii"), 1, mtime=0))
    return files
