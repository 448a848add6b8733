"""Adapters go, and nothing else does."""

import random

import pytest

from aspsfusion.align.trim import ADAPTERS, MIN_LENGTH, TrimmedRead, trim_pair, trim_single
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Panel

LENGTH = 75
TRUSEQ = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCA"
NEXTERA = "CTGTCTCTTATACACATCTCCGAGCCCACGAGAC"


def random_sequence(length: int, seed: int) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=length))


def quality_of(length: int) -> str:
    """Return qualities that tell each place from its neighbours."""
    return "".join(chr(33 + i % 41) for i in range(length))


def with_quality(sequence: str) -> tuple[str, str]:
    return sequence, quality_of(len(sequence))


def sequenced(molecule: str, adapters: tuple[str, str], lengths: tuple[int, int]) -> list[tuple[str, str]]:
    """Return the two reads of a molecule, with the adapters after it and random bases after these."""
    return [
        with_quality((end + adapter + random_sequence(200, 99))[:length])
        for end, adapter, length in zip(
            (molecule, reverse_complement(molecule)), adapters, lengths, strict=True
        )
    ]


# --- Pairs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lengths", [(LENGTH, LENGTH), (LENGTH, 60), (60, LENGTH)])
@pytest.mark.parametrize("known", [False, True])
def test_read_through_is_cut_at_the_insert(known: bool, lengths: tuple[int, int]) -> None:
    for insert in range(MIN_LENGTH, LENGTH + 1):
        molecule = random_sequence(insert, insert)
        unknown = random_sequence(60, 7 * insert), random_sequence(60, 11 * insert)
        reads = sequenced(molecule, (TRUSEQ, TRUSEQ) if known else unknown, lengths)
        pair = trim_pair(*reads)
        assert pair.insert == insert
        for read, length, trimmed, end in zip(
            reads, lengths, (pair.first, pair.second), (molecule, reverse_complement(molecule)), strict=True
        ):
            left = min(insert, length)
            assert trimmed == TrimmedRead(end[:left], quality_of(left), insert < length)
            assert read[0].startswith(trimmed.sequence)


def test_sequencing_errors_do_not_hide_the_insert() -> None:
    molecule = random_sequence(50, 1)
    first, second = sequenced(molecule, (random_sequence(40, 2), random_sequence(40, 3)), (LENGTH, LENGTH))
    wrong = "".join("ACGT"["TGCA".index(b)] if i % 12 == 5 else b for i, b in enumerate(first[0]))
    pair = trim_pair((wrong, first[1]), second)
    assert pair.insert == 50
    # Errors stay as they were sequenced: trimming corrects nothing.
    assert pair.first.sequence == wrong[:50] != molecule


@pytest.mark.parametrize("insert", [LENGTH + 1, 100, 2 * LENGTH - 16])
def test_overlap_without_read_through_is_found_and_not_cut(insert: int) -> None:
    reads = sequenced(random_sequence(insert, insert), ("", ""), (LENGTH, LENGTH))
    pair = trim_pair(*reads)
    assert pair.insert == insert
    assert (pair.first, pair.second) == tuple(TrimmedRead(*read, False) for read in reads)


def test_tandem_repeat_at_the_junction_does_not_cut_reads(demo_panel: Panel) -> None:
    # The end of ASPSCR1 exon 7 occurs again 30 and 36 nt upstream with up to one mismatch, so that the two
    # ends of a fragment of 70 nt agree in its repeats as long as in what they truly share.
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    junction = five.exons[6].tx_end
    molecule = five.sequence[:junction] + three.sequence[three.exons[5].tx_start :]
    for start in range(junction - 100, junction):
        for insert in range(60, 85):
            reads = sequenced(molecule[start : start + insert], ("", ""), (50, 50))
            pair = trim_pair(*reads)
            assert pair.insert == insert
            assert (pair.first.sequence, pair.second.sequence) == (reads[0][0], reads[1][0])


@pytest.mark.parametrize("insert", [2 * LENGTH - 15, 300])
def test_mates_that_hardly_overlap_are_untouched(insert: int) -> None:
    reads = sequenced(random_sequence(insert, insert), ("", ""), (LENGTH, LENGTH))
    pair = trim_pair(*reads)
    assert pair.insert is None
    assert (pair.first, pair.second) == tuple(TrimmedRead(*read, False) for read in reads)


def test_random_mates_are_untouched() -> None:
    for seed in range(300):
        reads = [with_quality(random_sequence(LENGTH, 2 * seed + mate)) for mate in (0, 1)]
        # Five bases of an adapter at the end of a read are met by chance now and then.
        if any(sequence[-10:].find(adapter[:5]) >= 0 for sequence, _ in reads for adapter in ADAPTERS):
            continue
        pair = trim_pair(*reads)
        assert pair.insert is None
        assert (pair.first, pair.second) == tuple(TrimmedRead(*read, False) for read in reads)


def test_insert_that_is_too_short_leaves_empty_mates() -> None:
    for insert in range(16, MIN_LENGTH):
        adapters = random_sequence(60, insert + 30), random_sequence(60, insert + 60)
        pair = trim_pair(*sequenced(random_sequence(insert, insert), adapters, (LENGTH, LENGTH)))
        assert pair.insert == insert
        assert pair.first == pair.second == TrimmedRead("", "", True)


