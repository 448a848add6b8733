"""Times the parts of the screen's scan on inflated blocks in memory, in nanoseconds for a record.

    python tests/benchmark/scan_profile.py --panel results/panel reads_R1.fastq.gz

Each block is copied to where it is scanned first, as inflation leaves it in a core's cache, and the fastest
of the rounds counts for each block: on a machine that does other work as well, the mean says nothing.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aspsfusion.io.compressed import InflatedFile
from aspsfusion.match_kernels import match_reads
from aspsfusion.name_kernels import LINES
from aspsfusion.panel.screen_index import PanelKmers, build_table
from aspsfusion.record_kernels import take_usual_records
from aspsfusion.screen.fastq import BLOCK_BYTES
from aspsfusion.screen.scan_room import scan_room
from aspsfusion.screen_kernels import scan_fastq
from aspsfusion.vector_loads import LOAD_BYTES

Block = npt.NDArray[np.uint8]


def whole_records(path: Path, blocks: int) -> list[Block]:
    """Return the first blocks of a file, cut behind their last whole record."""
    stream, found, rest = InflatedFile(path), [], b""
    for _ in range(blocks):
        room = bytearray(BLOCK_BYTES)
        text = rest + bytes(room[: stream.readinto(memoryview(room))])
        lines = text.split(b"\n")
        whole = b"".join(line + b"\n" for line in lines[: (len(lines) - 1) // LINES * LINES])
        rest = text[len(whole) :]
        if whole:
            found.append(np.frombuffer(whole, dtype=np.uint8))
    stream.close()
    return found


def parts(panel: Path, size: int) -> dict[str, Callable[[Block, int, int], object]]:
    """Return the parts of the scan by name; each takes a block, its length and its number of records.

    The first one is the whole scan, which leaves behind what the others need.
    """
    kmers = PanelKmers.load(panel / "kmers.npz")
    if kmers is None:
        raise SystemExit(f"{panel}: build the panel again")
    table = build_table(kmers)
    room = scan_room(size, int(kmers.genes.max()) + 1)
    ends = room.ends

    def scan(data: Block, used: int, count: int) -> None:
        room.begin_block()
        room.fill(used)
        scan_fastq(data, 1, table, room)

    return {
        "all of the scan": scan,
        "lines, names, letters": lambda data, used, count: take_usual_records(data, used, used, 0, room),
        "packing, probes, filter, table, matches": lambda data, used, count: match_reads(
            data, ends[::LINES], ends[1::LINES], 1, count, table, room.scratch, room.hits
        ),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fastq", type=Path)
    parser.add_argument("--panel", type=Path, required=True, help="built panel directory")
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args(arguments)
    blocks = whole_records(args.fastq, args.blocks)
    size = max(block.size for block in blocks)
    data = np.zeros(size + LOAD_BYTES, dtype=np.uint8)
    timed = parts(args.panel, size)
    counts = [int(np.count_nonzero(block == ord("\n"))) // LINES for block in blocks]
    best = {name: [float("inf")] * len(blocks) for name in timed}
    for _ in range(args.rounds):
        for place, (block, count) in enumerate(zip(blocks, counts, strict=True)):
            data[: block.size] = block
            data[block.size : block.size + LOAD_BYTES] = ord("\n")
            for name, part in timed.items():
                begin = time.perf_counter()
                part(data, block.size, count)
                best[name][place] = min(best[name][place], time.perf_counter() - begin)
    for name, times in best.items():
        print(f"{name}\t{1e9 * sum(times) / sum(counts):.1f}")


if __name__ == "__main__":
    main()
