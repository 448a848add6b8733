"""The panel BAM: where reads are, and how mates and the two parts of a split read point to each other."""

import gzip
import json
import random
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import pysam
import pytest

from aspsfusion import __version__
from aspsfusion.align import chunks
from aspsfusion.align.align import AlignFiles, run_align
from aspsfusion.align.candidates import Candidate
from aspsfusion.align.records import PanelAligner, join_mates, prefer_primary, rewrite_split_tags
from aspsfusion.align.trim import TrimmedRead
from aspsfusion.cli import main
from aspsfusion.errors import ParameterError, ReadsError
from aspsfusion.evidence.placements import panel_contigs
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.io.sealed import read_sealed
from aspsfusion.panel.panel import Panel

FIVE, THREE = "ASPSCR1", "TFE3"
LENGTH = 75
RANDOM = "".join(random.Random(3).choices("ACGT", k=1000))

Fragment = tuple[str, ...]
"""Name and one or two reads as sequenced."""


def fragment_of(name: str, molecule: str, length: int = LENGTH, *, flipped: bool = False) -> Fragment:
    """Return a pair that reads a molecule from both ends; `flipped` when read 1 is antisense."""
    reads = molecule[:length], reverse_complement(molecule)[:length]
    return (name, *(reads[::-1] if flipped else reads))


def fastq_text(fragments: Sequence[Fragment]) -> bytes:
    """Return fragments as the screen writes them."""
    lines = []
    for number, (name, *reads) in enumerate(fragments, start=1):
        for mate, bases in enumerate(reads, start=1):
            suffix = f"/{mate}" if len(reads) == 2 else ""
            lines.append(f"@{number}{suffix} {name}\n{bases}\n+\n{'I' * len(bases)}\n")
    return "".join(lines).encode()


def write_reads(path: Path, fragments: Sequence[Fragment]) -> Path:
    path.write_bytes(gzip.compress(fastq_text(fragments)))
    return path


Records = dict[str, list[pysam.AlignedSegment]]


def aligned(panel: Path, directory: Path, fragments: Sequence[Fragment], threads: int = 1) -> Records:
    """Return the records of each fragment: first mates before second ones, primary before supplementary."""
    directory.mkdir(exist_ok=True)
    reads = write_reads(directory / "reads.fastq.gz", fragments)
    bam = directory / "s.bam"
    run_align(panel, AlignFiles(reads, bam, directory / "align.json"), "s", threads)
    found: Records = {name: [] for name, *_ in fragments}
    with pysam.AlignmentFile(str(bam)) as stream:
        for record in stream.fetch(until_eof=True):
            name = str(record.get_tag("YN"))
            assert fragments[int(str(record.query_name)) - 1][0] == name
            found[name].append(record)
    for records in found.values():
        records.sort(key=lambda record: (record.is_read2, record.is_supplementary))
    return found


def transcript(panel: Panel, gene: str) -> str:
    return panel.primary[gene].sequence


def fusion_molecule(panel: Panel) -> tuple[str, int]:
    """Return the transcript of the type 1 fusion, and the length of its 5' part."""
    five, three = panel.primary[FIVE], panel.primary[THREE]
    junction = five.exons[6].tx_end
    return five.sequence[:junction] + three.sequence[three.exons[5].tx_start :], junction


def shared_bases(panel: Panel) -> tuple[int, int]:
    """Return how many bases after the type 1 junction, and before it, the two genes have in common.

    The aligner takes them for both.
    """
    five, three = panel.primary[FIVE], panel.primary[THREE]
    junction, start = five.exons[6].tx_end, three.exons[5].tx_start

    def shared(one: str, other: str) -> int:
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))

    after = shared(five.sequence[junction:], three.sequence[start:])
    return after, shared(five.sequence[:junction][::-1], three.sequence[:start][::-1])


# --- Pairs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flipped", [False, True])
def test_wild_type_pair(flipped: bool, demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path) -> None:
    molecule = transcript(demo_panel, THREE)[1500:1750]
    first, second = aligned(demo_panel_directory, tmp_path, [fragment_of("w", molecule, flipped=flipped)])[
        "w"
    ]
    assert (first.flag, second.flag) == ((0x53, 0xA3) if flipped else (0x63, 0x93))
    left, right = (second, first) if flipped else (first, second)
    for record, mate, start in ((left, right, 1500), (right, left, 1675)):
        assert record.reference_name == record.next_reference_name == demo_panel.primary[THREE].key
        assert record.reference_start == mate.next_reference_start == start
        assert record.cigarstring == "75M"
        assert record.get_tag("NM") == 0
        assert record.get_tag("RG") == "s"
        # The bases are on the forward strand of the transcript.
        assert record.query_sequence == transcript(demo_panel, THREE)[start : start + 75]
        assert not record.has_tag("SA")
    assert (left.template_length, right.template_length) == (250, -250)


