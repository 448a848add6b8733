"""What a panel directory holds for the screen becomes a table, or one error that names the file."""

import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import reference_kernels as reference
from aspsfusion.errors import PanelError
from aspsfusion.native import (
    LINES,
    LOAD_BYTES,
    SCAN_OK,
    DamagedPanelError,
    PanelKmers,
    ScanRoom,
    ScreenTable,
    scan_fastq,
)
from aspsfusion.panel.kmers import KMER_LENGTH, SEED_LENGTH, index_panel, save_kmers
from aspsfusion.panel.screen_index import load_screen_index
from native_scan import build_table
from small_panel import seal_again

GENE = "".join(random.Random(9).choices("ACGT", k=1000))
SYMBOLS = ("ONE", "TWO")
PANEL = index_panel([(0, GENE[:300]), (1, GENE[280:600])], symbols=SYMBOLS)
NO_BASE = 4
NO_SEEDS = np.zeros(0, np.int64)


def counted(reads: list[str], table: ScreenTable) -> list[int]:
    """Return the panel's k-mers in reads by gene, as the scan counts them."""
    block = "".join(f"@r\n{read}\n+\n{read}\n" for read in reads).encode()
    room = ScanRoom(len(block), table.genes)
    data = np.frombuffer(block + bytes(LOAD_BYTES), np.uint8)
    assert scan_fastq(data, len(block), 1, table, room) == (block.count(b"\n") // LINES, SCAN_OK)
    return [int(number) for number in room.genes]


@pytest.mark.parametrize("k", [13, 15, 21, 23])
def test_kmers_are_counted_for_their_genes(k: int) -> None:
    # Enough k-mers for a table of more than the smallest size; 65,535 is the last gene there can be.
    gene = "".join(random.Random(k).choices("ACGT", k=9000))
    panel = index_panel([(65_535, gene)], k=k)
    numbers = sorted(set(reference.canonical_kmers(gene, k)))
    assert panel.kmers.tolist() == numbers
    table = build_table(panel)
    assert table.genes == 65_536
    assert counted([gene, reference.opposite(gene), gene[:100]], table) == [
        *[0] * 65_535,
        2 * (9000 - k + 1) + 100 - k + 1,
    ]


def test_longest_kmers_are_told_from_a_free_slot() -> None:
    # All bits of the k-mer are set, and all of the gene's number.
    kmers, genes = np.array([4**23 - 1], np.uint64), np.array([2**16 - 1], np.uint16)
    table = build_table(PanelKmers(23, kmers, genes, np.full(1, NO_BASE, np.uint8), SEED_LENGTH, NO_SEEDS))
    assert sum(counted(["T" * 100], table)) == 0


def test_panel_without_kmers_keeps_nothing() -> None:
    table = build_table(index_panel([]))
    assert counted([GENE], table) == [0]


# --- Damaged files ------------------------------------------------------------------------------------

Array = npt.NDArray[Any]


def with_last(array: Array, value: int) -> Array:
    """Return an array with another last element, whatever it holds."""
    changed = array.copy()
    changed[-1] = value
    return changed


def of_one_slot(count: int) -> npt.NDArray[np.uint64]:
    """Return k-mers that all belong into the first slots of a table, in ascending order."""
    kmers = np.arange(2**23, dtype=np.uint64)
    slots = kmers * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(64 - 12)
    found: npt.NDArray[np.uint64] = kmers[slots == 0]
    return found[:count]


ONE_LETTER = np.concatenate([[NO_BASE], np.zeros(5000), [NO_BASE]]).astype(np.uint8)

DAMAGE: dict[str, dict[str, Any]] = {
    "gene beyond the table": {"genes": with_last(PANEL.genes, 2)},
    "last gene number": {"genes": with_last(PANEL.genes, 65_535)},
    "fewer names than genes": {"symbols": np.array(["ONE"])},
    "no names": {"symbols": np.array([], dtype=np.str_)},
    "names that are numbers": {"symbols": np.arange(2)},
    "one word for names": {"symbols": np.array("ONE TWO")},
    "negative position": {"seed_positions": np.concatenate([[-1], PANEL.seed_positions[1:]])},
    "position before the text": {"seed_positions": np.concatenate([[-(2**40)], PANEL.seed_positions[1:]])},
    "position 2^40 off": {"seed_positions": with_last(PANEL.seed_positions, 2**40)},
    "largest position": {"seed_positions": with_last(PANEL.seed_positions, 2**63 - 1)},
    "smallest position": {"seed_positions": np.concatenate([[-(2**63)], PANEL.seed_positions[1:]])},
    "seed beyond the end": {"seed_positions": with_last(PANEL.seed_positions, PANEL.text.size - 5)},
    "seed over a break": {"seed_positions": np.array([295])},
    "positions not ascending": {"seed_positions": PANEL.seed_positions[::-1].copy()},
    "positions of 32 bits": {"seed_positions": PANEL.seed_positions.astype(np.int32)},
    "positions that are floats": {"seed_positions": PANEL.seed_positions.astype(float)},
    "positions in two dimensions": {"seed_positions": PANEL.seed_positions[:200].reshape(2, 100)},
    **{f"seed_length {n}": {"seed_length": np.int64(n)} for n in (0, 1, -1, 17, 40, 2**40, -(2**63))},
    "seed longer than k-mer": {"seed_length": np.int64(16), "k": np.int64(15)},
    **{f"k {n}": {"k": np.int64(n)} for n in (0, 1, -1, 20, 25, 32, 64, 2**40, 2**63 - 1)},
    "k beyond 63 bits": {"k": np.uint64(2**64 - 1)},
    "k that is a float": {"k": np.float64(21)},
    "k that is not finite": {"k": np.float64("inf")},
    "two k": {"k": np.array([21, 21])},
    "text of 255": {"text": np.full(PANEL.text.size, 255, np.uint8)},
    "one 255 in the text": {"text": with_last(PANEL.text, 255)},
    "text of 5": {"text": with_last(PANEL.text, 5)},
    "text without bases": {"text": np.full(PANEL.text.size, NO_BASE, np.uint8)},
    "text cut short": {"text": PANEL.text[:100]},
    "no text": {"text": PANEL.text[:0]},
    "text of one letter": {"text": ONE_LETTER, "seed_positions": np.arange(1, 4900)},
    "text in two dimensions": {"text": PANEL.text[:600].reshape(2, 300)},
    "genes cut short": {"genes": PANEL.genes[:10]},
    "no genes": {"genes": PANEL.genes[:0]},
    "genes of 64 bits": {"genes": PANEL.genes.astype(np.int64)},
    "k-mers cut short": {"kmers": PANEL.kmers[:10]},
    "k-mers not ascending": {"kmers": PANEL.kmers[::-1].copy()},
    "equal k-mers": {"kmers": np.full_like(PANEL.kmers, 5)},
    "k-mer too large": {"kmers": with_last(PANEL.kmers, 4**KMER_LENGTH)},
    "k-mer of all bits": {"kmers": with_last(PANEL.kmers, 2**64 - 1)},
    "k-mers of 32 bits": {"kmers": PANEL.kmers.astype(np.uint32)},
    "k-mers of the other byte order": {"kmers": PANEL.kmers.astype(">u8")},
    "k-mers of one slot": {"kmers": of_one_slot(1500), "genes": np.zeros(1500, np.uint16)},
}


def write_damaged(directory: Path, changes: dict[str, Any]) -> Path:
    """Write a panel's table with other contents and return its path."""
    path = directory / "kmers.npz"
    save_kmers(PANEL, path)
    with np.load(path) as stored:
        np.savez(path, **{**stored, **changes})
    seal_again(directory)
    return path


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_table_is_one_error_that_names_the_file(kind: str, tmp_path: Path) -> None:
    path = write_damaged(tmp_path, DAMAGE[kind])
    with pytest.raises(PanelError) as caught:
        load_screen_index(tmp_path)
    assert re.fullmatch(rf"{path}: is damaged(: .+)?; build the panel again", str(caught.value))


def test_undamaged_table_is_read(tmp_path: Path) -> None:
    write_damaged(tmp_path, {})
    index = load_screen_index(tmp_path)
    assert index.symbols == SYMBOLS
    assert counted([GENE[:100], GENE[400:500]], index.table) == [80, 80]


def test_damaged_table_ends_a_screen_with_one_line(tmp_path: Path) -> None:
    path = write_damaged(tmp_path, DAMAGE["last gene number"])
    (tmp_path / "reads.fq").write_text(f"@r\n{GENE[:100]}\n+\n{'I' * 100}\n")
    command = [
        sys.executable,
        "-m",
        "aspsfusion",
        "screen",
        "--panel",
        str(tmp_path),
        str(tmp_path / "reads.fq"),
    ]
    command += ["--output", str(tmp_path / "kept.gz"), "--metrics", str(tmp_path / "screen.json")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"aspsfusion: error: {path}: is damaged")
    assert ran.stderr.endswith("; build the panel again\n")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("seed", range(40))
def test_table_of_random_numbers_is_refused_or_works(seed: int) -> None:
    """No contents of the arrays crash, hang or reach beyond an array."""
    rng = np.random.default_rng(seed)
    parts: dict[str, Any] = {
        "k": PANEL.k,
        "kmers": PANEL.kmers,
        "genes": PANEL.genes,
        "text": PANEL.text,
        "seed_length": PANEL.seed_length,
        "seed_positions": PANEL.seed_positions,
    }
    name = str(rng.choice(list(parts)))
    if isinstance(parts[name], int):
        parts[name] = int(rng.integers(-(2**62), 2**62)) >> int(rng.integers(0, 62))
    else:
        array = parts[name].copy()
        places = rng.integers(0, array.size, 1 + seed % 3)
        info = np.iinfo(array.dtype)
        array[places] = rng.integers(info.min, info.max, places.size, dtype=array.dtype, endpoint=True)
        parts[name] = array[: rng.integers(1, array.size)] if seed % 4 == 0 else array
    try:
        table = build_table(PanelKmers(**parts), len(SYMBOLS))
    except DamagedPanelError:
        return
    counted([GENE[:300], GENE[280:600], reference.opposite(GENE)], table)
