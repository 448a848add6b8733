"""Reads the candidates of `screen` or `extract`, trimmed and with overlapping mates merged."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from aspsfusion.align.trim import (
    MERGE_OVERLAP,
    TrimmedPair,
    TrimmedRead,
    merge_mates,
    overlap_length,
    trim_pair,
    trim_single,
)
from aspsfusion.errors import ReadsError
from aspsfusion.io.compressed import DAMAGED
from aspsfusion.screen.fastq import open_reads

MATE_SUFFIXES = ("/1", "/2")
"""Ends of the read names that the screen gives to the mates of a pair."""

UMI_COMMENT = "RX:Z:"
"""Begins the comment after a read's name that carries its UMI, as in a SAM file."""

_SCREEN_AGAIN = "run 'aspsfusion screen' again"


@dataclass
class CandidateMetrics:
    """Counts of reading and trimming."""

    fragments: int = 0
    adapter_fragments: int = 0
    overlapping_pairs: int = 0
    pairs: int = 0


@dataclass(frozen=True)
class Candidate:
    """A trimmed candidate fragment.

    Attributes:
        name: read name without mate and comment.
        reads: the two mates, a single read, or the whole molecule where mates were merged.
        merged: whether two mates were merged into one read.
        umi: from the comment after the name, empty without one.
    """

    name: str
    reads: tuple[TrimmedRead, ...]
    merged: bool = False
    umi: str = ""


def read_candidates(path: Path, metrics: CandidateMetrics) -> Iterator[Candidate]:
    """Read candidate fragments as written by the screen, trimmed.

    Raises:
        ReadsError: the file is damaged, or a second mate is missing or out of place.
    """
    entries = _read_fastq(path)
    for header, sequence, quality in entries:
        full_name, _, comment = header.partition(" ")
        umi = _umi_of(comment)
        name, suffix = full_name[:-2], full_name[-2:]
        metrics.fragments += 1
        if suffix not in MATE_SUFFIXES:
            single = trim_single(sequence, quality)
            metrics.adapter_fragments += single.adapter_found
            yield Candidate(full_name, (single,), umi=umi)
            continue
        mate_header, *mate = next(entries, ("", "", ""))
        if suffix != MATE_SUFFIXES[0] or mate_header.partition(" ")[0] != name + MATE_SUFFIXES[1]:
            raise ReadsError(f"mate of {full_name} is missing", path=path, remedy=_SCREEN_AGAIN)
        pair = trim_pair((sequence, quality), (mate[0], mate[1]))
        metrics.pairs += 1
        metrics.adapter_fragments += pair.first.adapter_found or pair.second.adapter_found
        metrics.overlapping_pairs += pair.insert is not None
        yield merged_candidate(name, pair, umi)


def merged_candidate(name: str, pair: TrimmedPair, umi: str = "") -> Candidate:
    """Return a pair as a candidate, its mates merged where they overlap by enough bases."""
    first, second = pair.first, pair.second
    if pair.insert and first.sequence and second.sequence:
        overlap = overlap_length(len(first.sequence), len(second.sequence), pair.insert)
        # A molecule shorter than that is covered whole by both mates.
        if overlap >= min(MERGE_OVERLAP, pair.insert):
            sequence, quality = merge_mates(
                (first.sequence, first.quality), (second.sequence, second.quality), pair.insert
            )
            found = first.adapter_found or second.adapter_found
            return Candidate(name, (TrimmedRead(sequence, quality, found),), merged=True, umi=umi)
    return Candidate(name, (first, second), umi=umi)


def _umi_of(comment: str) -> str:
    """Return the UMI of a FASTQ comment.

    >>> _umi_of("RX:Z:ACGT-TTGC"), _umi_of("1:N:0:ACGT")
    ('ACGT-TTGC', '')
    """
    for field in comment.split():
        if field.startswith(UMI_COMMENT):
            return field.removeprefix(UMI_COMMENT)
    return ""


def _read_fastq(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield header, bases and qualities of the records that a screen wrote.

    Raises:
        ReadsError: the file is missing, damaged or another one.
    """
    # The screen wrote this file; what can be wrong with it is that it is another file or cut short.
    with open_reads(path) as stream:
        for number in count(1):
            try:
                lines = [stream.readline().decode("ascii").rstrip("\n") for _ in range(4)]
            except DAMAGED as error:
                raise ReadsError(
                    f"is truncated or damaged ({error})",
                    path=path,
                    where=f"record {number}",
                    remedy=_SCREEN_AGAIN,
                ) from error
            header, sequence, plus, quality = lines
            if not any(lines):
                return
            if not header.startswith("@") or plus != "+" or len(sequence) != len(quality):
                raise ReadsError(
                    "is no FASTQ as the screen writes it, or ends too early",
                    path=path,
                    where=f"record {number}",
                    remedy=_SCREEN_AGAIN,
                )
            yield header[1:], sequence, quality
