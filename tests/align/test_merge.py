"""Overlapping mates are one molecule."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aspsfusion.align.candidates import merged_candidate
from aspsfusion.align.trim import MERGE_OVERLAP, merge_mates, overlap_length, trim_pair
from aspsfusion.io.fasta import reverse_complement

BASES = st.text("ACGT", min_size=20, max_size=150)


@given(BASES, st.integers(20, 150), st.integers(20, 150))
def test_error_free_mates_give_the_molecule(molecule: str, first: int, second: int) -> None:
    mates = molecule[:first], reverse_complement(molecule)[:second]
    overlap = overlap_length(len(mates[0]), len(mates[1]), len(molecule))
    if overlap > 0:
        one, two = ((bases, "I" * len(bases)) for bases in mates)
        assert merge_mates(one, two, len(molecule)) == (molecule, "I" * len(molecule))


def test_the_better_quality_decides_and_equals_are_not_believed() -> None:
    first, second = ("ACGTACGTAC", "IIIIIIIIII"), (reverse_complement("ACGTACGTAC"), "I" * 10)
    # An error in the second base of the molecule: of lower, of higher and of equal quality.
    for quality, base, mark in (("#", "C", "G"), ("J", "G", '"'), ("I", "N", "!")):
        wrong = second[0][:8] + "C" + second[0][9:], second[1][:8] + quality + second[1][9:]
        bases, qualities = merge_mates(first, wrong, 10)
        assert bases == "A" + base + "GTACGTAC"
        assert qualities == "I" + mark + "I" * 8


@pytest.mark.parametrize("overlap", [MERGE_OVERLAP - 1, MERGE_OVERLAP])
def test_mates_are_joined_from_the_stated_overlap_on(overlap: int) -> None:
    molecule = "".join(random.Random(8).choices("ACGT", k=200 - overlap))
    quality = "I" * 100
    pair = trim_pair((molecule[:100], quality), (reverse_complement(molecule)[:100], quality))
    assert pair.insert == len(molecule)
    candidate = merged_candidate("x", pair)
    assert candidate.merged is (overlap >= MERGE_OVERLAP)
    assert len(candidate.reads) == (1 if candidate.merged else 2)


def test_a_molecule_shorter_than_the_reads_is_joined_without_its_adapters() -> None:
    molecule = "ACGTTGCAAGGCTTACGGATCCATGCA"
    adapters = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCA", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT"
    reads = [
        (strand + adapter)[:50]
        for strand, adapter in zip((molecule, reverse_complement(molecule)), adapters, strict=True)
    ]
    candidate = merged_candidate("x", trim_pair((reads[0], "I" * 50), (reads[1], "I" * 50)))
    (read,) = candidate.reads
    assert (read.sequence, candidate.merged, read.adapter_found) == (molecule, True, True)