def test_mates_that_overlap_are_one_read_of_the_molecule(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    molecule = transcript(demo_panel, THREE)[1500:1800]
    short = molecule[:50]
    through = short + RANDOM[:25], reverse_complement(short) + RANDOM[50:75]
    found = aligned(
        demo_panel_directory,
        tmp_path,
        [
            fragment_of("overlap", molecule[:100]),
            ("through", *through),
            fragment_of("flipped", molecule[:110], flipped=True),
        ],
    )
    for name, cigar, reverse in (
        ("overlap", "100M", False),
        ("through", "50M", False),
        ("flipped", "110M", True),
    ):
        (record,) = found[name]
        assert (record.cigarstring, record.is_paired, record.is_reverse) == (cigar, False, reverse)
        assert record.get_tag("YM") == 1
        assert record.get_tag("NM") == 0


def test_template_length_of_mates_that_overlap_by_few_bases(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    molecule = transcript(demo_panel, THREE)[1500:1620]
    first, second = aligned(demo_panel_directory, tmp_path, [fragment_of("little", molecule)])["little"]
    assert (first.template_length, second.template_length) == (120, -120)
    assert first.is_proper_pair
    assert second.is_proper_pair
    assert not first.has_tag("YM")


def test_umi_in_the_comment_becomes_a_tag(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    bases = transcript(demo_panel, THREE)[1500:1575]
    reads = tmp_path / "reads.fastq.gz"
    reads.write_bytes(gzip.compress(f"@12 u RX:Z:ACGT-TTGC\n{bases}\n+\n{'I' * 75}\n".encode()))
    run_align(demo_panel_directory, AlignFiles(reads, tmp_path / "s.bam", tmp_path / "align.json"), "s")
    with pysam.AlignmentFile(str(tmp_path / "s.bam")) as stream:
        (record,) = stream.fetch(until_eof=True)
    assert [record.query_name, record.get_tag("YN"), record.get_tag("RX")] == ["12", "u", "ACGT-TTGC"]


def test_mates_that_point_apart_are_no_proper_pair(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    sequence = transcript(demo_panel, THREE)
    pair = ("apart", reverse_complement(sequence[1000:1075]), sequence[1300:1375])
    same = ("same", sequence[1000:1075], sequence[1300:1375])
    found = aligned(demo_panel_directory, tmp_path, [pair, same])
    for name in ("apart", "same"):
        assert not any(record.is_proper_pair for record in found[name])
        assert [record.template_length for record in found[name]] == [375, -375]


def test_mates_in_two_genes(demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path) -> None:
    molecule, junction = fusion_molecule(demo_panel)
    pair = fragment_of("spanning", molecule[junction - 100 : junction + 100])
    first, second = aligned(demo_panel_directory, tmp_path, [pair])["spanning"]
    five, three = demo_panel.primary[FIVE], demo_panel.primary[THREE]
    assert (first.flag, second.flag) == (0x61, 0x91)
    assert (first.reference_name, first.reference_start) == (five.key, junction - 100)
    assert (second.reference_name, second.reference_start) == (three.key, three.exons[5].tx_start + 25)
    assert (first.next_reference_name, first.next_reference_start) == (three.key, second.reference_start)
    assert (second.next_reference_name, second.next_reference_start) == (five.key, first.reference_start)
    assert (first.template_length, second.template_length) == (0, 0)


@pytest.mark.parametrize("unplaced", [1, 2])
def test_mate_that_can_not_be_placed_stands_beside_the_other(
    unplaced: int, demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    reads = [transcript(demo_panel, THREE)[1500:1575], RANDOM[:75]]
    pair = ("half", *(reads if unplaced == 2 else reads[::-1]))
    records = aligned(demo_panel_directory, tmp_path, [pair])["half"]
    placed, other = records if unplaced == 2 else records[::-1]
    assert (placed.flag & ~0xC0, other.flag & ~0xC0) == (0x9, 0x5)
    assert (placed.is_read1, other.is_read1) == (unplaced == 2, unplaced == 1)
    for record in (placed, other):
        assert record.reference_name == record.next_reference_name == demo_panel.primary[THREE].key
        assert record.reference_start == record.next_reference_start == 1500
        assert record.template_length == 0
    assert other.query_sequence == RANDOM[:75]
    assert other.cigarstring is None


@pytest.mark.parametrize("empty", [1, 2])
def test_mate_without_bases_survives(
    empty: int, demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    # Two ways to become empty: as it came from the screen, and by trimming.
    read = transcript(demo_panel, THREE)[1500:1575]
    fragments = [
        (name, *((read, other) if empty == 2 else (other, read)))
        for name, other in (
            ("came", ""),
            ("trimmed", RANDOM[:12] + "AGATCGGAAGAGCACACGTCTGAAC" + RANDOM[:30]),
        )
    ]
    found = aligned(demo_panel_directory, tmp_path, fragments)
    for name in ("came", "trimmed"):
        records = found[name] if empty == 2 else found[name][::-1]
        placed, other = records
        assert (placed.flag & ~0xC0, other.flag & ~0xC0) == (0x9, 0x5)
        assert (placed.cigarstring, placed.reference_start) == ("75M", 1500)
        assert other.query_sequence is None
        assert other.query_qualities is None
        assert other.reference_start == 1500
        assert other.get_tag("RG") == "s"


def test_pair_that_can_not_be_placed_at_all(demo_panel_directory: Path, tmp_path: Path) -> None:
    records = aligned(demo_panel_directory, tmp_path, [("none", RANDOM[:75], RANDOM[200:275])])["none"]
    assert [record.flag for record in records] == [0x4D, 0x8D]
    assert (
        {record.reference_id for record in records}
        == {record.next_reference_id for record in records}
        == {-1}
    )


def test_single_read_carries_no_flags_of_a_pair(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    read = transcript(demo_panel, THREE)[1500:1575]
    found = aligned(demo_panel_directory, tmp_path, [("f", read), ("r", reverse_complement(read))])
    assert [[record.flag for record in found[name]] for name in ("f", "r")] == [[0], [0x10]]
    assert {record.reference_start for records in found.values() for record in records} == {1500}


# --- Split reads ------------------------------------------------------------------------------------


def split_entry(record: pysam.AlignedSegment) -> str:
    strand = "-" if record.is_reverse else "+"
    return (
        f"{record.reference_name},{record.reference_start + 1},{strand},{record.cigarstring},"
        f"{record.mapping_quality},{record.get_tag('NM')};"
    )


@pytest.mark.parametrize("flipped", [False, True])
def test_junction_read_has_two_records_that_name_each_other(
    flipped: bool, demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    molecule, junction = fusion_molecule(demo_panel)
    # The sense read has 45 nt of the 5' gene and 30 nt of the 3' gene.
    pair = fragment_of("split", molecule[junction - 45 : junction + 205], flipped=flipped)
    records = aligned(demo_panel_directory, tmp_path, [pair])["split"]
    crossing = [record for record in records if record.is_read2 == flipped]
    mate = next(record for record in records if record.is_read2 != flipped)
    assert len(records) == 3
    primary, supplementary = crossing
    assert (primary.is_supplementary, supplementary.is_supplementary) == (False, True)
    assert primary.get_tag("SA") == split_entry(supplementary)
    assert supplementary.get_tag("SA") == split_entry(primary)
    five, three = demo_panel.primary[FIVE], demo_panel.primary[THREE]
    after, before = shared_bases(demo_panel)
    assert (primary.reference_name, primary.reference_end) == (five.key, junction + after)
    assert primary.cigarstring == f"{45 + after}M{30 - after}S"
    assert supplementary.reference_name == three.key
    assert supplementary.reference_start == three.exons[5].tx_start - before
    assert supplementary.cigarstring == f"{45 - before}S{30 + before}M"
    # Both hold all bases, and both name the mate's place and strand.
    for record in crossing:
        assert record.query_sequence == molecule[junction - 45 : junction + 30]
        assert record.next_reference_name == three.key
        assert record.next_reference_start == mate.reference_start
        assert record.mate_is_reverse
        assert record.is_paired
    assert not mate.is_supplementary
    assert mate.next_reference_name == five.key
    assert not mate.has_tag("SA")


@pytest.mark.parametrize("anchor", [20, 16])
def test_short_side_of_a_junction_is_placed(
    anchor: int, demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    # BWA's own defaults place nothing below 30 nt.
    molecule, junction = fusion_molecule(demo_panel)
    read = molecule[junction - LENGTH + anchor : junction + anchor]
    records = aligned(demo_panel_directory, tmp_path, [("short", read)])["short"]
    placed = {(record.reference_name, record.reference_start) for record in records}
    three = demo_panel.primary[THREE]
    assert (three.key, three.exons[5].tx_start - shared_bases(demo_panel)[1]) in placed


# --- Transcripts of one gene ------------------------------------------------------------------------


def test_record_stands_on_the_primary_transcript_with_the_others_in_xa(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    # In the last exon of each gene with several transcripts, for every gene and both strands.
    fragments, expected = [], {}
    for gene, transcripts in demo_panel.by_gene.items():
        sequence = transcripts[0].sequence
        sharing = [t.key for t in transcripts if sequence[-100:-20] in t.sequence]
        if len(sharing) > 1:
            fragments += [
                (f"{gene}+", sequence[-100:-20]),
                (f"{gene}-", reverse_complement(sequence[-100:-20])),
            ]
            expected[gene] = (sharing, len(sequence) - 100)
    assert {FIVE, THREE} <= set(expected)
    found = aligned(demo_panel_directory, tmp_path, fragments)
    for name, (record,) in found.items():
        (first, *others), start = expected[name[:-1]]
        assert (record.reference_name, record.reference_start) == (first, start)
        listed = [hit.split(",") for hit in str(record.get_tag("XA")).rstrip(";").split(";")]
        equal = [hit for hit in listed if hit[2:] == ["80M", "0"]]
        assert set(others) <= {hit[0] for hit in equal}
        for contig, position, _, _ in equal:
            assert position[0] == name[-1]
            bases = demo_panel.sequence_of(contig)[int(position[1:]) - 1 :][:80]
            assert bases == demo_panel.primary[name[:-1]].sequence[-100:-20]


HEADER = pysam.AlignmentHeader.from_dict({"SQ": [{"SN": name, "LN": 1000} for name in ("a", "b", "c")]})
RANKS = {"b": 0, "c": 1, "a": 2}


def record_at(
    contig: str,
    start: int,
    alternatives: str = "",
    *,
    cigar: str = "50M",
    edits: int = 1,
    reverse: bool = False,
) -> pysam.AlignedSegment:
    record = pysam.AlignedSegment(HEADER)
    record.query_name = "r"
    record.query_sequence = "A" * 50
    record.reference_id = HEADER.get_tid(contig)
    record.reference_start = start
    record.cigarstring = cigar
    record.is_reverse = reverse
    record.mapping_quality = 7
    record.set_tag("NM", edits)
    if alternatives:
        record.set_tag("XA", alternatives)
    return record


@pytest.mark.parametrize(
    ("record", "place", "alternatives"),
    [
        (record_at("a", 9, "c,+21,50M,1;b,+31,50M,1;"), ("b", 30), "c,+21,50M,1;a,+10,50M,1;"),
        (record_at("a", 9, "c,+21,50M,1;b,+31,50M,2;"), ("c", 20), "a,+10,50M,1;b,+31,50M,2;"),
        (record_at("a", 9, "b,-31,50M,1;"), ("a", 9), "b,-31,50M,1;"),
        (record_at("a", 9, "b,-31,50M,1;", reverse=True), ("b", 30), "a,-10,50M,1;"),
        (record_at("a", 9, "b,+31,49M1S,1;"), ("a", 9), "b,+31,49M1S,1;"),
        (record_at("a", 9, "b,+31,20S30M,1;", cigar="20S30M"), ("b", 30), "a,+10,20S30M,1;"),
        (record_at("b", 9, "a,+21,50M,1;c,+31,50M,1;"), ("b", 9), "a,+21,50M,1;c,+31,50M,1;"),
        (record_at("b", 9, "b,+400,50M,1;"), ("b", 9), "b,+400,50M,1;"),
        (record_at("a", 9), ("a", 9), ""),
    ],
    ids=[
        "best of several",
        "more mismatches do not count",
        "other strand does not count",
        "reverse strand",
        "other CIGAR does not count",
        "clipped alike",
        "is already on the best",
        "second place on the same contig",
        "no alternatives",
    ],
)
def test_prefer_primary(record: pysam.AlignedSegment, place: tuple[str, int], alternatives: str) -> None:
    before = (record.cigarstring, record.flag, record.mapping_quality, record.query_sequence)
    prefer_primary(record, RANKS)
    assert (record.reference_name, record.reference_start) == place
    assert (record.get_tag("XA") if record.has_tag("XA") else "") == alternatives
    assert (record.cigarstring, record.flag, record.mapping_quality, record.query_sequence) == before


def test_prefer_primary_leaves_an_unmapped_record_alone() -> None:
    record = pysam.AlignedSegment(HEADER)
    record.is_unmapped = True
    prefer_primary(record, RANKS)
    assert record.reference_id == -1


def test_split_tags_follow_records_that_were_moved() -> None:
    records = [
        record_at("a", 9, "b,+31,30M20S,1;", cigar="30M20S"),
        record_at("c", 99, cigar="30S20M", edits=0, reverse=True),
    ]
    records[0].set_tag("SA", "stale")
    prefer_primary(records[0], RANKS)
    rewrite_split_tags(records)
    assert [record.get_tag("SA") for record in records] == ["c,100,-,30S20M,7,0;", "b,31,+,30M20S,7,1;"]


def test_three_parts_of_a_read_name_the_two_others_in_order() -> None:
    records = [record_at(contig, start) for contig, start in (("b", 0), ("a", 10), ("c", 20))]
    rewrite_split_tags(records)
    one, two, three = "b,1,+,50M,7,1;", "a,11,+,50M,7,1;", "c,21,+,50M,7,1;"
    assert [record.get_tag("SA") for record in records] == [two + three, one + three, one + two]


def test_mates_point_to_primary_records() -> None:
    first = [record_at("a", 10, cigar="30M20S"), record_at("b", 500, cigar="30S20M")]
    first[1].is_supplementary = True
    second = [record_at("c", 700, reverse=True), record_at("a", 300)]
    second[1].is_supplementary = True
    join_mates([first, second])
    assert {(r.next_reference_name, r.next_reference_start, r.mate_is_reverse) for r in first} == {
        ("c", 700, True)
    }
    assert {(r.next_reference_name, r.next_reference_start, r.mate_is_reverse) for r in second} == {
        ("a", 10, False)
    }
    assert [r.is_read1 for r in first + second] == [True, True, False, False]
    assert [r.is_read2 for r in first + second] == [False, False, True, True]


# --- The files --------------------------------------------------------------------------------------


def many_fragments(panel: Panel) -> list[Fragment]:
    """Return wild-type and fusion fragments, single-gene and random ones, in mixed order."""
    rng = random.Random(1)
    molecule, junction = fusion_molecule(panel)
    fragments = []
    for i in range(400):
        source = rng.choice([molecule, transcript(panel, THREE), transcript(panel, FIVE), RANDOM])
        length = rng.randrange(40, 300)
        start = rng.randrange(len(source) - length)
        if i % 4 == 0:
            source, start = molecule, junction - rng.randrange(1, length)
        fragments.append(fragment_of(f"f{i}", source[start : start + length], flipped=bool(i % 2)))
    return fragments


def test_same_reads_give_the_same_bytes_with_any_number_of_threads(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    fragments = many_fragments(demo_panel)
    directories = [tmp_path / name for name in ("one", "again", "three")]
    for directory, threads in zip(directories, (1, 1, 3), strict=True):
        aligned(demo_panel_directory, directory, fragments, threads)
    for name in ("s.bam", "s.bam.bai", "align.json"):
        assert len({(directory / name).read_bytes() for directory in directories}) == 1


def test_bam_is_whole_sorted_indexed_and_holds_every_read(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    fragments = many_fragments(demo_panel)
    aligned(demo_panel_directory, tmp_path, fragments)
    pysam.quickcheck(str(tmp_path / "s.bam"))
    with pysam.AlignmentFile(str(tmp_path / "s.bam")) as stream:
        assert stream.check_index()
        records = list(stream.fetch(until_eof=True))
        by_contig = sum(stream.count(contig) for contig in stream.references)
    places = [(r.reference_id % 2**32, r.reference_start) for r in records]
    assert places == sorted(places)
    assert by_contig == sum(r.reference_id >= 0 and not r.is_unmapped for r in records) > 600
    primaries = [r for r in records if not (r.is_supplementary or r.is_secondary)]
    whole = {r.get_tag("YN") for r in primaries if r.has_tag("YM")}
    assert 50 < len(whole) < len(fragments)
    expected = [
        (name, mate) for name, *_ in fragments for mate in (False, True) if not mate or name not in whole
    ]
    assert sorted((r.get_tag("YN"), r.is_read2) for r in primaries) == sorted(expected)
    assert {r.get_tag("RG") for r in records} == {"s"}


def test_header_holds_the_panel_and_no_paths(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    aligned(demo_panel_directory, tmp_path, [fragment_of("w", transcript(demo_panel, THREE)[1500:1750])])
    with pysam.AlignmentFile(str(tmp_path / "s.bam")) as stream:
        header = stream.header.to_dict()
        text = str(stream.header)
    sequences = {t.key: len(t.sequence) for t in demo_panel.transcripts.values()}
    sequences |= {u.key: len(u.sequence) for u in demo_panel.unspliced.values()}
    sequences |= {d.key: len(d.sequence) for d in demo_panel.decoys.values()}
    assert {entry["SN"]: entry["LN"] for entry in header["SQ"]} == sequences
    assert header["HD"] == {"VN": "1.6", "SO": "coordinate"}
    assert header["RG"] == [{"ID": "s", "SM": "s"}]
    program = {"ID": "aspsfusion.align", "PN": "aspsfusion", "VN": __version__, "CL": "aspsfusion align"}
    assert header["PG"] == [program]
    assert "/" not in text


def test_metrics(demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path) -> None:
    sequence = transcript(demo_panel, THREE)
    through = sequence[1500:1560]
    fragments = [
        fragment_of("apart", sequence[1500:1750]),
        fragment_of("overlap", sequence[1500:1600]),
        ("through", through + RANDOM[:15], reverse_complement(through) + RANDOM[30:45]),
        ("none", RANDOM[100:175], RANDOM[300:375]),
        ("single", sequence[1500:1540] + "AGATCGGAAGAGCACACGTC"),
        ("lone", RANDOM[500:575]),
    ]
    aligned(demo_panel_directory, tmp_path, fragments)
    assert read_sealed((tmp_path / "align.json").read_text()) == {
        "candidate_fragments": 6,
        "aligned_fragments": 4,
        "adapter_fraction": 0.3333,
        "overlap_fraction": 0.5,
        "umi_structures": [],
        "too_short_reads": 0,
        "foreign_starts": [],
    }


def test_no_candidates_give_an_empty_bam(demo_panel_directory: Path, tmp_path: Path) -> None:
    assert aligned(demo_panel_directory, tmp_path, []) == {}
    pysam.quickcheck(str(tmp_path / "s.bam"))
    assert (tmp_path / "s.bam.bai").exists()
    assert read_sealed((tmp_path / "align.json").read_text()) == {
        "candidate_fragments": 0,
        "aligned_fragments": 0,
        "adapter_fraction": None,
        "overlap_fraction": None,
        "umi_structures": [],
        "too_short_reads": 0,
        "foreign_starts": [],
    }


def test_alignments_do_not_depend_on_the_other_fragments(demo_panel: Panel) -> None:
    # Equal alternatives on many transcripts, of which the aligner takes one by the place of the read.
    fragments = [
        Candidate(number, name, tuple(TrimmedRead(bases, "I" * len(bases), False) for bases in reads))
        for number, (name, *reads) in enumerate(many_fragments(demo_panel), start=1)
    ]
    header = pysam.AlignmentHeader.from_references(
        names := list(panel_contigs(demo_panel)), [len(demo_panel.sequence_of(name)) for name in names]
    )
    aligner = PanelAligner(demo_panel, header)

    def records(some: Sequence[Candidate]) -> dict[int, list[str]]:
        of_each = zip(some, aligner.records(some), strict=True)
        return {
            each.number: [record.to_string() for mate in mates for record in mate] for each, mates in of_each
        }

    together = records(fragments)
    assert sum("XA:Z:" in line for lines in together.values() for line in lines) > 100
    for part in (fragments[::7], fragments[5:9], fragments[-1:], fragments[::-1]):
        assert records(part) == {each.number: together[each.number] for each in part}


def test_chunks_do_not_change_records(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fragments = [*many_fragments(demo_panel)[:50], ("none", "", "")]
    texts = []
    for size in (5000, 7, 1):
        monkeypatch.setattr(chunks, "FRAGMENTS", size)
        found = aligned(demo_panel_directory, tmp_path / str(size), fragments)
        texts.append([record.to_string() for name, *_ in fragments for record in found[name]])
    assert len(texts[0]) > 80
    assert texts[0] == texts[1] == texts[2]


# --- What is refused --------------------------------------------------------------------------------

GOOD = fastq_text([("p0", RANDOM[:50], RANDOM[50:100]), ("p1", RANDOM[:50], RANDOM[50:100])])
SECOND_RECORD = GOOD.index(b"@1/2 p0")
AGAIN = "run 'aspsfusion screen' again"

WRONG_FILES = {
    "second mate missing": (GOOD[:SECOND_RECORD], f": mate of fragment 1 is missing; {AGAIN}"),
    "second mate missing in front": (
        GOOD[:SECOND_RECORD] + GOOD[GOOD.index(b"@2/1 p1") :],
        f": mate of fragment 1 is missing; {AGAIN}",
    ),
    "first mate missing": (GOOD[SECOND_RECORD:], f": mate of fragment 1 is missing; {AGAIN}"),
    "truncated": (GOOD[:-60], f", record 4: is no FASTQ as the screen writes it, or ends too early; {AGAIN}"),
    "truncated gzip": (
        gzip.compress(GOOD, mtime=0)[:-4],
        ", record 1: is truncated or damaged (Compressed file ended",
    ),
    "FASTA": (b">p0/1\nACGT\n>p0/2\nACGT\n", ", record 1: is no FASTQ as the screen writes it, or ends"),
    "not text": (b"@1 p0\n\xff\xfe\n+\nII\n", ", record 1: is truncated or damaged ('ascii' codec"),
    "names without numbers": (b"@p0/1\nAC\n+\nII\n", ", record 1: is no FASTQ as the screen writes it, or"),
    "empty": (b"", ": is empty (0 bytes); copy the file again"),
    "missing": (None, ": cannot be read (no such file or directory); give the path of a FASTQ file"),
}


@pytest.mark.parametrize("kind", WRONG_FILES)
def test_wrong_candidates_are_named_in_one_line_and_leave_nothing(
    kind: str, demo_panel_directory: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content, problem = WRONG_FILES[kind]
    reads = tmp_path / "reads.fastq.gz"
    if content is not None:
        reads.write_bytes(content)
    before = sorted(tmp_path.iterdir())
    arguments = ["align", "--panel", str(demo_panel_directory), "--reads", str(reads), "--sample", "s"]
    arguments += ["--output", str(tmp_path / "s.bam"), "--metrics", str(tmp_path / "align.json")]
    assert main(arguments) == 1
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"aspsfusion: error: {reads}{problem}")
    assert shown.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_missing_mate_raises_the_error_of_reads(demo_panel_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "reads").write_bytes(GOOD[:SECOND_RECORD])
    files = AlignFiles(tmp_path / "reads", tmp_path / "s.bam", tmp_path / "align.json")
    with pytest.raises(ReadsError, match="mate of fragment 1 is missing"):
        run_align(demo_panel_directory, files, "s")


@pytest.mark.parametrize("existing", ["s.bam", "align.json"])
def test_existing_file_is_not_replaced(existing: str, demo_panel_directory: Path, tmp_path: Path) -> None:
    reads = write_reads(tmp_path / "reads.fastq.gz", [])
    (tmp_path / existing).write_text("mine")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ParameterError, match=rf"^{tmp_path / existing}: exists already; give another"):
        run_align(demo_panel_directory, AlignFiles(reads, tmp_path / "s.bam", tmp_path / "align.json"), "s")
    assert (tmp_path / existing).read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == before


def test_existing_files_are_replaced_by_force(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    fragment = fragment_of("w", transcript(demo_panel, THREE)[1500:1750])
    reads = write_reads(tmp_path / "reads.fastq.gz", [fragment])
    bam, metrics = tmp_path / "s.bam", tmp_path / "align.json"
    for path in (bam, metrics):
        path.write_text("old")
    arguments = ["align", "--panel", str(demo_panel_directory), "--reads", str(reads), "--sample", "s"]
    arguments += ["--output", str(bam), "--metrics", str(metrics)]
    assert main(arguments) == 1
    assert bam.read_text() == metrics.read_text() == "old"
    assert main([*arguments, "--force"]) == 0
    pysam.quickcheck(str(bam))
    assert json.loads(metrics.read_text())["aligned_fragments"] == 1
