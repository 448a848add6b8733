"""Takes what is wild type beyond doubt out of the candidates; the others are read, trimmed and aligned.

A deep sample is wild type nearly throughout. Its fragments are trimmed, merged and placed in a compiled loop
(`native.place`), which leaves whatever is not certain to the slow way: reads with more than one edit, of more
than one gene, with an adapter that has to be looked for, shorter than 48 nt, or of an odd form. What the loop
settles is what the slow way would make of it.
"""

from collections.abc import Iterator
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from aspsfusion.align.candidates import (
    Candidate,
    CandidateMetrics,
    Lines,
    candidates_in,
    read_candidates,
    require_reads,
)
from aspsfusion.align.sample import RECORD_LINES, Sample, lines_of, reads_in, texts_of
from aspsfusion.align.structures import ReadStructures
from aspsfusion.align.trim import (
    ADAPTER_MIN_OVERLAP,
    ADAPTERS,
    MERGE_OVERLAP,
    OVERLAP_MINIMUM,
    OVERLAP_MISMATCH_RATE,
    PAIR_ADAPTER_MIN_OVERLAP,
)
from aspsfusion.config import CallParameters
from aspsfusion.evidence.diverged import MIN_SHARED, MIN_SHARED_RATE
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.io.compressed import DAMAGED
from aspsfusion.native.place import (
    FEWEST_BASES,
    HAS_ADAPTER,
    HAS_COMMENT,
    MAY_HAVE_UMI,
    MERGED,
    MOST_EDITS,
    OVERLAPS,
    Settled,
    SettleRules,
    Settling,
    settle_fragments,
)
from aspsfusion.screen.fastq import open_reads

CHUNK = 1024 * 1024
"""Bytes of text that are settled at a time."""

SMALL = 256 * 1024
"""Bytes of candidates, some 500 pairs, below which all go the slow way: they take no longer than to find out
where the panel's seeds are."""


Reads = npt.NDArray[np.uint8]
"""The numbers of reads, 1 or 2 each, of settled fragments that follow each other."""

SURE_ANCHOR = 7
"""Shortest anchor of a junction with which nothing is suggested by a read that is not clipped: it may end up
to 6 bases after an exon's border (call/proposals.py), and an anchor would have to fit in there."""


def settle_rules(
    parameters: CallParameters, structures: ReadStructures, *, twice: bool = True
) -> SettleRules:
    """Return the rules by which fragments of a sample are settled.

    No junction can explain a read with fewer edits than the margin, and another gene needs so many more that
    the read's own is the only one near it. What is certain of reads with two edits is so for a margin of two.

    Args:
        parameters: thresholds of the call.
        structures: what the reads consist of.
        twice: whether reads with two edits are settled as well.
    """
    limit = min(1, parameters.margin - 1)
    if twice and parameters.margin == MOST_EDITS and parameters.min_anchor >= SURE_ANCHOR:
        limit = MOST_EDITS
    while limit > FEWEST_BASES * parameters.max_edit_rate:
        limit -= 1
    first, second = (adapter.encode("ascii") for adapter in ADAPTERS)
    return SettleRules(
        limit,
        parameters.margin,
        FEWEST_BASES,
        [(each.template.start or 0, each.template.stop, each.shortest) for each in structures.layouts],
        OVERLAP_MINIMUM,
        OVERLAP_MISMATCH_RATE,
        MERGE_OVERLAP,
        (first, second),
        ADAPTER_MIN_OVERLAP,
        PAIR_ADAPTER_MIN_OVERLAP,
        MIN_SHARED,
        MIN_SHARED_RATE,
    )


