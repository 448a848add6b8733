"""Decisions of realignment and call on fragments made for the purpose, on the demonstration panel."""

import random
from pathlib import Path

import pytest

from aspsfusion.call.call import Caller
from aspsfusion.call.calls_file import CalledJunction, Calls
from aspsfusion.config import CallParameters
from aspsfusion.evidence.evidence_file import read_evidence
from aspsfusion.panel.panel import Panel
from stages import Pair, call_pairs, fusion_molecule, report_pairs

READ = 75
INSERT = 200
TYPE_1 = (("ASPSCR1", 7), ("TFE3", 6))
TYPE_2 = (("ASPSCR1", 7), ("TFE3", 5))


def crossing(molecule: str, junction: int, count: int, name: str = "x", read: int = READ) -> list[Pair]:
    """Return fragments whose first read crosses a junction with 30 nt or more on both sides."""
    pairs = []
    for index in range(count):
        start = junction - 30 - index % (read - 60 + 1)
        # Different ends make different molecules of equal starts.
        molecule_end = start + INSERT + index
        pairs.append(Pair(f"{name}{index}", molecule[start:molecule_end], read, flipped=bool(index % 2)))
    return pairs


def bridging(molecule: str, junction: int, count: int) -> list[Pair]:
    """Return fragments whose mates are on the two sides without touching the junction."""
    return [
        Pair(f"b{i}", molecule[junction - READ - 20 - i : junction + READ + 30], READ, flipped=bool(i % 2))
        for i in range(count)
    ]


def reported(calls: Calls) -> list[CalledJunction]:
    return [junction for junction in calls.junctions if not junction.rejections]


def with_substitutions(bases: str, positions: list[int]) -> str:
    changed = list(bases)
    for position in positions:
        changed[position] = "ACGT"["ACGT".index(changed[position]) - 1]
    return "".join(changed)


@pytest.mark.parametrize(
    ("junction", "catalogue_id"),
    [
        (TYPE_1, "ASPSCR1-TFE3-e7-e6"),
        (TYPE_2, "ASPSCR1-TFE3-e7-e5"),
        ((("TFE3", 5), ("ASPSCR1", 8)), "TFE3-ASPSCR1-e5-e8"),
        ((("PRCC", 1), ("TFE3", 4)), "PRCC-TFE3-e1-e4"),
    ],
)
def test_a_single_good_fragment_of_a_listed_junction_is_shown(
    demo_panel_directory: Path,
    tmp_path: Path,
    junction: tuple[tuple[str, int], tuple[str, int]],
    catalogue_id: str,
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *junction)
    calls = call_pairs(demo_panel_directory, tmp_path, crossing(molecule, position, 1))
    (called,) = reported(calls)
    assert (called.catalogue_id, called.split_reads, called.spanning_pairs) == (catalogue_id, 1, 0)


@pytest.mark.parametrize("single", [False, True])
def test_copies_of_a_molecule_count_once(demo_panel_directory: Path, tmp_path: Path, single: bool) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    start = position - 40
    copies = [Pair(f"c{i}", molecule[start : start + INSERT], READ, single=single) for i in range(5)]
    other = Pair("other", molecule[start - 3 : start + INSERT], READ, single=single)
    (called,) = reported(call_pairs(demo_panel_directory, tmp_path, [*copies, other]))
    assert (called.split_reads, called.split_with_duplicates) == (2, 6)
    assert sorted(read.copies for read in called.reads) == [1, 5]


def test_both_strands_give_the_same(demo_panel_directory: Path, tmp_path: Path) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_2)
    pairs = [
        # One base more on one strand: both strands of one molecule would be copies of each other.
        Pair(f"{flipped}{start}", molecule[start : start + INSERT + flipped], READ, flipped=flipped)
        for start in range(position - 60, position - 15, 5)
        for flipped in (False, True)
    ]
    (called,) = reported(call_pairs(demo_panel_directory, tmp_path, pairs))
    assert called.split_reads == len(pairs)


