"""The BAM for a genome viewer: supporting reads on their junctions, the others as the aligner left them."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pysam
import pytest

from aspsfusion.call.explain_read import alignments
from aspsfusion.call.junction_contigs import ContigAlignment, align_to_contig
from aspsfusion.call.tag import JUNCTION_TAG, KIND_TAG, run_tag
from aspsfusion.cli import main
from aspsfusion.errors import ReadsError
from stages import Pair, call_pairs, fusion_molecule

CONTIG = "".join(random.Random(7).choices("ACGT", k=400))
JUNCTION = "JUNCTION|ASPSCR1_81996846|TFE3_49034251"
SECONDARY = 0x100


def other(base: str) -> str:
    return "A" if base != "A" else "C"


@dataclass(frozen=True)
class WithForeignMate(Pair):
    """A pair whose second read comes from nowhere in the panel."""

    def reads(self) -> list[str]:
        """Return the first read and a random one."""
        return [super().reads()[0], "".join(random.Random(11).choices("ACGT", k=self.read_length))]


def test_a_read_is_aligned_end_to_end_where_call_placed_it() -> None:
    assert align_to_contig(CONTIG[100:175], CONTIG, 100, 0) == ContigAlignment(100, "75M", 0)
    wrong = CONTIG[100:103] + other(CONTIG[103]) + CONTIG[104:175]
    assert align_to_contig(wrong, CONTIG, 100, 1) == ContigAlignment(100, "75M", 1)


def test_a_read_with_a_gap_keeps_both_sides() -> None:
    missing = CONTIG[100:140] + CONTIG[142:177]
    aligned = align_to_contig(missing, CONTIG, 100, 2)
    assert aligned is not None
    assert (aligned.start, aligned.edits) == (100, 2)
    assert "2D" in aligned.cigar
    more = CONTIG[100:140] + "".join(map(other, CONTIG[140:142])) + CONTIG[140:175]
    aligned = align_to_contig(more, CONTIG, 100, 2)
    assert aligned is not None
    assert "2I" in aligned.cigar


def test_a_read_of_another_transcript_is_clipped_where_it_leaves_the_contig() -> None:
    elsewhere = "".join(random.Random(3).choices("ACGT", k=30))
    aligned = align_to_contig(CONTIG[200:245] + elsewhere, CONTIG, 200, 1)
    assert aligned is not None
    assert aligned.start == 200
    kept = int(aligned.cigar.split("M")[0])
    assert 45 <= kept <= 50  # some bases after it agree by chance
    assert aligned.cigar == f"{kept}M{75 - kept}S"
    before = align_to_contig(elsewhere + CONTIG[:45], CONTIG, -30, 1)
    assert before is not None
    assert before.start == 0
    assert before.cigar.endswith("45M")


def test_a_read_that_fits_nowhere_has_no_place() -> None:
    assert align_to_contig("".join(random.Random(5).choices("ACGT", k=75)), CONTIG, 100, 1) is None


@pytest.fixture(scope="module")
def tagged(demo_panel_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample with split reads, spanning pairs and others, taken through the stages and tagged."""
    directory = tmp_path_factory.mktemp("tagged")
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    pairs = [
        Pair(f"split{n}", molecule[junction - 40 - n : junction + 160], 75, flipped=n % 2 == 1)
        for n in range(4)
    ]
    pairs += [Pair(f"bridge{n}", molecule[junction - 110 - n : junction + 110], 75) for n in range(3)]
    deleted = molecule[junction - 60 : junction - 30] + molecule[junction - 28 : junction + 140]
    pairs.append(Pair("gap", deleted, 75))
    pairs.append(WithForeignMate("foreign", molecule[junction - 35 : junction + 165], 75))
    pairs.append(Pair("single", molecule[junction - 33 : junction + 42], 75, single=True))
    pairs += [
        Pair(f"wild{n}", molecule[junction - 400 - 3 * n : junction - 200 - 3 * n], 75) for n in range(5)
    ]
    call_pairs(demo_panel_directory, directory, pairs)
    run_tag(demo_panel_directory, *paths(directory))
    return directory


