"""Whatever the compiled loops are given, they end, and refuse it or stay within their arrays.

The inputs are made from seeds, so that a failure can be repeated. Whether anything outside of the arrays is
touched shows when `test_sanitizer.py` runs these tests.
"""

import random
from collections.abc import Callable

import numpy as np
import pytest

from aspsfusion import native
from aspsfusion.native import genome
from aspsfusion.panel.kmers import index_panel
from aspsfusion.panel.screen_index import LEAST_SCORE, MISMATCH_PENALTY
from native_scan import build_table

ROUNDS = 150
GENE = "".join(random.Random(1).choices("ACGT", k=300))
PANEL = index_panel([(0, GENE), (1, GENE[::-1])])
TABLE = build_table(PANEL)

WILD = (
    0,
    1,
    -1,
    2,
    7,
    31,
    32,
    63,
    64,
    255,
    2**31 - 1,
    2**31,
    2**32,
    2**40,
    -(2**40),
    2**62,
    2**63 - 1,
    -(2**63),
)
"""Numbers at which sums overflow, shifts are too wide, or arrays end."""


# --- FASTQ ----------------------------------------------------------------------------------------------


def record(chance: random.Random) -> bytes:
    """Return a record that is right, though perhaps unusual."""
    length = chance.choice([0, 1, 30, 63, 64, 65, 100, 101, 150, 300])
    start = chance.randrange(len(GENE))
    bases = chance.choice([GENE[start:] + GENE, "".join(chance.choices("ACGTNacgtn.", k=length))])[:length]
    name = "".join(chance.choices("abc:/._12 \t", k=chance.choice([0, 1, 5, 20, 70])))
    end = chance.choice(["\n", "\n", "\n", "\r\n"])
    quality = "".join(chance.choices("!#,5?FI@+", k=len(bases)))
    return end.join([f"@{name}", bases, chance.choice(["+", f"+{name}"]), quality, ""]).encode()


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return bytes some of which were changed, lost, doubled or cut off."""
    changed = bytearray(data)
    for _ in range(chance.choice([0, 0, 1, 1, 2, 5, 30])):
        at = chance.randrange(len(changed) + 1)
        size = chance.choice([1, 1, 2, 10, 64, 200])
        match chance.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([chance.choice(b"\n\r@+ ACGTN/1\x00\xff")])
            case 1:
                del changed[at : at + size]
            case 2:
                changed[at:at] = changed[max(0, at - size) : at]
            case 3:
                changed[at:at] = bytes(chance.choices(b"\n\r@+ACGT\x00\xff", k=size))
            case _:
                del changed[at:]
    return bytes(changed)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_fastq(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        block = mutated(b"".join(record(chance) for _ in range(chance.randrange(1, 12))), chance)
        size, group = len(block), chance.choice([1, 2])
        data = np.empty(size + native.LOAD_BYTES, dtype=np.uint8)
        room = native.ScanRoom(size, TABLE.genes)
        for end in sorted({*chance.choices(range(size + 1), k=2), size}):
            data[:end] = np.frombuffer(block[:end], dtype=np.uint8)
            data[end:] = chance.choice(b"\n@A\xff")
            count, error = native.scan_fastq(data, end, group, TABLE, room)
            starts = room.starts[: count + 1].tolist()
            assert starts == sorted(starts)
            assert starts[-1] <= end
            if error != native.SCAN_OK:
                break
        rows = np.arange(count // group, dtype=np.int64)
        written = native.write_fragments([(data, room.starts)] * group, group, rows, 1)
        assert bytes(written).count(b"\n") == native.LINES * group * rows.size


def test_fragments_that_are_no_records() -> None:
    chance = random.Random(5)
    for _ in range(ROUNDS):
        data = np.frombuffer(mutated(record(chance) * 3, chance), dtype=np.uint8)
        starts = np.array(
            sorted(chance.choices(range(data.size + 3), k=chance.randrange(1, 5))), dtype=np.int64
        )
        chosen = np.array(chance.choices([0, 1, 2, 3, 2**40, -1], k=2), dtype=np.int64)
        refused_or_done(lambda: native.write_fragments([(data, starts)], 1, chosen, 1))  # noqa: B023


# --- Panel ----------------------------------------------------------------------------------------------


def refused_or_done(call: Callable[[], object]) -> bool:
    """Call a loop; tell whether it took what it was given."""
    try:
        call()
    except (ValueError, MemoryError):
        return False
    return True


@pytest.mark.parametrize("seed", range(3))
def test_damaged_panel(seed: int) -> None:
    chance = random.Random(seed)
    reads = [GENE[start : start + 100].encode() for start in range(0, 200, 30)]
    refused = 0
    for _ in range(ROUNDS // 3):
        numbers = {"k": PANEL.k, "genes": 2, "seed_length": PANEL.seed_length}
        arrays: dict[str, np.ndarray] = {
            "kmers": PANEL.kmers.copy(),
            "kmer_genes": PANEL.genes.copy(),
            "text": PANEL.text.copy(),
            "seed_positions": PANEL.seed_positions.copy(),
        }
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            name = chance.choice([*numbers, *arrays])
            if name in numbers:
                numbers[name] = chance.choice([*WILD, 5, 13, 15, 17, 21, 23, 40])
                continue
            array = arrays[name]
            match chance.randrange(4):
                case 0:
                    arrays[name] = array[: chance.randrange(array.size + 1)].copy()
                case 1:
                    array[:] = np.array(chance.choice(WILD) % 2**64, dtype=np.uint64).astype(array.dtype)
                case _:
                    at = chance.randrange(array.size)
                    array[at] = np.array(chance.choice(WILD) % 2**64, dtype=np.uint64).astype(array.dtype)

        def look_up(numbers: dict[str, int] = numbers, arrays: dict[str, np.ndarray] = arrays) -> None:
            panel = native.PanelKmers(
                k=numbers["k"],
                kmers=arrays["kmers"],
                genes=arrays["kmer_genes"],
                text=arrays["text"],
                seed_length=numbers["seed_length"],
                seed_positions=arrays["seed_positions"],
            )
            table = native.ScreenTable(panel, numbers["genes"], LEAST_SCORE, MISMATCH_PENALTY)
            block = b"".join(b"@r\n%b\n+\n%b\n" % (read, b"I" * len(read)) for read in reads)
            data = np.frombuffer(block + bytes(native.LOAD_BYTES), dtype=np.uint8)
            room = native.ScanRoom(len(block), min(numbers["genes"], 2**16))
            native.scan_fastq(data, len(block), 1, table, room)

        refused += not refused_or_done(look_up)
    assert refused > ROUNDS // 10


# --- Alignment ------------------------------------------------------------------------------------------


def test_positions_far_away() -> None:
    chance = random.Random(6)
    for _ in range(20 * ROUNDS):
        read, contig = (bytes(chance.choices(b"ACGTN", k=chance.choice([0, 1, 20, 60]))) for _ in range(2))
        numbers = [chance.choice([*WILD, *range(-5, 60)]) for _ in range(4)]
        refused_or_done(lambda: native.mismatches_at(read, contig, numbers[0], numbers[1]))  # noqa: B023
        refused_or_done(lambda: native.align_across(read, contig, *numbers[:3]))  # noqa: B023
        refused_or_done(lambda: native.overlap_insert(read, contig, numbers[0], 0.1 * numbers[1]))  # noqa: B023


def test_long_reads_are_aligned() -> None:
    contig = bytes(random.Random(7).choices(b"ACGT", k=1500))
    for size in (510, 511, 512, 513, 1000):
        assert native.align_across(contig[100 : 100 + size], contig, 300, 95, 105 + size) == (0, 200, 0, 100)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), float("inf")])
def test_rates_that_are_none(rate: float) -> None:
    with pytest.raises(ValueError, match="out of range"):
        native.overlap_insert(b"ACGT", b"ACGT", 1, rate)


@pytest.mark.parametrize("k", [-1, 0, 2, 30, 32, 33, 2**40])
def test_kmers_that_do_not_fit_a_word(k: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        genome.canonical_kmers(b"ACGT" * 20, k)


# --- Genome ---------------------------------------------------------------------------------------------


def genome_tables(k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return table, filter and counts of the k-mers of GENE."""
    kmers = np.unique(genome.canonical_kmers(GENE.encode(), k))
    keys, words = np.empty(1024, np.uint64), np.empty(256, np.uint32)
    genome.enter_kmers(kmers, keys, np.empty(kmers.size, np.int64))
    genome.enter_seeds(kmers, k, words)
    return keys, words, np.zeros(keys.size, np.int64)


