"""Runs the compiled scan on blocks made in a test, and gives what it finds in the reference's form."""

import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

import reference_kernels as reference
from aspsfusion import native
from aspsfusion.native import PanelKmers, ScreenTable
from aspsfusion.panel.kmers import index_panel
from aspsfusion.panel.screen_index import LEAST_SCORE, MISMATCH_PENALTY


def build_table(panel: PanelKmers, genes: int | None = None) -> ScreenTable:
    """Return the screen's table of so many genes, or of as many as the k-mers name."""
    named = int(max(panel.genes, default=0)) + 1 if genes is None else genes
    return ScreenTable(panel, named, LEAST_SCORE, MISMATCH_PENALTY)


def kept_reads(reads: Sequence[bytes], table: ScreenTable) -> npt.NDArray[np.bool_]:
    """Tell of each read whether the screen keeps it; a block of some thousand reads at a time is fast."""
    starts = np.zeros(len(reads) + 1, dtype=np.int64)
    starts[1:] = np.cumsum([len(read) for read in reads])
    data = np.frombuffer(b"".join([*reads, bytes(native.LOAD_BYTES)]), dtype=np.uint8)
    return np.asarray(native.match_reads(data, starts, table))


GENE = "".join(random.Random(1).choices("ACGT", k=300))
OTHER = "".join(random.Random(2).choices("ACGT", k=120))
PANEL = index_panel([(0, GENE), (1, OTHER)])
TABLE = build_table(PANEL)
TEXT = f"-{GENE}-{OTHER}-"


def scan(
    block: bytes, group: int = 1, cuts: Sequence[int] = ()
) -> tuple[reference.Scan, list[bool], list[int], list[int]]:
    """Run the compiled scanner; return its counts, and hits, names and marks.

    The block is scanned as if it came in pieces that end at the given places.
    """
    size = len(block)
    buffer = np.zeros(size + native.LOAD_BYTES, np.uint8)
    room = native.ScanRoom(size, 2)
    for end in [*sorted(cuts), size]:
        buffer[:end] = np.frombuffer(block[:end], np.uint8)
        # What stands behind the bytes that count must not be taken for any of them.
        buffer[end:] = ord("\n")
        count, error = native.scan_fastq(buffer, end, group, TABLE, room)
        if error != native.SCAN_OK:
            break
    totals = [int(total) for total in room.totals]
    found = reference.Scan(
        starts=room.starts[: count + 1].tolist(),
        stems=[],
        bases=totals[native.BASES],
        longest=totals[native.LONGEST],
        gc=totals[native.GC],
        unknown=totals[native.UNKNOWN],
        good=totals[native.GOOD],
        quality=totals[native.QUALITY],
        lengths={int(length): int(room.lengths[length]) for length in np.flatnonzero(room.lengths)},
        error=error,
    )
    return (
        found,
        [bool(hit) for hit in room.hits[:count]],
        room.names[:count].tolist(),
        room.marks[:count].tolist(),
    )
