"""Which k-mers the panel has, and how often a read that has nothing to do with it meets one."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference_kernels as reference
from aspsfusion.kernels import BASE_CODES, EMPTY, scan_fastq
from aspsfusion.kmers import KMER_LENGTH, MIN_TABLE_BITS, KmerTable, build_table, encode, panel_kmers
from aspsfusion.panel import Panel
from aspsfusion.sequences import reverse_complement

COMPILING = settings(deadline=None)


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


def count_hits(reads: list[str], table: KmerTable) -> list[int]:
    block = "".join(f"@\n{read}\n+\n{'I' * len(read)}\n" for read in reads).encode()
    starts, hits = np.empty(len(reads) + 1, np.int64), np.empty(len(reads), np.uint16)
    names, genes, totals = np.empty(len(reads), np.uint64), np.zeros(1000, np.int64), np.zeros(2, np.int64)
    count, error = scan_fastq(
        np.frombuffer(block, np.uint8),
        len(block),
        table.k,
        table.keys,
        table.genes,
        table.bits,
        table.shift,
        BASE_CODES,
        starts,
        hits,
        names,
        genes,
        totals,
    )
    assert (count, error) == (len(reads), 0)
    return [int(n) for n in hits]


@given(
    pieces=st.lists(st.tuples(st.integers(0, 9), st.text("ACGTN", max_size=40)), max_size=4),
    k=st.sampled_from([5, 7, 11]),
)
@COMPILING
def test_panel_kmers(pieces: list[tuple[int, str]], k: int) -> None:
    found = found_kmers(pieces, k)
    assert found == expected_kmers(pieces, k)
    assert list(found) == sorted(found)


@given(sequence=st.text("ACGTN", max_size=120))
@COMPILING
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


@pytest.mark.parametrize(
    "number", [0, 1, 2, 1 << (MIN_TABLE_BITS - 1), (1 << (MIN_TABLE_BITS - 1)) + 1, 40_000]
)
def test_table_holds_all_kmers_and_is_at_most_half_full(number: int) -> None:
    kmers = np.sort(
        np.random.default_rng(number).choice(1 << 30, size=number, replace=False).astype(np.uint64)
    )
    genes = (kmers % np.uint64(77)).astype(np.uint16)
    table = build_table(KMER_LENGTH, kmers, genes)
    used = table.keys != EMPTY
    assert table.keys.size & (table.keys.size - 1) == 0
    assert 2 * number <= table.keys.size <= max(4 * number, 1 << MIN_TABLE_BITS)
    order = np.argsort(table.keys[used])
    assert np.array_equal(table.keys[used][order], kmers)
    assert np.array_equal(table.genes[used][order], genes)
    assert int(np.bitwise_count(table.bits).sum()) <= number


def test_every_kmer_of_a_gene_is_found_on_both_strands() -> None:
    gene = "".join(random.Random(2).choices("ACGT", k=3000))
    table = build_table(KMER_LENGTH, *panel_kmers([(0, gene)]))
    words = [gene[i : i + KMER_LENGTH] for i in range(len(gene) - KMER_LENGTH + 1)]
    assert set(count_hits(words, table)) == {1}
    assert set(count_hits([reverse_complement(each) for each in words], table)) == {1}
    assert set(count_hits([each[:-1] + "N" for each in words], table)) == {0}


def test_encode_reads_rna_and_case_alike() -> None:
    assert encode("ACGTUacgtu").tolist() == [0, 1, 2, 3, 3] * 2
    assert set(encode("NnRYKM-.*@ \n\r").tolist()) == {4}


def test_random_reads_hardly_ever_hit_the_panel(demo_panel: Panel) -> None:
    rng = np.random.default_rng(20)
    table = build_table(*demo_panel.kmers())
    bases = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, size=(100_000, 100))]
    hits = count_hits([row.tobytes().decode() for row in bases], table)
    assert sum(n > 0 for n in hits) < 10
