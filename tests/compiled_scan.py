"""Runs the compiled scanner on blocks made in a test, and gives what it finds in the reference's form."""

import random
from collections.abc import Sequence

import numpy as np

import reference_kernels as reference
from aspsfusion import screen_kernels as kernels
from aspsfusion.panel.kmers import index_panel
from aspsfusion.panel.screen_index import build_table
from aspsfusion.screen import scan_room as rooms
from aspsfusion.vector_loads import LOAD_BYTES

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
    buffer = np.zeros(size + LOAD_BYTES, np.uint8)
    room = rooms.scan_room(size, 2)
    for end in [*sorted(cuts), size]:
        buffer[:end] = np.frombuffer(block[:end], np.uint8)
        room.fill(end)
        count, error = kernels.scan_fastq(buffer, group, TABLE, room)
        if error != kernels.SCAN_OK:
            break
    totals = [int(total) for total in room.totals]
    found = reference.Scan(
        starts=room.starts[: count + 1].tolist(),
        stems=[],
        bases=totals[rooms.BASES],
        longest=totals[rooms.LONGEST],
        gc=totals[rooms.GC],
        unknown=totals[rooms.UNKNOWN],
        good=totals[rooms.GOOD],
        quality=totals[rooms.QUALITY],
        lengths={int(length): int(room.lengths[length]) for length in np.flatnonzero(room.lengths)},
        error=error,
    )
    return found, room.hits[:count].tolist(), room.names[:count].tolist(), room.marks[:count].tolist()
