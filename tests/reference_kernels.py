"""What the compiled kernels must compute, written for reading instead of speed.

The property tests of `test_kernels.py`, `test_screen_kernels.py` and `test_record_kernels.py` compare the
two. Nothing here shares code with the package.
"""

import re
from dataclasses import dataclass, field
from functools import cache

NO_KMER = 2**64 - 1
NO_AT_SIGN, NO_PLUS, QUALITY_LENGTH = 1, 2, 3


def number_of(word: str) -> int:
    """Return a word over ACGT as a number of base 4, U read as T."""
    number = 0
    for base in word:
        number = 4 * number + "ACGT".index(base.replace("U", "T"))
    return number


def opposite(word: str) -> str:
    """Return the reverse complement."""
    return "".join(
        {"A": "T", "C": "G", "G": "C", "T": "A", "U": "A"}.get(base, "N") for base in reversed(word)
    )


def canonical_kmers(sequence: str, k: int) -> list[int]:
    """Return the smaller of each k-mer and its reverse complement, NO_KMER where it holds a non-base."""
    sequence = sequence.upper()
    words = [sequence[i : i + k] for i in range(len(sequence) - k + 1)]
    return [
        min(number_of(word), number_of(opposite(word))) if set(word) <= set("ACGTU") else NO_KMER
        for word in words
    ]


def stem(header: bytes) -> bytes:
    """Return a read name without comment and without the number of the mate."""
    name = re.split(rb"[\x00-\x20]", header.removeprefix(b"@"))[0]
    return re.sub(rb"[/._][12]$", b"", name)


def score(read: str, text: str, probe: int, place: int, length: int) -> int:
    """Score the match around equal words: 1 for a match, -3 for a mismatch, given up 9 below the best."""
    total = length
    for step, i, j in ((1, probe + length, place + length), (-1, probe - 1, place - 1)):
        best = running = 0
        while 0 <= i < len(read) and 0 <= j < len(text) and text[j] in "ACGT":
            running += 1 if read[i] == text[j] else -3
            best = max(best, running)
            if running <= best - 9:
                break
            i, j = i + step, j + step
        total += best
    return total


@cache
def strands_with_seeds(
    text: str, seeds: tuple[int, ...], length: int
) -> list[tuple[str, dict[str, list[int]]]]:
    """Return a text and its reverse complement, each with the places of every seed by its bases."""
    places: dict[str, list[int]] = {}
    back: dict[str, list[int]] = {}
    for place in seeds:
        word = text[place : place + length]
        places.setdefault(word, []).append(place)
        back.setdefault(opposite(word), []).append(len(text) - place - length)
    return [(text, places), (opposite(text), back)]


def matches(read: str, text: str, seeds: tuple[int, ...], length: int, least: int) -> bool:
    """Tell whether a read matches a text on either strand around a seed.

    Args:
        read: bases.
        text: pieces with a '-' between them.
        seeds: positions of the seeds in the text.
        length: bases of a seed.
        least: score from which a match counts.
    """
    read = read.upper().replace("U", "T")
    step = 2 if len(read) < 64 else 4 if len(read) < 100 else 8
    return any(
        score(read, strand, probe, place, length) >= least
        for probe in range(0, len(read) - length + 1, step)
        for strand, where in strands_with_seeds(text, seeds, length)
        for place in where.get(read[probe : probe + length], [])
    )


@dataclass
class Scan:
    """What a scan of a block of FASTQ gives."""

    starts: list[int] = field(default_factory=lambda: [0])
    stems: list[bytes] = field(default_factory=list)
    bases: int = 0
    longest: int = 0
    gc: int = 0
    unknown: int = 0
    good: int = 0
    quality: int = 0
    lengths: dict[int, int] = field(default_factory=dict)
    error: int = 0


BELOW_GOOD = bytes(range(33 + 30))
"""Letters of qualities below 30."""