def paths(directory: Path) -> tuple[Path, Path, Path, Path]:
    return (
        directory / "panel.bam",  # the aligner's, as the pipeline of the tests names it
        directory / "calls.json",
        directory / "tagged.bam",
        directory / "junctions.fa",
    )


def records(path: Path) -> Iterator[pysam.AlignedSegment]:
    with pysam.AlignmentFile(str(path)) as stream:
        yield from stream.fetch(until_eof=True)


def label(record: pysam.AlignedSegment) -> str:
    """Return the read's own name: a tag in the aligner's BAM, the name in the other one."""
    return str(record.get_tag("YN")) if record.has_tag("YN") else str(record.query_name)


def on_junctions(directory: Path) -> list[pysam.AlignedSegment]:
    """Return the reads that are aligned to junctions, without mates that are only put beside them."""
    return [
        record
        for record in records(directory / "tagged.bam")
        if not record.is_unmapped and str(record.reference_name).startswith("JUNCTION|")
    ]


def test_each_supporting_read_lies_once_on_its_junction(tagged: Path) -> None:
    found = Counter((str(r.query_name), r.is_read2) for r in on_junctions(tagged))
    pairs = [*(f"split{n}" for n in range(4)), *(f"bridge{n}" for n in range(3)), "gap"]
    expected = {(name, second) for name in pairs for second in (False, True)}
    assert found == Counter(expected | {("foreign", False), ("single", False)})
    kinds = {str(r.query_name): r.get_tag(KIND_TAG) for r in on_junctions(tagged)}
    assert {name.rstrip("0123"): kind for name, kind in kinds.items()} == {
        "split": "split",
        "bridge": "spanning",
        "gap": "split",
        "foreign": "split",
        "single": "split",
    }


def test_bases_on_a_junction_are_those_of_the_reference_but_for_the_edits(tagged: Path) -> None:
    with pysam.FastaFile(str(tagged / "junctions.fa")) as fasta:
        for record in on_junctions(tagged):
            reference = fasta.fetch(record.reference_name)
            pairs = record.get_aligned_pairs()
            differing = sum(
                record.query_sequence[base] != reference[place]  # type: ignore[index]
                for base, place in pairs
                if base is not None and place is not None
            )
            gaps = sum(length for operation, length in record.cigartuples or () if operation in (1, 2))
            assert record.get_tag("NM") == differing + gaps
            assert gaps == (2 if record.query_name == "gap" and not record.is_read2 else 0)
            assert differing == 0
            assert record.query_qualities == pysam.qualitystring_to_array("I" * record.query_length)


def test_the_aligners_records_stay_but_for_tags_and_the_mark_secondary(tagged: Path) -> None:
    def places(path: Path) -> Counter[tuple[object, ...]]:
        return Counter(
            (
                label(r),
                r.flag & ~SECONDARY,
                r.reference_name,
                r.reference_start,
                r.cigarstring,
                r.query_sequence,
            )
            for r in records(path)
            if not str(r.reference_name).startswith("JUNCTION|") and label(r) != "foreign"
        )

    assert places(tagged / "tagged.bam") == places(tagged / "panel.bam")
    supporting = {str(r.query_name) for r in on_junctions(tagged)}
    for record in records(tagged / "tagged.bam"):
        assert record.has_tag(JUNCTION_TAG) == (record.query_name in supporting)
        if record.has_tag(JUNCTION_TAG):
            assert record.get_tag(JUNCTION_TAG) == JUNCTION


def test_each_read_has_one_primary_record(tagged: Path) -> None:
    primary = Counter(
        (label(r), r.is_read2)
        for r in records(tagged / "tagged.bam")
        if not (r.is_secondary or r.is_supplementary)
    )
    assert set(primary.values()) == {1}
    assert set(primary) == {(label(r), r.is_read2) for r in records(tagged / "panel.bam")}