def test_pairs_that_bridge_add_to_crossing_ones(demo_panel_directory: Path, tmp_path: Path) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    pairs = crossing(molecule, position, 3) + bridging(molecule, position, 4)
    (called,) = reported(call_pairs(demo_panel_directory, tmp_path, pairs))
    assert (called.split_reads, called.spanning_pairs) == (3, 4)


def test_pairs_that_bridge_alone_prove_no_junction_and_forbid_an_exclusion(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    report = report_pairs(demo_panel_directory, tmp_path, bridging(molecule, position, 3))
    assert report.fusions == []
    (candidate,) = report.filtered
    assert (candidate.name, candidate.spanning_pairs) == ("ASPSCR1::TFE3", 3)
    assert [reason.code for reason in candidate.reasons] == ["NO_SPLIT_READ"]
    assert report.verdict.call == "INDETERMINATE"
    assert "UNPROVEN_EVIDENCE" in [reason.code for reason in report.verdict.reasons]


def test_two_types_in_one_sample_are_distinguished(demo_panel_directory: Path, tmp_path: Path) -> None:
    pairs = []
    for name, kind, count in (("one", TYPE_1, 6), ("two", TYPE_2, 4)):
        molecule, position = fusion_molecule(demo_panel_directory, *kind)
        pairs += crossing(molecule, position, count, name)
    calls = call_pairs(demo_panel_directory, tmp_path, pairs)
    assert [(c.catalogue_id, c.split_reads) for c in reported(calls)] == [
        ("ASPSCR1-TFE3-e7-e6", 6),
        ("ASPSCR1-TFE3-e7-e5", 4),
    ]
    for called, prefix in zip(reported(calls), ("one", "two"), strict=True):
        assert all(read.label.startswith(prefix) for read in called.reads)


@pytest.mark.parametrize(("count", "rejections"), [(1, ("TOO_FEW_FRAGMENTS",)), (2, ())])
def test_an_unlisted_junction_of_exon_borders_needs_two_fragments(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, count: int, rejections: tuple[str, ...]
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, ("ASPSCR1", 5), ("TFE3", 6))
    (called,) = call_pairs(demo_panel_directory, tmp_path, crossing(molecule, position, count)).junctions
    assert called.rejections == rejections
    assert called.five_pos == demo_panel.primary["ASPSCR1"].exons[4].end - 1
    assert called.three_pos == demo_panel.primary["TFE3"].exons[5].end - 1


@pytest.mark.parametrize(("count", "rejections"), [(2, ("TOO_FEW_FRAGMENTS",)), (3, ())])
def test_a_junction_inside_exons_needs_three_fragments_and_is_placed_exactly(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, count: int, rejections: tuple[str, ...]
) -> None:
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    # Between places where the two genes go on differently, so that the junction is unambiguous.
    left, right = _unambiguous(five.sequence, 700, three.sequence, 1200)
    molecule = five.sequence[:left] + three.sequence[right:]
    (called,) = call_pairs(demo_panel_directory, tmp_path, crossing(molecule, left, count)).junctions
    assert called.rejections == rejections
    assert (called.five_pos, called.three_pos) == (five.to_genome(left - 1), three.to_genome(right))
    assert (called.boundaries, called.catalogue_id) == (0, None)


def _unambiguous(five: str, left: int, three: str, right: int) -> tuple[int, int]:
    while five[left] == three[right] or five[left - 1] == three[right - 1]:
        left += 1
    return left, right


def test_a_breakpoint_inside_an_intron_is_placed_exactly(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    five, three = demo_panel.unspliced["ASPSCR1"], demo_panel.unspliced["TFE3"]
    exon_end = five.from_genome(demo_panel.primary["ASPSCR1"].exons[6].end - 1) + 1
    exon_start = three.from_genome(demo_panel.primary["TFE3"].exons[5].end - 1)
    left, right = _unambiguous(five.sequence, exon_end + 60, three.sequence, exon_start - 80)
    molecule = five.sequence[:left] + three.sequence[right:]
    (called,) = call_pairs(demo_panel_directory, tmp_path, crossing(molecule, left, 4)).junctions
    assert called.rejections == ()
    assert (called.five_pos, called.three_pos) == (five.to_genome(left - 1), three.to_genome(right))


def test_a_pair_seen_in_normal_tissue_is_filtered_with_its_reason(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, ("TFE3", 4), ("TFEB", 4))
    report = report_pairs(demo_panel_directory, tmp_path, crossing(molecule, position, 8))
    assert report.fusions == []
    (candidate,) = report.filtered
    assert (candidate.name, candidate.split_reads) == ("TFE3::TFEB", 8)
    assert [reason.code for reason in candidate.reasons] == ["SEEN_IN_NORMAL_TISSUE", "PARALOGS"]
    assert "normal tissue" in candidate.reasons[0].text


def test_a_chimera_of_two_other_genes_is_filtered_with_its_reason(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, ("SFPQ", 3), ("CLTC", 5))
    (called,) = call_pairs(demo_panel_directory, tmp_path, crossing(molecule, position, 5)).junctions
    assert called.rejections == ("NO_TARGET_GENE",)


def test_a_crossing_read_whose_mate_lies_in_a_third_gene_does_not_count(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    third = demo_panel.primary["GPI"].sequence[500:600]
    chimera = molecule[position - 40 : position + 40] + third
    calls = call_pairs(demo_panel_directory, tmp_path, [Pair("c", chimera, READ)])
    assert calls.junctions == ()


def test_a_mate_that_runs_on_in_the_wild_type_contradicts_its_crossing_mate(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    three = demo_panel.primary["TFE3"]
    border = three.exons[5].tx_start

    class Contradiction(Pair):
        def reads(self) -> list[str]:
            wild = Pair("", three.sequence[border - 40 : border + 50], READ)
            return [super().reads()[0], wild.reads()[1]]

    pair = Contradiction("c", molecule[position - 25 : position + 50], READ)
    assert call_pairs(demo_panel_directory, tmp_path, [pair]).junctions == ()


def test_a_crossing_read_counts_without_its_mate(demo_panel_directory: Path, tmp_path: Path) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    noise = "".join(random.Random(1).choices("ACGT", k=90))
    pairs = [Pair("c", molecule[position - 40 : position + 40] + noise, READ)]
    (called,) = reported(call_pairs(demo_panel_directory, tmp_path, pairs))
    assert called.split_reads == 1


@pytest.mark.parametrize("errors", [[5], [5, 60], [33], [20, 45, 70]])
def test_sequencing_errors_do_not_cost_a_fragment(
    demo_panel_directory: Path, tmp_path: Path, errors: list[int]
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    start = position - 37
    wrong = with_substitutions(molecule[start : start + INSERT], errors)
    (called,) = reported(call_pairs(demo_panel_directory, tmp_path, [Pair("e", wrong, READ)]))
    assert (called.catalogue_id, called.split_reads) == ("ASPSCR1-TFE3-e7-e6", 1)
    assert called.reads[0].mismatches == len(errors)


@pytest.mark.parametrize(
    ("at", "change"), [(15, "deletion"), (15, "insertion"), (60, "deletion"), (60, "insertion")]
)
def test_an_indel_on_either_side_does_not_cost_a_fragment(
    demo_panel_directory: Path, tmp_path: Path, at: int, change: str
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    bases = molecule[position - 37 : position - 37 + INSERT]
    bases = bases[:at] + bases[at + 1 :] if change == "deletion" else bases[:at] + "A" + bases[at:]
    (called,) = reported(call_pairs(demo_panel_directory, tmp_path, [Pair("i", bases, READ)]))
    assert (called.catalogue_id, called.split_reads) == ("ASPSCR1-TFE3-e7-e6", 1)


def test_a_short_insert_that_runs_into_the_adapters_counts(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)

    class ReadThrough(Pair):
        def reads(self) -> list[str]:
            adapters = ("AGATCGGAAGAGCACACGTCTGAACTCCAGTCA", "AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT")
            return [
                (bases + adapter)[: self.read_length]
                for bases, adapter in zip(super().reads(), adapters, strict=True)
            ]

    pair = ReadThrough("short", molecule[position - 30 : position + 28], READ)
    assert len(pair.molecule) < READ
    (called,) = reported(call_pairs(demo_panel_directory, tmp_path, [pair]))
    assert called.split_reads == 1
    assert (called.max_anchor_five_prime, called.max_anchor_three_prime) == (30, 28)


def test_wild_type_fragments_at_the_breakpoints_are_counted_once(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    three = demo_panel.primary["TFE3"]
    border = three.exons[5].tx_start
    # Both mates cover the border; the molecule still counts once.
    wild = [
        Pair(f"w{i}", three.sequence[border - 50 - i : border + 45], READ, flipped=bool(i % 2))
        for i in range(7)
    ]
    # Fragments beside the border say nothing about it.
    beside = [Pair(f"n{i}", three.sequence[border + 20 + i : border + 220 + i], READ) for i in range(5)]
    (called,) = reported(
        call_pairs(demo_panel_directory, tmp_path, wild + beside + crossing(molecule, position, 3))
    )
    assert (called.wild_type_three_prime, called.split_reads) == (7, 3)
    assert called.wild_type_five_prime == 0


def test_a_break_into_sequence_off_the_panel_is_reported_with_its_consensus(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    three = demo_panel.primary["TFE3"]
    border = three.exons[5].tx_start
    foreign = "".join(random.Random(3).choices("ACGT", k=300))
    molecule = foreign + three.sequence[border:]
    report = report_pairs(demo_panel_directory, tmp_path, crossing(molecule, len(foreign), 5))
    assert report.fusions == []
    (place,) = report.one_sided
    assert (place.gene, place.exon, place.fragments) == ("TFE3", 6, 5)
    assert place.pos == demo_panel.primary["TFE3"].to_genome(border) + 1
    assert foreign.endswith(place.clipped_consensus)
    assert len(place.clipped_consensus) >= 30
    assert report.verdict.call == "INDETERMINATE"
    assert "ONE_SIDED_BREAK" in [reason.code for reason in report.verdict.reasons]


def test_breaks_into_different_sequences_are_no_one_break(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    """Copies of a repeat end in the same way and are in surroundings of their own."""
    three = demo_panel.primary["TFE3"]
    border = three.exons[5].tx_start
    rng = random.Random(5)
    # The gene's own bases in front of the break make the alignments end beside each other.
    own = three.sequence[:border]
    foreign = ["".join(rng.choices("ACGT", k=300)) + own[len(own) - i % 3 :] * (i % 3 > 0) for i in range(9)]
    pairs = [
        pair
        for i, flank in enumerate(foreign)
        for pair in crossing(flank + three.sequence[border:], len(flank), i + 1, f"c{i}_")[-1:]
    ]
    assert len(pairs) == 9
    assert report_pairs(demo_panel_directory, tmp_path, pairs).one_sided == []
    # Nine fragments into one of them are a break.
    flank = foreign[1]
    whole = crossing(flank + three.sequence[border:], len(flank), 9)
    (place,) = report_pairs(demo_panel_directory, tmp_path, whole).one_sided
    assert place.fragments == 9


@pytest.mark.parametrize(
    ("junction", "offset", "base"),
    [
        # Each fits a place some bases off the junction without any edit, and the junction with one.
        (TYPE_1, -2, "A"),
        (TYPE_1, -2, "C"),
        (TYPE_1, 0, "G"),
        (TYPE_1, 1, "C"),
        (TYPE_2, -2, "A"),
        (TYPE_2, -1, "T"),
        (TYPE_2, 0, "C"),
        (TYPE_2, 0, "G"),
    ],
)
def test_a_sequencing_error_beside_the_junction_does_not_hide_a_single_fragment(
    demo_panel_directory: Path,
    tmp_path: Path,
    junction: tuple[tuple[str, int], tuple[str, int]],
    offset: int,
    base: str,
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *junction)
    assert molecule[position + offset] != base
    wrong = molecule[: position + offset] + base + molecule[position + offset + 1 :]
    pair = Pair("x", wrong[position - 35 : position + 125], READ)
    (called,) = reported(call_pairs(demo_panel_directory, tmp_path, [pair]))
    assert called.catalogue_id is not None
    assert called.split_reads == 1


def test_a_sample_without_candidates_is_indeterminate(demo_panel_directory: Path, tmp_path: Path) -> None:
    report = report_pairs(demo_panel_directory, tmp_path, [])
    assert report.verdict.call == "INDETERMINATE"
    assert {flag.code for flag in report.qc.flags} == {
        "NO_CANDIDATES",
        "CONTROL_GENES_NOT_SEEN",
        "FIVE_PRIME_GENE_NOT_SEEN",
    }


def test_records_of_type_1_are_annotated(demo_panel_directory: Path, tmp_path: Path) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    report = report_pairs(demo_panel_directory, tmp_path, crossing(molecule, position, 6))
    (fusion,) = report.fusions
    assert fusion.hgvs == "NM_024083.4:r.?_933::NM_006521.6:r.886_?"
    assert (fusion.five_prime.chrom, fusion.five_prime.pos) == ("chr17", 81996846)
    assert (fusion.three_prime.chrom, fusion.three_prime.pos) == ("chrX", 49034251)
    assert (fusion.is_target, fusion.reciprocal, fusion.in_frame) == (True, False, True)
    assert {(d.name.split()[0], d.status) for d in fusion.retained_domains} == {
        ("UBL1", "kept"),
        ("activation", "lost"),
        ("bHLH", "kept"),
        ("leucine", "kept"),
    }
    left, right = fusion.junction_sequence.split("|")
    assert molecule[:position].endswith(left)
    assert molecule[position:].startswith(right)
    for read in fusion.reads:
        assert molecule[position + read.offset :].startswith(read.sequence)
    assert report.notices == ["DEMONSTRATION REFERENCE, NOT FOR DIAGNOSIS"]


@pytest.mark.parametrize("single", [False, True])
def test_a_wild_type_read_at_the_same_place_is_no_copy_of_a_fusion_read(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, single: bool
) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, *TYPE_1)
    three = demo_panel.primary["TFE3"]
    border = three.exons[5].tx_start
    # The wild-type reads sort first by name, so that they would stand for the fusion reads.
    fusion, wild = [], []
    for index, before in enumerate((16, 20, 30, 37)):
        fusion.append(Pair(f"z{index}", molecule[position - before :][:INSERT], READ, single=single))
        wild.append(Pair(f"a{index}", three.sequence[border - before :][:INSERT], READ, single=single))
    (called,) = reported(call_pairs(demo_panel_directory, tmp_path, fusion + wild))
    assert called.split_reads == 4
    assert called.wild_type_three_prime == 4


def test_reads_of_a_diverged_copy_are_no_break(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    rng = random.Random(11)
    copy = "".join(
        base if rng.random() < 0.8 else rng.choice("ACGT".replace(base, ""))
        for base in demo_panel.primary["TFE3"].sequence
    )
    pairs = [
        Pair(f"p{i}", copy[start : start + INSERT], READ)
        for i, start in enumerate(rng.randrange(len(copy) - INSERT) for _ in range(1500))
    ]
    calls = call_pairs(demo_panel_directory, tmp_path, pairs)
    assert calls.one_sided == ()
    assert reported(calls) == []


def test_calling_leaves_the_evidence_as_it_is(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    # Three edits leave a wild-type read open until the junctions have been weighed.
    wild = list(molecule[junction + 200 : junction + 400])
    for place in (20, 40, 60):
        wild[place] = "A" if wild[place] != "A" else "C"
    pairs = [Pair("fusion", molecule[junction - 40 : junction + 160], 75), Pair("wild", "".join(wild), 75)]
    call_pairs(demo_panel_directory, tmp_path, pairs)
    evidence = read_evidence(tmp_path / "evidence.json.gz")
    caller = Caller(demo_panel, CallParameters())
    calls = caller.call(evidence)
    assert evidence == read_evidence(tmp_path / "evidence.json.gz")
    assert caller.call(evidence) == calls
    assert calls.coverage.genes["TFE3"] == evidence.coverage.genes.get("TFE3", 0) + 1