def scan_fastq(block: bytes) -> Scan:
    """Take the whole records of a block apart."""
    scan = Scan()
    while rest := block[scan.starts[-1] :].strip(b"\r\n") and block[scan.starts[-1] :]:
        if not rest.startswith(b"@"):
            scan.error = NO_AT_SIGN
            break
        lines = rest.split(b"\n", 4)
        if len(lines) < 5:
            break
        sequence, quality = lines[1].removesuffix(b"\r"), lines[3].removesuffix(b"\r")
        if not lines[2].startswith(b"+"):
            scan.error = NO_PLUS
            break
        if len(quality) != len(sequence):
            scan.error = QUALITY_LENGTH
            break
        scan.stems.append(stem(lines[0]))
        scan.bases += len(sequence)
        scan.longest = max(scan.longest, len(sequence))
        scan.gc += sum(sequence.count(letter) for letter in b"GCgc")
        scan.unknown += sum(sequence.count(letter) for letter in b"Nn.")
        scan.good += len(quality.translate(None, BELOW_GOOD))
        scan.quality += sum(quality) - 33 * len(quality)
        scan.lengths[len(sequence)] = scan.lengths.get(len(sequence), 0) + 1
        scan.starts.append(scan.starts[-1] + sum(len(line) + 1 for line in lines[:4]))
    return scan


def mismatches_at(read: str, contig: str, offset: int, limit: int) -> int:
    """Count the bases of a read that differ from the contig at an offset, up to limit + 1."""
    wrong = sum(
        not (0 <= offset + i < len(contig) and contig[offset + i] == base) for i, base in enumerate(read)
    )
    return min(wrong, limit + 1)


def edits_within(read: str, contig: str) -> int:
    """Return the fewest edits that turn some substring of the contig, also an empty one, into the read."""
    row = [0] * (len(contig) + 1)
    for i, base in enumerate(read, start=1):
        above, row = row, [i]
        for j, other in enumerate(contig, start=1):
            row.append(min(above[j - 1] + (base != other), above[j] + 1, row[j - 1] + 1))
    return min(row)


def overlap_insert(first: str, second: str, minimum: int, max_mismatch_rate: float) -> int:
    """Return the insert of the overlap that scores best, the longest insert of equal ones, 0 without one."""
    possible = []
    for insert in range(minimum, len(first) + len(second) - minimum + 1):
        # The molecule is read from its start by `first` and up to its end by `second`.
        shift = insert - len(second)
        shared = [
            (first[i], second[i - shift])
            for i in range(len(first))
            if 0 <= i < insert and 0 <= i - shift < len(second)
        ]
        wrong = sum(a != b for a, b in shared)
        if len(shared) >= minimum and wrong <= int(len(shared) * max_mismatch_rate):
            possible.append((len(shared) - 10 * wrong, insert))
    return max(possible, default=(0, 0))[1]


def written(records: list[bytes], number: int) -> bytes:
    """Return the records of a numbered fragment in the one form that later stages read."""
    fields = [record.replace(b"\r", b"").split(b"\n")[:4] for record in records]
    names = [re.sub(rb"/[12]$", b"", re.split(rb"[\t-\r ]", field[0])[0]) for field in fields]
    if len(set(names)) == 2:
        names = [name[:-2] for name in names]
    ends = [b"/1", b"/2"] if len(records) == 2 else [b""]
    words = [re.split(rb"[\x00-\x20]", field[0]) for field in fields]
    umis = [_umi(each) for each in words]
    return b"".join(
        b"@%d%s %s%s\n%s\n+\n%s\n"
        % (number, end, name[1:], umi, field[1].upper().replace(b"U", b"T"), field[3])
        for name, end, umi, field in zip(names, ends, umis, fields, strict=True)
    )


def _umi(words: list[bytes]) -> bytes:
    """Return the words' UMI as a field RX, by the order of the tags."""
    for tag in (b"RX", b"OX", b"MI", b"UB", b"UR"):
        for word in words:
            if re.match(tag + rb":Z:.", word):
                return b" RX" + word[2:]
    return b""