def test_arrays_that_are_too_small_or_of_no_power_of_two() -> None:
    kmers = np.arange(8, dtype=np.uint64)
    slots = np.empty(8, np.int64)
    for size in (0, 1, 8, 15, 24, 1000):
        assert not refused_or_done(lambda: genome.enter_kmers(kmers, np.empty(size, np.uint64), slots))  # noqa: B023
    assert not refused_or_done(lambda: genome.enter_kmers(kmers, np.empty(16, np.uint64), slots[:7]))
    for size in (0, 1, 3, 100):
        assert not refused_or_done(lambda: genome.enter_seeds(kmers, 5, np.empty(size, np.uint32)))  # noqa: B023
    for k in (-5, 0, 3, 4, 6, 29, 2**40):
        assert not refused_or_done(lambda: genome.enter_seeds(kmers, k, np.empty(16, np.uint32)))  # noqa: B023
    keys, words, counts = genome_tables(21)
    letters = np.frombuffer(GENE.encode() + bytes(2 * native.LOAD_BYTES), dtype=np.uint8)
    size = len(GENE)
    genome.count_places(letters, size, 21, keys, words, counts)
    for changed in (
        (letters[:-1], size, 21, keys, words, counts),
        (letters, -1, 21, keys, words, counts),
        (letters, 2**63 - 1, 21, keys, words, counts),
        (letters, size, 22, keys, words, counts),
        (letters, size, 29, keys, words, counts),
        (letters, size, 21, keys[:-1], words, counts),
        (letters, size, 21, keys[:0], words, counts),
        (letters, size, 21, keys, words[:100], counts),
        (letters, size, 21, keys, words, counts[:-1]),
    ):
        assert not refused_or_done(lambda: genome.count_places(*changed))  # noqa: B023