def open_candidates(
    path: Path,
    metrics: CandidateMetrics,
    structures: ReadStructures,
    rules: SettleRules,
    sample: Sample,
) -> Iterator[Candidate | Reads]:
    """Read candidate fragments; yield those that are not settled, and the numbers of reads of those between.

    Args:
        path: FASTQ written by `aspsfusion screen` or `extract`.
        metrics: to count all in.
        structures: what the reads consist of.
        rules: see `settle_rules`.
        sample: to add the others to.

    Raises:
        ReadsError: see `read_candidates`.
        ParameterError: the same.
    """
    with open_reads(path) as stream:
        text, records = _read(stream, SMALL, path, structures), 0
        ended = len(text) < SMALL
        if ended:
            yield from candidates_in(BytesIO(text), count(1), path, metrics, structures)
            text = b""
        while text:
            found = settle_fragments(text, sample.settled.text.table, rules)
            _keep(found.settled, text, metrics, structures, sample)
            pieces = [text[begin:end] for begin, end, _ in found.open.tolist()]
            numbers = (
                number
                for piece, (_, _, before) in zip(pieces, found.open.tolist(), strict=True)
                for number in range(
                    records + before + 1, records + before + 1 + piece.count(b"\n") // RECORD_LINES
                )
            )
            others = candidates_in(BytesIO(b"".join(pieces)), numbers, path, metrics, structures)
            yield from _in_order(found, others)
            records += found.records
            text = text[found.used :]
            if found.odd and (ended or len(text) > CHUNK):
                # Whoever reads on says what is wrong with it.
                yield from candidates_in(_Joined(text, stream), count(records + 1), path, metrics, structures)
                break
            if not ended and (found.odd or not text):
                more = _read(stream, CHUNK, path, structures)
                ended = not more
                text += more
    require_reads(metrics, structures)


def _read(stream: BinaryIO, size: int, path: Path, structures: ReadStructures) -> bytes:
    """Return the next bytes of a file, fewer at its end.

    Raises:
        ReadsError: the file is damaged; the error is that of reading it line by line.
    """
    parts, left = [], size
    try:
        while left and (part := stream.read(left)):
            parts.append(part)
            left -= len(part)
    except DAMAGED:
        for _ in read_candidates(path, CandidateMetrics(), structures):
            pass
        raise
    return b"".join(parts)


class _Joined:
    """Lines of a piece of text and of the file that goes on after it."""

    def __init__(self, text: bytes, stream: Lines) -> None:
        self._text = BytesIO(text)
        self._stream = stream

    def readline(self) -> bytes:
        """Return the next line with its end, nothing after the last one."""
        line = self._text.readline()
        return line if line.endswith(b"\n") else line + self._stream.readline()


def _in_order(found: Settling, others: Iterator[Candidate]) -> Iterator[Candidate | Reads]:
    """Yield the fragments of a piece of text in its order: open ones, and how many reads the others have."""
    reads, first = found.settled["reads"], 0
    for before in np.searchsorted(found.settled["header"], found.open[:, 0]).tolist():
        if before > first:
            yield reads[first:before]
            first = before
        yield next(others)
    if first < reads.size:
        yield reads[first:]


def _keep(
    rows: Settled, text: bytes, metrics: CandidateMetrics, structures: ReadStructures, sample: Sample
) -> None:
    """Add settled fragments, with the labels of those that may carry a UMI, and count them."""
    flags = rows["flags"]
    metrics.fragments += rows.size
    metrics.pairs += int(np.count_nonzero((rows["reads"] == BOTH_ENDS) | (flags & MERGED != 0)))
    metrics.adapter_fragments += int(np.count_nonzero(flags & HAS_ADAPTER))
    metrics.overlapping_pairs += int(np.count_nonzero(flags & OVERLAPS))
    sample.add(rows, text)
    named = rows if structures.give_umis else rows[(flags & (MAY_HAVE_UMI | HAS_COMMENT)) != 0]
    for own in texts_of(named, text):
        header, lines = lines_of(own)
        umi = structures.apart(reads_in(lines)).umi if structures.give_umis else header.umi
        if umi or header.label:
            sample.settled.labels[header.number] = header.label, umi