def test_mates_on_a_junction_point_at_each_other(tagged: Path) -> None:
    by_name: dict[str, list[pysam.AlignedSegment]] = {}
    for record in on_junctions(tagged):
        by_name.setdefault(str(record.query_name), []).append(record)
    left, right = by_name["bridge0"]
    assert (left.next_reference_name, left.next_reference_start) == (JUNCTION, right.reference_start)
    assert left.is_proper_pair
    assert left.template_length == -right.template_length == 220
    (crossing,) = by_name["foreign"]
    assert crossing.mate_is_unmapped
    (foreign,) = (r for r in records(tagged / "tagged.bam") if r.query_name == "foreign" and r.is_read2)
    assert foreign.is_unmapped
    assert (foreign.reference_name, foreign.reference_start) == (JUNCTION, crossing.reference_start)


def test_the_fasta_has_the_sequences_of_the_bam(tagged: Path) -> None:
    with (
        pysam.AlignmentFile(str(tagged / "tagged.bam")) as bam,
        pysam.FastaFile(str(tagged / "junctions.fa")) as fasta,
    ):
        assert list(bam.references) == list(fasta.references)
        assert list(bam.lengths) == list(fasta.lengths)
        assert bam.references[-1] == JUNCTION
        assert bam.count(JUNCTION) == len(on_junctions(tagged)) + 1  # and the mate that is nowhere
        (line,) = (line for line in bam.header.to_dict()["SQ"] if line["SN"] == JUNCTION)
        assert "ASPSCR1-TFE3-e7-e6" in line["DS"]


def test_the_header_says_what_was_done_without_paths(tagged: Path) -> None:
    with pysam.AlignmentFile(str(tagged / "tagged.bam")) as bam:
        programs = bam.header.to_dict()["PG"]
    assert [(one["ID"], one.get("PP")) for one in programs] == [
        ("aspsfusion.align", None),
        ("aspsfusion.call", "aspsfusion.align"),
        ("aspsfusion.tag", "aspsfusion.call"),
    ]
    assert programs[1]["CL"].startswith("aspsfusion call --min-anchor 10 ")
    assert not any("/" in one["CL"] or "threads" in one["CL"] for one in programs)


def test_the_session_opens_files_beside_it_at_the_junction(
    tagged: Path, demo_panel_directory: Path, tmp_path: Path
) -> None:
    bam, calls, *_ = paths(tagged)
    written = [tmp_path / "S & <1>.panel.bam", tmp_path / "S.junctions.fa"]
    session = tmp_path / "sessions" / "S.igv.xml"
    run_tag(demo_panel_directory, bam, calls, *written, session=session)
    root = ElementTree.parse(session).getroot()
    (resource,) = root.iter("Resource")
    named = [root.attrib["genome"], resource.attrib["path"], resource.attrib["index"]]
    assert [(session.parent / path).resolve() for path in named] == [
        written[1],
        written[0],
        Path(f"{written[0]}.bai"),
    ]
    assert all((session.parent / path).is_file() for path in named)
    contig, _, places = root.attrib["locus"].rpartition(":")
    assert contig == JUNCTION
    first, last = map(int, places.split("-"))
    with pysam.FastaFile(str(written[1])) as fasta:
        molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
        shown = fasta.fetch(contig, first - 1, last)
    assert shown == molecule[junction - 150 : junction + 150]


def test_a_second_run_gives_the_same_bytes(tagged: Path, demo_panel_directory: Path, tmp_path: Path) -> None:
    bam, calls, output, fasta = paths(tagged)
    run_tag(demo_panel_directory, bam, calls, tmp_path / "tagged.bam", tmp_path / "junctions.fa")
    for path in (output, Path(f"{output}.bai"), fasta, Path(f"{fasta}.fai")):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        *("tagged.bam", "tagged.bam.bai", "junctions.fa", "junctions.fa.fai"),
    }


