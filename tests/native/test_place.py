"""What the compiled loops settle is what the slow way, and a search through every place, make of it."""

import gzip
import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from aspsfusion.align import trim
from aspsfusion.align.candidates import Candidate, CandidateMetrics, read_candidates
from aspsfusion.align.structures import TEMPLATES_ALONE, ReadStructures, read_structures
from aspsfusion.evidence.umis import like_umis, umi_of_name
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native import align_across, place
from aspsfusion.native.place import PlaceTable, SettleRules, settle_fragments

MARGIN = 2
ADAPTER = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCC"
RULES = SettleRules(
    limit=1,
    margin=MARGIN,
    shortest=place.FEWEST_BASES,
    structures=(),
    overlap=trim.OVERLAP_MINIMUM,
    mismatch_rate=trim.OVERLAP_MISMATCH_RATE,
    merge_overlap=trim.MERGE_OVERLAP,
    adapters=(trim.ADAPTERS[0].encode(), trim.ADAPTERS[1].encode()),
    single_least=trim.ADAPTER_MIN_OVERLAP,
    pair_least=trim.PAIR_ADAPTER_MIN_OVERLAP,
    shared_least=3,
    shared_rate=0.03,
)
LABELS = ("M:1:FC:1:1:2:3", "r7", "M:1:FC:1:1:2:3:ACGT", "read_ACGTAC", "x:umiACGT", "a|ACGT|7", "NN", "b\\x")


def made_contigs(rng: random.Random) -> tuple[list[str], list[int]]:
    """Contigs of three genes: isoforms that share exons, a tandem repeat, and a copy of an exon elsewhere."""
    contigs, genes, _ = placed_contigs(rng)
    return contigs, genes


def placed_contigs(rng: random.Random) -> tuple[list[str], list[int], list[npt.NDArray[np.int64]]]:
    """The same with the position of each base in the genome; exons are 1,000 bases apart."""
    exon = ["".join(rng.choices("ACGT", k=rng.choice((3, 40, 90, 150)))) for _ in range(9)]
    unit = "".join(rng.choices("ACGT", k=30))
    exon += [unit * 3, "NN", exon[8] + exon[5][:60] + exon[3][:3] + reverse_complement(exon[6])[:50]]
    parts = [(0, 1, 2), (0, 2, 3), (1, 9, 3), (4, 5, 6, 10, 7), (11,)]
    contigs = ["".join(exon[i] for i in own) for own in parts]
    positions = [np.concatenate([1000 * i + np.arange(len(exon[i])) for i in own]) for own in parts]
    return contigs, [0, 0, 0, 1, 2], positions


def misread(rng: random.Random, bases: str, edits: int) -> str:
    letters = list(bases)
    for _ in range(edits):
        letters[rng.randrange(len(letters))] = rng.choice("ACGTN")
    return "".join(letters)


def record(number: str, label: str, bases: str, rng: random.Random) -> str:
    quality = "".join(rng.choices("#,:FIJ", k=len(bases)))
    return f"@{number} {label}\n{bases}\n+\n{quality}\n"


