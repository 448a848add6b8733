"""Times the screen's scan on inflated blocks in memory, in nanoseconds for a record, and its look-up alone.

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
from aspsfusion.native import LINES, LOAD_BYTES, ScanRoom, ScreenTable, match_reads, scan_fastq
from aspsfusion.panel.screen_index import load_screen_index
from aspsfusion.screen.fastq import BLOCK_BYTES

Part = Callable[[npt.NDArray[np.uint8]], object]
"""What is timed: takes bytes with LOAD_BYTES more behind them."""


def whole_records(path: Path, blocks: int) -> list[bytes]:
    """Return the first blocks of a file, cut behind their last whole record."""
    stream, found, rest = InflatedFile(path), [], b""
    for _ in range(blocks):
        room = bytearray(BLOCK_BYTES)
        text = rest + bytes(room[: stream.readinto(memoryview(room))])
        lines = text.split(b"\n")
        whole = b"".join(line + b"\n" for line in lines[: (len(lines) - 1) // LINES * LINES])
        rest = text[len(whole) :]
        if whole:
            found.append(whole)
    stream.close()
    return found


def parts(block: bytes, table: ScreenTable) -> dict[str, tuple[bytes, Part]]:
    """Return the parts by name: for each the bytes that it takes, and the call."""
    room = ScanRoom(len(block), table.genes)
    sequences = block.split(b"\n")[1::LINES]
    starts = np.cumsum([0, *map(len, sequences)])

    def scan(data: npt.NDArray[np.uint8]) -> None:
        room.begin_block()
        scan_fastq(data, len(block), 1, table, room)

    return {
        "all of the scan": (block, scan),
        "packing, probes, filter, table, matches": (
            b"".join(sequences),
            lambda data: match_reads(data, starts, table),
        ),
    }


def best_time(source: bytes, part: Part, rounds: int) -> float:
    """Return the seconds of the fastest round."""
    data = np.zeros(len(source) + LOAD_BYTES, dtype=np.uint8)
    best = float("inf")
    for _ in range(rounds):
        data[: len(source)] = np.frombuffer(source, dtype=np.uint8)
        begin = time.perf_counter()
        part(data)
        best = min(best, time.perf_counter() - begin)
    return best


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fastq", type=Path)
    parser.add_argument("--panel", type=Path, required=True, help="built panel directory")
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args(arguments)
    table = load_screen_index(args.panel).table
    times: dict[str, float] = {}
    records = 0
    for block in whole_records(args.fastq, args.blocks):
        records += block.count(b"\n") // LINES
        for name, (source, part) in parts(block, table).items():
            times[name] = times.get(name, 0) + best_time(source, part, args.rounds)
    for name, seconds in times.items():
        print(f"{name}\t{1e9 * seconds / records:.1f}")


if __name__ == "__main__":
    main()
