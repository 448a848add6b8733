"""From molecules to reads: libraries, errors, trimming, files."""

import gzip
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from carriers.genes import Gene, opposite

BASES = "ACGT"


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
    """

    read: int = 75
    paired: bool = True
    insert: int = 190
    spread: int = 35
    errors: float = 0.002
    trimmed: bool = False

    def fragment(self, rng: random.Random) -> int:
        """Return the length of a fragment in nt."""
        return max(self.read // 2, round(rng.gauss(self.insert, self.spread)))


@dataclass(frozen=True)
class Fragment:
    """A fragment's reads in the order of sequencing, one or two."""

    name: str
    reads: tuple[str, ...]

    def named(self, name: str) -> "Fragment":
        """Return the same reads under another name."""
        return replace(self, name=name)


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


def altered(joined: Join, at: int, lost: int, bases: str) -> Join:
    """Replace bases beside a join.

    Args:
        joined: a fusion transcript without inserted bases.
        at: first base that is replaced, relative to the first base of the 3' gene.
        lost: bases that are lost from there on, all on one side of the join.
        bases: that take their place.
    """
    place = joined.left + at
    whole = joined.bases[:place] + bases + joined.bases[place + lost :]
    left = joined.left + (len(bases) - lost if at < 0 else 0)
    return Join(whole, left, left)


def join(five: Gene, cut: int, three: Gene, onwards: int, inserted: str = "") -> Join:
    """Join the first `cut` bases of one transcript and those of another one from `onwards` on."""
    return Join(five.bases[:cut] + inserted + three.bases[onwards:], cut, cut + len(inserted))


def mutated(bases: str, rate: float, rng: random.Random) -> str:
    """Return bases with substitutions."""
    if not rate:
        return bases
    return "".join(
        rng.choice([other for other in BASES if other != base]) if rng.random() < rate else base
        for base in bases
    )


def sequenced(molecule: str, library: Library, rng: random.Random, name: str) -> Fragment:
    """Sequence a fragment from a random strand."""
    strand = molecule if rng.random() < 0.5 else opposite(molecule)
    ends = [strand, opposite(strand)][: 2 if library.paired else 1]
    reads = []
    for end in ends:
        length = library.read
        if library.trimmed and rng.random() < 0.5:
            length = rng.randint(max(36, library.read // 2), library.read)
        reads.append(mutated(end[:length], library.errors, rng))
    return Fragment(name, tuple(reads))


def spread_over(
    gene: str, bases: str, count: int, library: Library, rng: random.Random, prefix: str
) -> list[Fragment]:
    """Return fragments of a transcript, their starts drawn evenly."""
    found = []
    for number in range(count):
        length = min(library.fragment(rng), len(bases))
        start = rng.randint(0, len(bases) - length)
        found.append(sequenced(bases[start : start + length], library, rng, f"{prefix}{gene}{number}"))
    return found


def around(
    gene: Gene, places: tuple[int, ...], count: int, library: Library, rng: random.Random, prefix: str
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
    """Return fragments of which one read shows both sides of a join.

    Args:
        joined: the fusion transcript.
        count: how many, no two with the same ends.
        margin: fewest bases of the shorter side that the read shows, drawn between the two numbers.
        library: how they are sequenced.
        rng: random numbers.
        prefix: begins their names.
    """
    found: list[Fragment] = []
    used = set()
    tries = 0
    while len(found) < count:
        tries += 1
        if tries > 100_000:
            raise ValueError(f"no read of {library.read} nt shows so much of both sides")
        shown = rng.randint(*margin)
        inner = joined.right - joined.left
        length = library.fragment(rng)
        # The read that shows the join begins at the fragment's start or ends at its end.
        reach = min(length, library.read)
        if 2 * shown + inner > reach:
            continue
        low, high = joined.right + shown - reach, joined.left - shown
        first = rng.randint(low, high)
        begin = first if rng.random() < 0.5 else first + reach - length
        end = begin + length
        if begin < 0 or end > len(joined.bases) or (begin, end) in used:
            continue
        molecule = joined.bases[begin:end]
        name = f"{prefix}{len(found)}"
        if library.paired:
            found.append(sequenced(molecule, library, rng, name))
        else:
            # A single read shows one end of the fragment only: that one.
            strand = molecule if begin == first else opposite(molecule)
            found.append(Fragment(name, (mutated(strand[: library.read], library.errors, rng),)))
        used.add((begin, end))
    return found


def background(
    genes: dict[str, Gene], library: Library, rng: random.Random, targets: dict[str, int], others: int = 20
) -> list[Fragment]:
    """Return wild-type fragments: so many of each target, and some of every other gene."""
    found = []
    for name, gene in genes.items():
        count = targets.get(name, others)
        found += spread_over(name, gene.bases, count, library, rng, "w")
    return found


def write(
    fragments: Iterable[Fragment], stem: Path, rng: random.Random | None = None, *, slash: bool = False
) -> list[Path]:
    """Write fragments as FASTQ, one file for each mate; returns the files."""
    order = list(fragments)
    if rng is not None:
        rng.shuffle(order)
    files = []
    for mate in range(len(order[0].reads)):
        suffix = f"/{mate + 1}" if slash and len(order[0].reads) == 2 else ""
        text = "".join(
            f"@{fragment.name}{suffix}\n{fragment.reads[mate]}\n+\n{'I' * len(fragment.reads[mate])}\n"
            for fragment in order
        )
        path = stem.with_name(f"{stem.name}_{mate + 1}.fastq.gz")
        path.write_bytes(gzip.compress(text.encode("ascii"), 1, mtime=0))
        files.append(path)
    return files
