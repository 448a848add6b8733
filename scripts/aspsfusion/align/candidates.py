"""Reads the candidates of `screen` or `extract`, trimmed and with overlapping mates merged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import NamedTuple, Protocol

from aspsfusion.align.structures import FORMS, TEMPLATES_ALONE, ReadStructures
from aspsfusion.align.trim import (
    MERGE_OVERLAP,
    TrimmedPair,
    TrimmedRead,
    merge_mates,
    overlap_length,
    trim_pair,
    trim_single,
)
from aspsfusion.errors import ParameterError, ReadsError, printable
from aspsfusion.io.compressed import DAMAGED
from aspsfusion.screen.fastq import open_reads

MATE_NUMBERS = {"/1": 1, "/2": 2}
"""Ends of the numbers that the screen gives to the mates of a pair."""

UMI_COMMENT = "RX:Z:"
"""Begins the comment after a read's name that carries its UMI, as in a SAM file."""

_SCREEN_AGAIN = "run 'aspsfusion screen' again"


@dataclass
class CandidateMetrics:
    """Counts of reading and trimming.

    Attributes:
        fragments: all.
        adapter_fragments: with an adapter in one of their reads.
        overlapping_pairs: whose mates overlap.
        pairs: fragments with two reads.
        too_short_reads: shorter than the segments of their read structure.
    """

    fragments: int = 0
    adapter_fragments: int = 0
    overlapping_pairs: int = 0
    pairs: int = 0
    too_short_reads: int = 0


@dataclass(frozen=True)
class Candidate:
    """A trimmed candidate fragment.

    Attributes:
        number: the fragment's number, its identity.
        label: the read's own name without mate and comment; names may repeat.
        reads: the two mates, a single read, or the whole molecule where mates were merged.
        merged: whether two mates were merged into one read.
        umi: by the read structures or, where those give none, from the comment after the name; else empty.
    """

    number: int
    label: str
    reads: tuple[TrimmedRead, ...]
    merged: bool = False
    umi: str = ""


class Lines(Protocol):
    """What can be read line by line."""

    def readline(self) -> bytes:
        """Return the next line with its end, nothing after the last one."""


def read_candidates(
    path: Path, metrics: CandidateMetrics, structures: ReadStructures = TEMPLATES_ALONE
) -> Iterator[Candidate]:
    """Read candidate fragments as written by the screen, taken apart by their structures and trimmed.

    Args:
        path: FASTQ written by `aspsfusion screen` or `extract`.
        metrics: to count in.
        structures: what the reads consist of.

    Raises:
        ReadsError: the file is damaged, or a second mate is missing or out of place.
        ParameterError: the reads are pairs and one structure is given, or the other way round.
    """
    with open_reads(path) as stream:
        yield from candidates_in(stream, count(1), path, metrics, structures)
    require_reads(metrics, structures)


def read_raw_candidates(path: Path, metrics: CandidateMetrics) -> Iterator[Candidate]:
    """Read single candidate reads as they are, without trimming; see `read_candidates`.

    Raises:
        ReadsError: the file is damaged, or holds pairs.
    """
    with open_reads(path) as stream:
        for header, reads in _fragments(_read_fastq(stream, count(1), path), path):
            if len(reads) > 1:
                raise ReadsError(
                    "holds pairs, and long reads are single", path=path, remedy="leave out --platform"
                )
            metrics.fragments += 1
            yield Candidate(header.number, header.label, (TrimmedRead(*reads[0], False),), umi=header.umi)


def candidates_in(
    lines: Lines, numbers: Iterable[int], path: Path, metrics: CandidateMetrics, structures: ReadStructures
) -> Iterator[Candidate]:
    """Read candidate fragments from lines, see `read_candidates`.

    Args:
        lines: of the file.
        numbers: of the records in the file, for messages.
        path: named in errors.
        metrics: to count in.
        structures: what the reads consist of.
    """
    for header, reads in _fragments(_read_fastq(lines, numbers, path), path):
        metrics.fragments += 1
        umi = header.umi
        if structures.layouts:
            if len(reads) > len(structures.layouts):
                raise _wrong_number(structures, "pairs")
            parts = structures.apart(reads)
            metrics.too_short_reads += parts.too_short
            reads = parts.templates
            umi = parts.umi if structures.give_umis else umi
        if len(reads) == 1:
            single = trim_single(*reads[0])
            metrics.adapter_fragments += single.adapter_found
            yield Candidate(header.number, header.label, (single,), umi=umi)
            continue
        pair = trim_pair(*reads)
        metrics.pairs += 1
        metrics.adapter_fragments += pair.first.adapter_found or pair.second.adapter_found
        metrics.overlapping_pairs += pair.insert is not None
        yield merged_candidate(Candidate(header.number, header.label, (), umi=umi), pair)