def made_text(rng: random.Random, contigs: list[str], count: int, *, paired: bool, before: int = 0) -> str:
    """Candidates: fragments of contigs, some of two, with errors, adapters, and bases before read 1."""
    texts = []
    for number in range(count):
        contig = rng.choice(contigs)
        length = min(len(contig), rng.choice((30, 55, 70, 90, 120, 160)))
        start = rng.randrange(len(contig) - length + 1)
        molecule = contig[start : start + length]
        if rng.random() < 0.1:
            molecule = molecule[: length // 2] + rng.choice(contigs)[-length // 2 :]
        if rng.random() < 0.5:
            molecule = reverse_complement(molecule)
        label = rng.choice(LABELS)
        size = rng.choice((50, 60, 75))
        sides = [molecule, reverse_complement(molecule)] if paired else [molecule]
        for mate, side in enumerate(sides, start=1):
            tag = "".join(rng.choices("ACGT", k=before)) if mate == 1 else ""
            bases = misread(rng, (tag + side + ADAPTER)[:size], rng.choice((0, 0, 0, 1, 1, 2, 3)))
            if number % 4 == 0:
                bases = bases[: -(number % 7) or None].ljust(len(bases), "N")
            texts.append(record(f"{number}/{mate}" if paired else f"{number}", label, bases, rng))
    return "".join(texts)


def candidates_of(
    text: str, path: Path, structures: ReadStructures
) -> tuple[list[Candidate], CandidateMetrics]:
    path.write_bytes(gzip.compress(text.encode(), 1))
    metrics = CandidateMetrics()
    return list(read_candidates(path, metrics, structures)), metrics


def sense_read(table: PlaceTable, row: np.void, read: int, at: int) -> str:
    """Return the bases of a settled read, in sense, from its place in the table's text."""
    bases = bytearray(table.text[at : at + row["size"][read]].tobytes())
    for edit, base in (("edit", "base"), ("second", "second_base")):
        if row[edit][read] >= 0:
            assert bases[row[edit][read]] != row[base][read]
            bases[row[edit][read]] = row[base][read]
    return bases.decode()


def fewest_edits(bases: str, contig: str) -> tuple[int, list[int]]:
    """Return the fewest mismatches of a read on a contig, and where it has so few."""
    if len(contig) < len(bases):
        return len(bases), []
    letters, read = (np.frombuffer(text.encode(), np.uint8) for text in (contig, bases))
    counts = (np.lib.stride_tricks.sliding_window_view(letters, read.size) != read).sum(axis=1)
    return int(counts.min()), np.flatnonzero(counts == counts.min()).tolist()


@pytest.mark.parametrize("limit", [1, 2])
@pytest.mark.parametrize(
    ("paired", "structure"), [(True, ()), (False, ()), (True, ("8M2S+T", "+T")), (False, ("4M+T",))]
)
def test_settled_fragments_are_those_of_the_slow_way(
    paired: bool, structure: tuple[str, ...], limit: int, tmp_path: Path
) -> None:
    rng = random.Random(f"{paired}{structure}")
    contigs, genes, positions = placed_contigs(rng)
    table = PlaceTable([contig.encode() for contig in contigs], genes, positions)
    structures = read_structures(structure) if structure else TEMPLATES_ALONE
    layouts = [(each.template.start, each.template.stop, each.shortest) for each in structures.layouts]
    text = made_text(rng, contigs, 200, paired=paired, before=layouts[0][0] if layouts else 0)
    candidates, _ = candidates_of(text, tmp_path / "c.fastq.gz", structures)
    found = settle_fragments(text.encode(), table, RULES._replace(structures=layouts, limit=limit))
    assert bool((found.settled["second"] >= 0).any()) == (limit == 2)
    assert (found.used, found.odd) == (len(text), False)
    assert len(found.settled) + len(found.open) == len(candidates)
    assert len(found.settled) > 10
    by_number = {candidate.number: candidate for candidate in candidates}
    for row in found.settled:
        candidate = by_number[row["number"]]
        assert row["reads"] == len(candidate.reads)
        assert bool(row["flags"] & place.MERGED) == candidate.merged
        assert row["quality"] == sum(ord(q) - 33 for read in candidate.reads for q in read.quality)
        header = text[row["header"] :].split("\n", 1)[0]
        assert header.startswith(f"@{row['number']}")
        if not row["flags"] & place.MAY_HAVE_UMI:
            assert (umi_of_name(candidate.label), like_umis(candidate.label)) == ("", [])
        shared = []
        for number, read in enumerate(candidate.reads):
            own = int(row["own"][number])
            bases = sense_read(table, row, number, own)
            assert bases == sense_read(table, row, number, int(row["shared"][number]))
            assert read.sequence == (reverse_complement(bases) if row["reverse"][number] else bases)
            best = [fewest_edits(bases, contig) for contig in contigs]
            turned = [fewest_edits(reverse_complement(bases), contig)[0] for contig in contigs]
            edits = int(row["edit"][number] >= 0) + int(row["second"][number] >= 0)
            holding = [i for i, (fewest, _) in enumerate(best) if fewest == edits]
            assert min(fewest for fewest, _ in best) == edits
            assert all(len(best[i][1]) == 1 for i in holding)
            assert holding[0] == table.contigs[own]
            assert own == table.starts[holding[0]] + best[holding[0]][1][0]
            # Not with a gap either.
            gapped = [align_across(bases.encode(), each.encode(), 0, 0, len(each))[0] for each in contigs]
            assert [i for i, fewest in enumerate(gapped) if fewest <= edits] == holding
            gene = genes[holding[0]]
            assert all(
                edits + MARGIN <= min(best[i][0], turned[i]) for i, each in enumerate(genes) if each != gene
            )
            shared.append(holding)
        both = set(shared[0]).intersection(*shared)
        assert table.contigs[row["shared"][0]] == min(both)


def test_counts_of_settled_and_open_fragments_make_those_of_all(tmp_path: Path) -> None:
    rng = random.Random(5)
    contigs, genes = made_contigs(rng)
    table = PlaceTable([contig.encode() for contig in contigs], genes)
    text = made_text(rng, contigs, 200, paired=True)
    _, whole = candidates_of(text, tmp_path / "c.fastq.gz", TEMPLATES_ALONE)
    found = settle_fragments(text.encode(), table, RULES)
    rest = "".join(text[begin:end] for begin, end, _ in found.open)
    _, others = candidates_of(rest, tmp_path / "o.fastq.gz", TEMPLATES_ALONE)
    flags = found.settled["flags"]
    assert whole.fragments == others.fragments + flags.size
    assert whole.adapter_fragments == others.adapter_fragments + np.count_nonzero(flags & place.HAS_ADAPTER)
    assert whole.overlapping_pairs == others.overlapping_pairs + np.count_nonzero(flags & place.OVERLAPS)
    records = [text[:begin].count("\n") // 4 for begin, _, _ in found.open]
    assert [before for _, _, before in found.open] == records


@pytest.mark.parametrize("limit", [0, 1])
def test_reads_of_one_place_are_settled_within_the_limit(limit: int) -> None:
    contig = "".join(random.Random(3).choices("ACGT", k=400))
    table = PlaceTable([contig.encode()], [0])
    for edit in range(59):
        bases = contig[100 : 100 + edit] + "N" + contig[101 + edit : 160]
        text = f"@1 r\n{bases}\n+\n{'I' * 60}\n@2 r\n{contig[90:160]}\n+\n{'I' * 70}\n"
        found = settle_fragments(text.encode(), table, RULES._replace(limit=limit))
        assert found.settled["number"].tolist() == ([1, 2] if limit else [2])


@pytest.mark.parametrize("unknown", [1, 2])
def test_unknown_bases_are_no_match_of_unknown_bases(unknown: int) -> None:
    bases = "".join(random.Random(3).choices("ACGT", k=400))
    contig = bases[:130] + "N" * unknown + bases[130:]
    table = PlaceTable([contig.encode()], [0])
    for start in (60, 100):
        read = contig[start : start + 100]
        found = settle_fragments(f"@1 r\n{read}\n+\n{'I' * 100}\n".encode(), table, RULES)
        assert len(found.settled) == 0


@pytest.mark.parametrize(
    "text",
    [
        "@1 r\nACGT\n+\nIIII",
        "1 r\nACGT\n+\nIIII\n",
        "@1/2 r\nACGT\n+\nIIII\n",
        "@1/1 r\nACGT\n+\nIIII\n@2/2 r\nACGT\n+\nIIII\n",
        "@1 r\nACGT\n+r\nIIII\n",
        "@1 r\nACGT\n+\nIII\n",
        "@ r\nACGT\n+\nIIII\n",
        "@1 r\x00\nACGT\n+\nIIII\n",
        f"@{'1' * 30} r\nACGT\n+\nIIII\n",
        "\n\n\n\n",
    ],
)
def test_what_the_screen_did_not_write_is_left(text: str) -> None:
    whole = "@7 r\nACGT\n+\nIIII\n"
    table = PlaceTable([b"ACGT" * 20], [0])
    found = settle_fragments((whole + text).encode(), table, RULES)
    assert (found.used, found.records, found.odd, len(found.open)) == (len(whole), 1, True, 1)


@pytest.mark.parametrize("text", ["@1 r\nACGT\n+\nII I\n", "@1 r\nACRT\n+\nIIII\n"])
def test_bases_and_qualities_of_another_kind_are_left_to_who_says_so(text: str) -> None:
    found = settle_fragments(text.encode(), PlaceTable([b"ACGT" * 20], [0]), RULES)
    assert (len(found.settled), found.open.tolist(), found.odd) == (0, [[0, len(text), 0]], False)


def test_rules_out_of_range_are_refused() -> None:
    table = PlaceTable([b"ACGT" * 20], [0])
    for wrong in (
        {"limit": 3},
        {"shortest": 20},
        {"adapters": (b"ACG", b"ACGTACGTACGT")},
        {"pair_least": 1},
        {"margin": 0},
    ):
        with pytest.raises(ValueError, match="out of range"):
            settle_fragments(b"", table, RULES._replace(**wrong))


def joined_forms(
    contigs: list[str], genes: list[int], borders: list[set[int]]
) -> Iterator[tuple[str, int, tuple[int, int]]]:
    """Every junction between borders of exons of two genes: its sequence, its place in it, and the genes."""
    for (five, one, ends), (three, other, starts) in product(
        zip(contigs, genes, borders, strict=True), repeat=2
    ):
        if one != other:
            for end, start in product(sorted(ends - {0}), sorted(starts - {len(three)})):
                yield five[:end] + three[start:], end, (one, other)


@pytest.mark.parametrize("seed", range(6))
def test_no_junction_fits_a_settled_read_better_than_the_wild_type(seed: int) -> None:
    """Exons of two genes, of which some begin or end alike, and reads of them with errors near junctions."""
    rng = random.Random(seed)
    exon = ["".join(rng.choices("ACGT", k=rng.choice((20, 45, 70, 110)))) for _ in range(10)]
    for one, other in ((1, 6), (2, 7), (3, 8)):
        alike = rng.choice((3, 8, 12, 14))
        exon[other] = exon[one][:alike] + exon[other][alike:]
        exon[other - 1] = exon[other - 1][:-alike] + exon[one - 1][-alike:]
    parts = [(0, 1, 2, 3, 4), (0, 2, 4), (1, 3, 4), (5, 6, 7, 8, 9), (5, 7, 9)]
    genes = [0, 0, 0, 1, 1]
    contigs = ["".join(exon[i] for i in own) for own in parts]
    borders = [set(np.cumsum([0, *(len(exon[i]) for i in own)]).tolist()) for own in parts]
    positions = [np.concatenate([1000 * i + np.arange(len(exon[i])) for i in own]) for own in parts]
    marks = [
        np.concatenate([np.isin(np.arange(n := len(exon[i])), (0, n - 1)) for i in own]) for own in parts
    ]
    table = PlaceTable([contig.encode() for contig in contigs], genes, positions, marks)
    texts = []
    joined = list(joined_forms(contigs, genes, borders))
    for number in range(600):
        whole, place, _ = rng.choice(joined) if number % 2 else (rng.choice(contigs), 0, ())
        size = rng.choice((64, 80, 100))
        # Reads of the wild type, and of junctions with few bases on one of the sides.
        start = (
            place - rng.choice((3, 6, 9, 13, 16, 20, size - 4, size - 9, size - 15, size - 25))
            if place
            else 0
        )
        start = start if place else rng.randrange(max(1, len(whole) - size))
        bases = whole[max(0, start) : max(0, start) + size]
        texts.append(record(f"{number}", "r", misread(rng, bases, rng.choice((0, 1, 2, 2, 2))), rng))
    found = settle_fragments("".join(texts).encode(), table, RULES._replace(limit=2))
    twice = found.settled[found.settled["second"][:, 0] >= 0]
    assert twice.size > 10
    reads = [np.frombuffer(sense_read(table, row, 0, int(row["own"][0])).encode(), np.uint8) for row in twice]
    for size in sorted({read.size for read in reads}):
        of_size = np.array([read for read in reads if read.size == size])
        for whole, place, _ in joined:
            first, last = max(0, place - size + 1), min(place, len(whole) - size + 1)
            letters = np.frombuffer(whole.encode(), np.uint8)[first : max(first, last) + size - 1]
            if first < last:
                windows = np.lib.stride_tricks.sliding_window_view(letters, size)
                assert (windows != of_size[:, np.newaxis]).sum(axis=2).min() >= 2
