"""What the compiled kernels must compute, written for reading instead of speed.

The property tests of `test_kernels.py` compare the two. Nothing here shares code with the package.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

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


def name_hash(header: bytes) -> int:
    """Return the 64-bit FNV-1a hash of a read name without comment and without /1 or /2."""
    name = header.removeprefix(b"@").replace(b"\t", b" ").replace(b"\r", b" ").split(b" ")[0]
    if name.endswith((b"/1", b"/2")):
        name = name[:-2]
    value = 14695981039346656037
    for byte in name:
        value = (value ^ byte) * 1099511628211 % 2**64
    return value


@dataclass
class Scan:
    """What a scan of a block of FASTQ gives."""

    starts: list[int] = field(default_factory=lambda: [0])
    hits: list[int] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    genes: dict[int, int] = field(default_factory=dict)
    bases: int = 0
    longest: int = 0
    error: int = 0


def scan_fastq(block: bytes, k: int, gene_of: Mapping[int, int]) -> Scan:
    """Parse the whole records of a block and count the k-mers of each read that have a gene."""
    scan = Scan()
    while rest := block[scan.starts[-1] :].rstrip(b"\r\n") and block[scan.starts[-1] :]:
        if not rest.startswith(b"@"):
            scan.error = NO_AT_SIGN
            break
        lines = rest.split(b"\n")
        if len(lines) < 3 or not lines[2]:
            # An empty third line is wrong only when its end has been seen.
            if len(lines) > 3:
                scan.error = NO_PLUS
            break
        if not lines[2].startswith(b"+"):
            scan.error = NO_PLUS
            break
        if len(lines) < 4:
            break
        sequence = lines[1].removesuffix(b"\r")
        head = sum(len(line) + 1 for line in lines[:3])
        # Where the quality line has to end, so that one that is too short is told from one that is cut off.
        end = rest.find(b"\n", head + len(sequence))
        if end < 0:
            break
        if len(lines[3].removesuffix(b"\r")) != len(sequence):
            scan.error = QUALITY_LENGTH
            break
        found = [gene_of[kmer] for kmer in canonical_kmers(sequence.decode(), k) if kmer in gene_of]
        for gene in found:
            scan.genes[gene] = scan.genes.get(gene, 0) + 1
        scan.hits.append(min(len(found), 65535))
        scan.names.append(name_hash(lines[0]))
        scan.bases += len(sequence)
        scan.longest = max(scan.longest, len(sequence))
        scan.starts.append(scan.starts[-1] + end + 1)
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