def test_explain_tells_where_a_tagged_read_lies(tagged: Path) -> None:
    lines = alignments(tagged / "tagged.bam", "split0")
    assert any(line.startswith(f"read 1: {JUNCTION}:") for line in lines)


def test_files_of_another_sample_are_refused(
    tagged: Path, demo_panel_directory: Path, tmp_path: Path
) -> None:
    bam, calls, _, _ = paths(tagged)
    fewer = tmp_path / "fewer.bam"
    with (
        pysam.AlignmentFile(str(bam)) as source,
        pysam.AlignmentFile(str(fewer), "wb", template=source) as out,
    ):
        for record in source.fetch(until_eof=True):
            if record.get_tag("YN") != "split1":
                out.write(record)
    with pytest.raises(ReadsError, match="does not hold read split1, which the calls name"):
        run_tag(demo_panel_directory, fewer, calls, tmp_path / "o.bam", tmp_path / "o.fa")
    with pytest.raises(ReadsError, match="aligned to another panel"):
        run_tag(demo_panel_directory, tagged / "tagged.bam", calls, tmp_path / "o.bam", tmp_path / "o.fa")
    assert [path.name for path in tmp_path.iterdir()] == ["fewer.bam"]


def test_nothing_is_replaced_without_being_asked(
    tagged: Path, demo_panel_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bam, calls, output, fasta = map(str, paths(tagged))
    command = ["tag", "--panel", str(demo_panel_directory), "--bam", bam, "--calls", calls]
    assert main([*command, "--output", output, "--reference", fasta]) == 1
    assert "exists already" in capsys.readouterr().err
    assert main([*command, "--output", output, "--reference", fasta, "--force"]) == 0
    assert "10 supporting fragments" in capsys.readouterr().out


def test_a_junction_that_is_not_reported_is_there_and_says_so(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    inside = molecule[: junction - 57] + molecule[junction + 43 :]  # both breakpoints within exons
    crossing = [Pair("once", inside[junction - 57 - 40 : junction - 57 + 140], 75)]
    calls = call_pairs(demo_panel_directory, tmp_path, crossing)
    assert [bool(found.rejections) for found in calls.junctions] == [True]
    run_tag(demo_panel_directory, *paths(tmp_path))
    with pysam.AlignmentFile(str(tmp_path / "tagged.bam")) as bam:
        line = bam.header.to_dict()["SQ"][-1]
        assert f"not reported ({', '.join(calls.junctions[0].rejections)})" in line["DS"]
        assert bam.count(line["SN"]) == 2


def test_a_sample_without_junctions_has_the_aligners_records_alone(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    call_pairs(demo_panel_directory, tmp_path, [Pair("wild", molecule[junction - 400 : junction - 200], 75)])
    run_tag(demo_panel_directory, *paths(tmp_path))
    before, after = (
        [r.to_string().split("\t")[1:11] for r in records(tmp_path / name)]
        for name in ("panel.bam", "tagged.bam")
    )
    assert before == after
    assert len(before) == 2


def test_reads_whose_names_do_not_identify_them_carry_their_numbers(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    """Equal names, names longer than BAM can hold, names of bytes that it excludes."""
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    long = "n" * 300
    labels = ["same", "same", "own", f"{long}1", f"{long}2", "l\xe4ser@x"]
    pairs = [Pair(label, molecule[junction - 30 - n : junction + 170], 75) for n, label in enumerate(labels)]
    call_pairs(demo_panel_directory, tmp_path, pairs)
    run_tag(demo_panel_directory, *paths(tmp_path))
    names = {str(r.query_name) for r in on_junctions(tmp_path)}
    assert names == {"same#1", "same#2", "own", f"{'n' * 252}#4", f"{'n' * 252}#5", "l_ser_x"}
    for name, found in (("same", 4), ("same#2", 2), ("own", 2), (f"{long}1", 2), (f"{long}2#5", 2)):
        lines = alignments(tmp_path / "tagged.bam", name)
        assert len([line for line in lines if JUNCTION in line]) == found
    assert alignments(tmp_path / "tagged.bam", "same#3") == []