@pytest.mark.parametrize(
    "changed", [np.zeros(1024, np.int32), np.zeros(2048, np.int64)[::2], np.zeros((1, 1024), np.int64)]
)
def test_arrays_of_another_kind(changed: np.ndarray) -> None:
    keys, words, _ = genome_tables(21)
    letters = np.frombuffer(GENE.encode() + bytes(2 * native.LOAD_BYTES), dtype=np.uint8)
    with pytest.raises(Exception, match="in one piece"):
        genome.count_places(letters, len(GENE), 21, keys, words, changed)


def test_kmers_that_are_none_are_refused() -> None:
    none = np.array([native.EMPTY])
    assert not refused_or_done(
        lambda: genome.enter_kmers(none, np.empty(16, np.uint64), np.empty(1, np.int64))
    )
    assert not refused_or_done(lambda: genome.enter_seeds(none, 21, np.empty(16, np.uint32)))


def test_a_full_table_ends_the_search() -> None:
    keys, words, counts = genome_tables(21)
    keys[:] = 1
    words[:] = 0xFFFFFFFF
    letters = np.frombuffer(GENE.encode() + bytes(2 * native.LOAD_BYTES), dtype=np.uint8)
    genome.count_places(letters, len(GENE), 21, keys, words, counts)
    assert not counts.any()


def test_stretches_of_every_length() -> None:
    """The last letters end where the array ends, so that a look beyond them shows."""
    chance = random.Random(8)
    for size in [*range(140), 4096, 4097, 4160, 8191, 8195]:
        k = chance.choice([5, 7, 21, 27])
        keys, words, counts = genome_tables(k)
        letters = np.array(
            chance.choices(b"ACGTN", weights=[9, 9, 9, 9, 1], k=size) + [0] * 2 * native.LOAD_BYTES,
            dtype=np.uint8,
        )
        genome.count_places(letters, size, k, keys, words, counts)
        windows = genome.canonical_kmers(letters[:size].tobytes(), k)
        expected = sum(int(np.count_nonzero(windows == kmer)) for kmer in keys[keys != native.EMPTY])
        assert int(counts.sum()) == expected
        assert genome.count_called(letters, size) == np.count_nonzero(letters[:size] != ord("N"))