def require_reads(metrics: CandidateMetrics, structures: ReadStructures) -> None:
    """Refuse structures of pairs for a file of single reads, once it has been read.

    Raises:
        ParameterError: the reads are single, and two structures are given.
    """
    if metrics.fragments and not metrics.pairs and len(structures.layouts) > 1:
        raise _wrong_number(structures, "single reads")


def _wrong_number(structures: ReadStructures, reads: str) -> ParameterError:
    given = " ".join(structures.texts)
    return ParameterError(f"--umi {given}: the reads are {reads}", remedy=FORMS)


def _fragments(
    entries: Iterator[tuple["Header", str, str]], path: Path
) -> Iterator[tuple["Header", list[tuple[str, str]]]]:
    """Yield header of the first read, and bases and qualities of both mates or the single read.

    Raises:
        ReadsError: a second mate is missing or out of place.
    """
    for header, *first in entries:
        reads = [(first[0], first[1])]
        if header.mate:
            other, *second = next(entries, (None, "", ""))
            if header.mate != 1 or other is None or (other.number, other.mate) != (header.number, 2):
                raise ReadsError(
                    f"mate of fragment {header.number} is missing", path=path, remedy=_SCREEN_AGAIN
                )
            reads.append((second[0], second[1]))
        yield header, reads


def merged_candidate(candidate: Candidate, pair: TrimmedPair) -> Candidate:
    """Return a candidate with the reads of a pair, merged where they overlap by enough bases."""
    first, second = pair.first, pair.second
    if pair.insert and first.sequence and second.sequence:
        overlap = overlap_length(len(first.sequence), len(second.sequence), pair.insert)
        # A molecule shorter than that is covered whole by both mates.
        if overlap >= min(MERGE_OVERLAP, pair.insert):
            sequence, quality = merge_mates(
                (first.sequence, first.quality), (second.sequence, second.quality), pair.insert
            )
            found = first.adapter_found or second.adapter_found
            return replace(candidate, reads=(TrimmedRead(sequence, quality, found),), merged=True)
    return replace(candidate, reads=(first, second))


class Header(NamedTuple):
    """The header of a record that the screen wrote; `mate` is 0 for a single read."""

    number: int
    mate: int
    label: str
    umi: str


def read_header(line: bytes) -> Header | None:
    r"""Return what a header line says, None when the screen did not write it.

    A label may hold any bytes but white space; what cannot be printed is shown as an escape.

    >>> read_header(b"@12/2 M1:7 RX:Z:ACGT-TTGC")
    Header(number=12, mate=2, label='M1:7', umi='ACGT-TTGC')
    >>> read_header(b"@12 ")
    Header(number=12, mate=0, label='', umi='')
    >>> read_header(b"@12 a\x00\xff").label
    'a\\x00\\xff'
    >>> read_header(b"@M1:7/2") is None
    True
    """
    first, _, rest = line.removeprefix(b"@").partition(b" ")
    label, _, comment = rest.partition(b" ")
    mate = MATE_NUMBERS.get(first[-2:].decode("latin-1"), 0)
    digits = first[:-2] if mate else first
    if not line.startswith(b"@") or not digits.isdigit():
        return None
    umi = comment.decode("utf-8", "backslashreplace")
    return Header(
        int(digits),
        mate,
        printable(label.decode("utf-8", "backslashreplace")),
        printable(umi.removeprefix(UMI_COMMENT)) if umi.startswith(UMI_COMMENT) else "",
    )


def _read_fastq(lines: Lines, numbers: Iterable[int], path: Path) -> Iterator[tuple[Header, str, str]]:
    """Yield header, bases and qualities of the records that a screen wrote.

    Raises:
        ReadsError: the file is damaged or another one.
    """
    # The screen wrote this file; what can be wrong with it is that it is another file or cut short.
    for number in numbers:
        try:
            record = [lines.readline().rstrip(b"\n") for _ in range(4)]
            sequence, plus, quality = (line.decode("ascii") for line in record[1:])
        except DAMAGED as error:
            raise ReadsError(
                f"is truncated or damaged ({error})",
                path=path,
                where=f"record {number}",
                remedy=_SCREEN_AGAIN,
            ) from error
        if not any(record):
            return
        header = read_header(record[0])
        if header is None or plus != "+" or len(sequence) != len(quality):
            raise ReadsError(
                "is no FASTQ as the screen writes it, or ends too early",
                path=path,
                where=f"record {number}",
                remedy=_SCREEN_AGAIN,
            )
        if not quality.isprintable() or " " in quality:
            raise ReadsError(
                "holds a character that is no base quality: the file of reads was damaged",
                path=path,
                where=f"record {number}",
                remedy=f"copy that file again and {_SCREEN_AGAIN}",
            )
        yield header, sequence, quality