@pytest.mark.parametrize("insert", [0, 1, 5, 12, 15])
def test_adapter_dimer_leaves_empty_mates(insert: int) -> None:
    pair = trim_pair(*sequenced(random_sequence(insert, 8), (TRUSEQ, TRUSEQ), (LENGTH, LENGTH)))
    assert pair.first == pair.second == TrimmedRead("", "", True)


def test_pair_with_an_empty_mate() -> None:
    read = with_quality(random_sequence(40, 3) + TRUSEQ)
    pair = trim_pair(read, ("", ""))
    assert pair.insert is None
    assert pair.first == TrimmedRead(read[0][:40], read[1][:40], True)
    assert pair.second == TrimmedRead("", "", False)


def test_mates_without_overlap_are_searched_for_adapters() -> None:
    # Read 2 of another molecule, as after a swap of clusters: only the adapter's own sequence can tell.
    first = with_quality(random_sequence(45, 5) + TRUSEQ)
    second = with_quality(random_sequence(78, 6))
    pair = trim_pair(first, second)
    assert pair.insert is None
    assert pair.first == TrimmedRead(first[0][:45], first[1][:45], True)
    assert pair.second == TrimmedRead(*second, False)


@pytest.mark.parametrize("letter", "Nn.")
@pytest.mark.parametrize("insert", [50, 100, 300])
def test_unknown_bases_that_end_the_mates_are_cut(insert: int, letter: str) -> None:
    reads = sequenced(random_sequence(insert, insert), (TRUSEQ, TRUSEQ), (LENGTH, LENGTH))
    unknown = 10, 20
    failed = [
        (bases[: LENGTH - count] + letter * count, quality)
        for (bases, quality), count in zip(reads, unknown, strict=True)
    ]
    pair = trim_pair(*failed)
    assert pair.insert == (insert if insert < 2 * LENGTH else None)
    for read, count, trimmed in zip(reads, unknown, (pair.first, pair.second), strict=True):
        left = min(insert, LENGTH - count)
        assert (trimmed.sequence, trimmed.quality) == (read[0][:left], read[1][:left])


# --- Single reads -----------------------------------------------------------------------------------


@pytest.mark.parametrize("adapter", [TRUSEQ, NEXTERA])
@pytest.mark.parametrize("insert", [MIN_LENGTH, 33, 50, LENGTH - 5])
def test_adapter_of_a_single_read(insert: int, adapter: str) -> None:
    # The base before the adapter is one that does not lengthen it.
    molecule = random_sequence(insert - 1, insert) + "G"
    read = with_quality((molecule + adapter + random_sequence(60, 4))[:LENGTH])
    assert trim_single(*read) == TrimmedRead(molecule, quality_of(insert), True)


@pytest.mark.parametrize("place", range(1, len(ADAPTERS[0])))
def test_adapter_with_one_error(place: int) -> None:
    molecule = random_sequence(44, 2) + "G"
    wrong = "ACGT"["TGCA".index(TRUSEQ[place])]
    read = with_quality((molecule + TRUSEQ[:place] + wrong + TRUSEQ[place + 1 :])[:LENGTH])
    assert trim_single(*read) == TrimmedRead(molecule, quality_of(45), True)


@pytest.mark.parametrize(("left", "found"), [(4, False), (5, True), (8, True)])
def test_beginning_of_an_adapter_at_the_end(left: int, found: bool) -> None:
    read = with_quality(random_sequence(50, 12) + "G" + TRUSEQ[:left])
    length = 51 if found else 51 + left
    assert trim_single(*read) == TrimmedRead(read[0][:length], read[1][:length], found)


def test_earlier_one_of_two_adapters_counts() -> None:
    molecule = random_sequence(40, 9) + "G"
    for adapters in (TRUSEQ[:20] + NEXTERA, NEXTERA[:25] + TRUSEQ):
        assert trim_single(*with_quality(molecule + adapters)).sequence == molecule


def test_read_without_adapter() -> None:
    read = with_quality(random_sequence(LENGTH, 14))
    assert trim_single(*read) == TrimmedRead(*read, False)


@pytest.mark.parametrize(
    ("sequence", "adapter_found"),
    [("", False), ("A", False), (random_sequence(19, 1), False), (random_sequence(19, 1) + TRUSEQ, True)],
)
def test_what_is_too_short_becomes_empty(sequence: str, adapter_found: bool) -> None:
    assert trim_single(*with_quality(sequence)) == TrimmedRead("", "", adapter_found)


def test_shortest_read_that_stays() -> None:
    read = with_quality(random_sequence(MIN_LENGTH, 1))
    assert trim_single(*read) == TrimmedRead(*read, False)


def test_unknown_bases_inside_a_read_and_at_its_beginning_stay() -> None:
    known = "NN" + random_sequence(20, 7) + "N" + random_sequence(20, 8)
    assert trim_single(*with_quality(known + "N.n")) == TrimmedRead(*with_quality(known), False)


def test_read_of_unknown_bases_becomes_empty() -> None:
    assert trim_single(*with_quality("N" * 50)) == TrimmedRead("", "", False)
