"""Takes what is wild type beyond doubt out of the candidates; the others are read, trimmed and aligned.

A deep sample is wild type nearly throughout. Its fragments are trimmed, merged and placed in a compiled loop
(`native.place`), which leaves whatever is not certain to the slow way: reads of more than two edits, of more
than one gene, with an adapter that has to be looked for, shorter than 48 nt, or of an odd form. What the loop
settles is what the slow way would make of it.
"""

from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import count
from pathlib import Path

import numpy as np

from aspsfusion.align.candidates import Candidate, CandidateMetrics, candidates_in
from aspsfusion.align.chunks import RECORD_LINES, Chunk
from aspsfusion.align.sample import lines_of, reads_in, texts_of
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
from aspsfusion.native.place import (
    FEWEST_BASES,
    HAS_ADAPTER,
    HAS_COMMENT,
    MAY_HAVE_UMI,
    MERGED,
    MOST_EDITS,
    OVERLAPS,
    SETTLED,
    PlaceTable,
    Settled,
    SettleRules,
    settle_fragments,
)

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


class OpenCandidates:
    """The fragments of a chunk, of which some are settled.

    Args:
        chunk: of the candidates.
        path: of their file, named in errors.
        structures: what the reads consist of.
        table: of the panel; without it none is settled.
        rules: see `settle_rules`.

    Attributes:
        metrics: counts of what was read.
        labels: label and UMI of the settled fragments that may carry a UMI, by number; both may be empty.
    """

    def __init__(
        self,
        chunk: Chunk,
        path: Path,
        structures: ReadStructures,
        table: PlaceTable | None,
        rules: SettleRules | None,
    ) -> None:
        self._chunk = chunk
        self._path = path
        self._structures = structures
        self._table = table
        self._rules = rules
        self._settled: list[Settled] = []
        self.metrics = CandidateMetrics()
        self.labels: dict[int, tuple[str, str]] = {}

    @property
    def settled(self) -> Settled:
        """The settled fragments; where their headers begin is counted in the text of the chunk."""
        return np.concatenate(self._settled) if self._settled else np.empty(0, SETTLED)

    def __iter__(self) -> Iterator[Candidate]:
        """Yield those that are not settled.

        Raises:
            ReadsError: see `read_candidates`.
            ParameterError: the same.
        """
        text, records = self._chunk
        while text and self._table and self._rules:
            found = settle_fragments(text, self._table, self._rules)
            self._keep(found.settled, text)
            pieces = [text[begin:end] for begin, end, _ in found.open.tolist()]
            numbers = (
                number
                for piece, (_, _, before) in zip(pieces, found.open.tolist(), strict=True)
                for number in range(
                    records + before + 1, records + before + 1 + piece.count(b"\n") // RECORD_LINES
                )
            )
            yield from self._read(b"".join(pieces), numbers)
            records += found.records
            text = text[found.used :]
            if found.odd:  # whoever reads it line by line says what is wrong with it
                break
        yield from self._read(text, count(records + 1))

    def _read(self, text: bytes, numbers: Iterable[int]) -> Iterator[Candidate]:
        return candidates_in(BytesIO(text), numbers, self._path, self.metrics, self._structures)

    def _keep(self, rows: Settled, text: bytes) -> None:
        """Keep settled fragments, with the labels of those that may carry a UMI, and count them."""
        flags, structures = rows["flags"], self._structures
        self.metrics.fragments += rows.size
        self.metrics.pairs += int(np.count_nonzero((rows["reads"] == BOTH_ENDS) | (flags & MERGED != 0)))
        self.metrics.adapter_fragments += int(np.count_nonzero(flags & HAS_ADAPTER))
        self.metrics.overlapping_pairs += int(np.count_nonzero(flags & OVERLAPS))
        named = rows if structures.give_umis else rows[(flags & (MAY_HAVE_UMI | HAS_COMMENT)) != 0]
        for own in texts_of(named, text):
            header, lines = lines_of(own)
            umi = structures.apart(reads_in(lines)).umi if structures.give_umis else header.umi
            if umi or header.label:
                self.labels[header.number] = header.label, umi
        kept = rows.copy()
        kept["header"] += len(self._chunk.text) - len(text)
        self._settled.append(kept)
