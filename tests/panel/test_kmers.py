"""Which k-mers the panel has, and how often a read that has nothing to do with it meets one."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_kernels as reference
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.kmers import (
    KMER_LENGTH,
    SEED_LENGTH,
    index_panel,
    panel_kmers,
    save_kmers,
)
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.screen_index import load_kmers, read_kmers
from native_scan import build_table, kept_reads

GENE = "".join(random.Random(9).choices("ACGT", k=1000))


def is_repetitive(word: str) -> bool:
    """Tell whether a word repeats itself with a period of 1 to 3 nt."""
    return any(word[period:] == word[:-period] for period in (1, 2, 3))


def expected_kmers(pieces: list[tuple[int, str]], k: int) -> dict[int, int]:
    """Return the gene of each k-mer, by the words themselves."""
    gene_of: dict[int, int] = {}
    for gene, sequence in pieces:
        for i, kmer in enumerate(reference.canonical_kmers(sequence, k)):
            if kmer != reference.NO_KMER and not is_repetitive(sequence[i : i + k]):
                gene_of.setdefault(kmer, gene)
    return gene_of


def found_kmers(pieces: list[tuple[int, str]], k: int) -> dict[int, int]:
    kmers, genes = panel_kmers(pieces, k)
    assert kmers.dtype == np.uint64
    assert genes.dtype == np.uint16
    return dict(zip(kmers.tolist(), genes.tolist(), strict=True))


@given(
    pieces=st.lists(st.tuples(st.integers(0, 9), st.text("ACGTN", max_size=40)), max_size=4),
    k=st.sampled_from([5, 7, 11]),
)
def test_panel_kmers(pieces: list[tuple[int, str]], k: int) -> None:
    found = found_kmers(pieces, k)
    assert found == expected_kmers(pieces, k)
    assert list(found) == sorted(found)


@given(sequence=st.text("ACGTN", max_size=120))
def test_both_strands_have_the_same_kmers(sequence: str) -> None:
    assert found_kmers([(3, sequence)], KMER_LENGTH) == found_kmers(
        [(3, reverse_complement(sequence))], KMER_LENGTH
    )


@pytest.mark.parametrize("unit", ["A", "T", "AC", "GT", "CAG", "TTC"])
def test_repetitive_kmers_are_left_out(unit: str) -> None:
    repeat = unit * 40
    assert panel_kmers([(0, repeat)])[0].size == 0
    # With a base that breaks the period the word is kept: 21 words hold that base.
    broken = repeat[:60] + ("G" if unit != "GT" else "C") + repeat[60:]
    assert 0 < panel_kmers([(0, broken)])[0].size <= KMER_LENGTH


def test_period_of_four_is_no_repeat() -> None:
    assert panel_kmers([(0, "ACGG" * 20)])[0].size == 4


def test_shared_kmer_counts_for_the_first_gene() -> None:
    shared = "ACGTTGCATTCGAAGGCTCAT"
    assert len(shared) == KMER_LENGTH
    for sequence in (shared, reverse_complement(shared)):
        assert panel_kmers([(7, shared), (2, sequence + "G")])[1].tolist().count(7) == 1
        assert panel_kmers([(2, sequence + "G"), (7, shared)])[1].tolist() == [2, 2]


def test_no_sequence_gives_no_kmer() -> None:
    assert panel_kmers([])[0].size == 0
    assert panel_kmers([(0, "ACGT")])[0].size == 0


def test_every_kmer_of_a_gene_is_kept_on_both_strands() -> None:
    gene = "".join(random.Random(2).choices("ACGT", k=3000))
    table = build_table(index_panel([(0, gene)]))
    words = [gene[i : i + KMER_LENGTH] for i in range(len(gene) - KMER_LENGTH + 1)]
    assert kept_reads([word.encode() for word in words], table).all()
    assert kept_reads([reverse_complement(word).lower().encode() for word in words], table).all()
    # 20 bases in a row are needed, wherever the gap is.
    for gap in (1, 10, 19):
        holed = [f"{word[:gap]}N{word[gap + 1 :]}".encode() for word in words]
        assert not kept_reads(holed, table).any()


def test_stored_table_is_read_back(tmp_path: Path) -> None:
    panel = index_panel([(0, GENE[:300]), (1, GENE[280:600])])
    save_kmers(panel, tmp_path / "kmers.npz")
    again = load_kmers(tmp_path / "kmers.npz")
    assert again is not None
    for name in ("kmers", "genes", "text", "seed_positions"):
        assert np.array_equal(getattr(panel, name), getattr(again, name))
    assert (again.k, again.seed_length) == (KMER_LENGTH, SEED_LENGTH)


def test_table_of_another_format_is_not_read(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "kmers.npz", k=np.int64(21), kmers=np.zeros(1, np.uint64), genes=np.zeros(1, np.uint16)
    )
    assert load_kmers(tmp_path / "kmers.npz") is None


def test_seeds_lie_within_kmers_and_one_place_stands_for_all_that_look_alike() -> None:
    exon = GENE[:200]
    panel = index_panel([(0, exon), (0, exon), (1, exon[50:120])])
    assert panel.seed_positions.size <= (200 - SEED_LENGTH + 1) + 2 * 2 * 10 + 2
    assert panel.seed_positions.max() < 1 + 200 + 1 + 200 + 1 + 70
    assert index_panel([(0, exon[:20])]).seed_positions.size == 0


@pytest.mark.parametrize("unit", ["A", "AC", "CAG"])
def test_repeats_of_the_panel_let_no_repeat_in(unit: str) -> None:
    table = build_table(index_panel([(0, GENE[:100] + unit * 40 + GENE[100:200])]))
    assert not kept_reads([(unit * 60)[i : i + 100].encode() for i in range(len(unit))], table).any()


def test_random_reads_hardly_ever_hit_the_panel(demo_panel: Panel) -> None:
    rng = np.random.default_rng(20)
    table = build_table(read_kmers(demo_panel.directory))
    bases = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, size=(200_000, 100))]
    assert kept_reads([row.tobytes() for row in bases], table).sum() < 20
