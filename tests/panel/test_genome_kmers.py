"""Counting k-mers in a genome, held against plain Python."""

import gzip
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspsfusion.errors import ReferenceProofError
from aspsfusion.io import fasta as fasta_module
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native import EMPTY
from aspsfusion.native.genome import canonical_kmers
from aspsfusion.panel.uniqueness import ALTERNATE, PlaceCounter, count_in_genome

K = 5


def kmers_of(*sequences: str, k: int = K) -> np.ndarray:
    found = np.unique(np.concatenate([canonical_kmers(s.encode(), k) for s in sequences]))
    known: np.ndarray = found[found != EMPTY]
    return known


def places(kmer: str, contig: str) -> int:
    """Places of a k-mer in a contig, on both strands, by looking at each."""
    turned = reverse_complement(kmer)
    windows = [contig[i : i + len(kmer)].upper() for i in range(len(contig) - len(kmer) + 1)]
    return sum(window in (kmer, turned) for window in windows)


@settings(max_examples=60)
@given(
    st.lists(st.text("ACGTNacgt", max_size=60), min_size=1, max_size=3),
    st.text("ACGT", min_size=K, max_size=20),
    st.integers(1, 17),
)
def test_counts_are_those_of_plain_python(contigs: list[str], query: str, block: int) -> None:
    kmers = kmers_of(query)
    counter = PlaceCounter(kmers, K)
    for contig in contigs:
        counter.start_contig()
        for start in range(0, len(contig), block):
            counter.add(contig[start : start + block].encode())
    windows = {query[i : i + K] for i in range(len(query) - K + 1)}
    for kmer in windows:
        index = int(np.searchsorted(kmers, kmers_of(kmer)[0]))
        assert counter.places[index] == sum(places(kmer, contig) for contig in contigs)
    assert counter.called == sum(len(contig) - contig.upper().count("N") for contig in contigs)


@pytest.mark.parametrize("seed", range(6))
def test_long_contigs_are_counted_like_every_window(seed: int) -> None:
    """Several chunks with planted k-mers of both strands, masked, uncalled and ambiguous bases."""
    chance = random.Random(seed)
    panel = "".join(chance.choices("ACGT", k=400))
    pieces = []
    for _ in range(60):
        start, length = chance.randrange(380), chance.randrange(1, 120)
        piece = panel[start : start + length]
        pieces += [
            chance.choice([piece, piece.lower(), reverse_complement(piece), piece.replace("T", "U")]),
            "".join(chance.choices("ACGT", k=chance.randrange(1, 300))),
            chance.choice(["", "N", "R", "." * 3, "N" * 64, "n" * 200, "M" * 70]),
        ]
    contig = "".join(pieces)
    kmers = kmers_of(panel, k=21)
    counter = PlaceCounter(kmers, 21)
    counter.start_contig()
    at = 0
    while at < len(contig):
        size = chance.choice([1, 20, 21, 63, 64, 1000, 5000])
        counter.add(contig[at : at + size].encode())
        at += size
    windows = canonical_kmers(contig.encode(), 21)
    expected = [int(np.count_nonzero(windows == kmer)) for kmer in kmers]
    assert counter.places.tolist() == expected
    assert sum(expected) > 500
    assert counter.called == sum(letter in "ACGTUacgtu" for letter in contig)


@settings(max_examples=80)
@given(st.data())
def test_seeds_find_each_place_once_at_any_length(data: st.DataObject) -> None:
    k = data.draw(st.sampled_from([5, 7, 19, 21, 27]))
    panel = data.draw(st.text("ACGT", min_size=k, max_size=k + 12))
    parts = st.one_of(st.just(panel), st.just(reverse_complement(panel)), st.text("ACGTN", max_size=90))
    contig = "".join(data.draw(st.lists(parts, max_size=8)))
    kmers = kmers_of(panel, k=k)
    counter = PlaceCounter(kmers, k)
    counter.start_contig()
    counter.add(contig.encode())
    windows = canonical_kmers(contig.encode(), k)
    assert counter.places.tolist() == [int(np.count_nonzero(windows == kmer)) for kmer in kmers]


def test_more_hits_than_wait_at_once_are_all_counted() -> None:
    counter = PlaceCounter(kmers_of("A" * 21, k=21), 21)
    counter.start_contig()
    counter.add(b"A" * 5020)
    assert counter.places.tolist() == [5000]


def test_without_kmers_nothing_is_counted() -> None:
    counter = PlaceCounter(np.empty(0, np.uint64), 21)
    counter.start_contig()
    counter.add(b"ACGT" * 20)
    assert (counter.places.size, counter.called) == (0, 80)


@pytest.mark.parametrize("block", [7, 50, 1 << 20])
def test_a_genome_is_counted_contig_by_contig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(fasta_module, "BLOCK_BYTES", block)
    path = tmp_path / "genome.fa.gz"
    text = ">chr1 one\nGATTA\nCAGG\n>chr2\nCCTGTAATC\n>chr3_x_alt\nGATTACAGG\n>chr4\nGATTA\n>chr5\nCAGGNN\n"
    path.write_bytes(gzip.compress(text.encode()))
    seen: list[int] = []
    count = count_in_genome(
        path, kmers_of("GATTACAGG", k=9), 9, lambda bases, note="", **_: seen.append(bases)
    )
    assert count.places.tolist() == [2]  # both strands; neither the alternate locus nor across contigs
    assert (count.bases, count.called, count.passed_over) == (29, 27, 1)
    assert count.contigs == {"chr1", "chr2", "chr4", "chr5"}
    assert seen[-1] == 29


@pytest.mark.parametrize(
    ("header", "alternate"),
    [
        ("chrX", False),
        ("chrUn_KI270302v1", False),
        ("chr1_KI270706v1_random", False),
        ("chr17_KI270857v1_alt", True),
        ("chr17_KV766198v1_fix", True),
        ("chr6_apd_hap1", True),
        ("HLA-A*01:01:01:01", True),
        ("CHR_HSCHR17_1_CTG1 dna:chromosome chromosome:GRCh38:CHR_HSCHR17_1_CTG1:1:83257441:1 HAP", True),
        ("17 dna:chromosome chromosome:GRCh38:17:1:83257441:1 REF", False),
        ("NC_000017.11 Homo sapiens chromosome 17, GRCh38.p14 Primary Assembly", False),
        ("NT_187663.1 Homo sapiens chromosome 17 genomic scaffold, GRCh38.p14 alternate locus", True),
        ("NW_016107299.1 Homo sapiens chromosome 17 genomic patch of type FIX", True),
    ],
)
def test_alternate_loci_and_patches_are_known_by_their_headers(header: str, alternate: bool) -> None:
    assert (ALTERNATE.search(header) is not None) == alternate


def test_a_damaged_genome_is_named(tmp_path: Path) -> None:
    path = tmp_path / "genome.fa.gz"
    path.write_bytes(gzip.compress(b">chr1\n" + b"ACGT" * 1000)[:-9])
    with pytest.raises(ReferenceProofError, match=r"genome\.fa\.gz: is a truncated or damaged gzip file"):
        count_in_genome(path, kmers_of("ACGTA"), K)
