"""Reads of BAM, CRAM and SAM files give what the same reads give as FASTQ, or it is said what is lost."""

import gzip
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aspsfusion.errors import ReadsError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import load_panel
from aspsfusion.screen.extract import run_extract
from aspsfusion.screen.extract_metrics import LOCUS_PADDING
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen
from bam_factory import (
    FIRST,
    GRCH37_LENGTHS,
    GRCH38_LENGTHS,
    MATE_UNMAPPED,
    MOUSE_LENGTHS,
    PAIRED,
    PROPER,
    REVERSE,
    SECOND,
    SECONDARY,
    SUPPLEMENTARY,
    UNMAPPED,
    Record,
    pair,
    placed,
    placed_pair,
    write_records,
)
from small_panel import FIVE_TRANSCRIPT, THREE_TRANSCRIPT, SmallPanel, random_bases
from stages import Pair, fusion_molecule

FUSED = FIVE_TRANSCRIPT[:120] + THREE_TRANSCRIPT[80:]
"""FIVE up to exon 2, THREE from exon 2 on."""

READ = 60
LENGTHS = {"chr2": 242193529, "chrX": 156040895}
"""Chromosomes of the small panel's targets, as long as in GRCh38."""


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small panel, built."""
    small = SmallPanel.in_directory(tmp_path_factory.mktemp("small"))
    small.build()
    return small.output


def fragments(count: int, source: str = FUSED, name: str = "f") -> list[list[Record]]:
    """Unaligned pairs that slide over a sequence."""
    result = []
    for index in range(count):
        start = (index * 7) % (len(source) - 100)
        reads = Pair(f"{name}{index}", source[start : start + 100], READ, flipped=bool(index % 2)).reads()
        result.append(pair(f"{name}{index}", *reads))
    return result


def background(count: int) -> list[list[Record]]:
    """Unaligned pairs that are not of the panel."""
    return fragments(count, random_bases(5000, seed=77), name="other")


def flat(groups: Sequence[Sequence[Record]]) -> list[Record]:
    return [record for group in groups for record in group]


def extract(
    panel: Path, alignments: Path, reference: Path | None = None
) -> tuple[dict[str, tuple[str, str]], dict[str, Any]]:
    """Return the candidates by label, mate and UMI (bases and qualities), and the metrics."""
    output, metrics = alignments.with_suffix(".fastq.gz"), alignments.with_suffix(".json")
    run_extract(panel, alignments, output, metrics, reference, force=True)
    lines = gzip.decompress(output.read_bytes()).decode().splitlines()
    assert len(set(lines[::4])) == len(lines) // 4
    return by_label(lines), json.loads(metrics.read_text())


def by_label(lines: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return bases and qualities by `LABEL[/1|/2][ RX:Z:UMI]`; labels do not repeat."""
    reads = {}
    for i in range(0, len(lines), 4):
        number, label, *umi = lines[i][1:].split(" ")
        suffix = number[number.find("/") :] if "/" in number else ""
        reads[" ".join([label + suffix, *umi])] = (lines[i + 1], lines[i + 3])
    assert len(reads) == len(lines) // 4
    return reads


def as_fastq(panel: Path, directory: Path, groups: Sequence[Sequence[Record]]) -> tuple[dict[str, Any], Any]:
    """Return candidates and metrics of the same pairs given as FASTQ, tags behind the names."""

    def header(record: Record) -> str:
        return "\t".join([f"@{record.name}", *(f"{tag}:Z:{value}" for tag, value in record.tags)])

    paths = [directory / f"R{mate}.fastq" for mate in (1, 2)]
    for mate, path in enumerate(paths):
        path.write_text(
            "".join(
                f"{header(g[mate])}\n{g[mate].bases}\n+\n{g[mate].qualities or 'I' * len(g[mate].bases)}\n"
                for g in groups
            )
        )
    output, metrics = directory / "screened.fastq.gz", directory / "screened.json"
    run_screen(panel, [Lane(paths[0], paths[1])], output, metrics, force=True)
    lines = gzip.decompress(output.read_bytes()).decode().splitlines()
    return by_label(lines), json.loads(metrics.read_text())


def with_qualities(groups: Sequence[Sequence[Record]]) -> list[list[Record]]:
    """The pairs with qualities that differ from base to base and read to read."""
    source = random.Random(5)
    return [
        [replace(r, qualities="".join(source.choices("#+5?I", k=len(r.bases)))) for r in group]
        for group in groups
    ]


# --- The same as FASTQ ------------------------------------------------------------------------------


def test_unaligned_bam_equals_fastq(panel: Path, tmp_path: Path) -> None:
    groups = with_qualities(fragments(12) + background(20))
    reads, metrics = extract(panel, write_records(tmp_path / "u.bam", flat(groups)))
    screened, expected = as_fastq(panel, tmp_path, groups)
    assert reads == screened
    assert len(reads) == 24
    shared = {key: value for key, value in expected.items() if key not in ("lanes", "inputs")}
    assert {key: metrics[key] for key in shared} == shared
    assert metrics["input"] == "unaligned BAM"
    assert metrics["incomplete"] == []


def test_single_reads(panel: Path, tmp_path: Path) -> None:
    records = [
        Record("hit", FUSED[80:140]),
        Record("reverse", reverse_complement(FUSED[90:150])),
        Record("other", random_bases(60, seed=8)),
    ]
    records[1] = placed(records[1], "chr2", 500, reverse=True)
    reads, metrics = extract(panel, write_records(tmp_path / "s.bam", records, LENGTHS))
    assert {name: bases for name, (bases, _) in reads.items()} == {
        "hit": FUSED[80:140],
        "reverse": reverse_complement(FUSED[90:150]),
    }
    assert (metrics["layout"], metrics["total_reads"], metrics["total_fragments"]) == ("single", 3, 3)


@st.composite
def alignments(draw: st.DrawFn, groups: Sequence[Sequence[Record]]) -> list[Record]:
    """The pairs as any aligner may have left them: placed or not, clipped, split, in any order."""
    records = []
    for group in groups:
        states = [
            draw(st.sampled_from(["unmapped", "forward", "reverse", "clipped", "split"])) for _ in group
        ]
        for record, state, other in zip(group, states, reversed(states), strict=True):
            flag = record.flag & ~MATE_UNMAPPED | (MATE_UNMAPPED if other == "unmapped" else 0)
            record = replace(record, flag=flag)
            if state == "unmapped":
                records.append(record)
                continue
            contig = draw(st.sampled_from(sorted(LENGTHS)))
            position = draw(st.integers(0, 10_000_000))
            length = len(record.bases)
            cigar = f"20S{length - 20}M" if state in ("clipped", "split") else ""
            primary = placed(record, contig, position, reverse=state == "reverse", cigar=cigar)
            records.append(primary)
            if state == "split":
                piece = replace(primary, bases=record.bases[:20], cigar=f"20M{length - 20}H", position=9)
                piece = replace(piece, qualities=record.qualities[:20])
                records.append(replace(piece, flag=piece.flag | SUPPLEMENTARY))
                records.append(replace(piece, flag=piece.flag | SECONDARY, contig="chrX"))
    # A fragment without a place and one with a place, as every complete file has them.
    records += pair("nowhere", random_bases(60, seed=41), random_bases(60, seed=42))
    records += placed_pair("somewhere", random_bases(60, seed=43), random_bases(60, seed=44), "chr2", 7)
    return draw(st.permutations(records))


GROUPS = with_qualities(fragments(6) + background(3))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=alignments(GROUPS), suffix=st.sampled_from([".bam", ".sam"]))
def test_no_alignment_changes_the_candidates(
    panel: Path, tmp_path: Path, records: list[Record], suffix: str
) -> None:
    reads, metrics = extract(panel, write_records(tmp_path / f"a{suffix}", records, LENGTHS))
    expected = {f"{r.name}/{n}": (r.bases, r.qualities) for g in GROUPS[:6] for n, r in enumerate(g, start=1)}
    assert reads == expected
    assert metrics["total_fragments"] == 11
    assert not [text for text in metrics["incomplete"] if "locus" not in text]


FILTERS: dict[str, Callable[[Record], bool]] = {
    "mapped only": lambda r: not r.flag & UNMAPPED,
    "unmapped only": lambda r: bool(r.flag & UNMAPPED),
    "both mates mapped": lambda r: not r.flag & (UNMAPPED | MATE_UNMAPPED),
    "proper pairs": lambda r: bool(r.flag & PROPER),
    "first mates": lambda r: bool(r.flag & FIRST),
    "second mates": lambda r: bool(r.flag & SECOND),
    "no forward reads": lambda r: bool(r.flag & (REVERSE | UNMAPPED)),
    "one chromosome": lambda r: r.contig == "chr2",
    "one end of it": lambda r: r.contig == "chr2" and r.position < 5_000_000,
    "no soft clips": lambda r: "S" not in r.cigar,
    "supplementary only": lambda r: bool(r.flag & SUPPLEMENTARY),
    "no primary with clips": lambda r: "S" not in r.cigar or bool(r.flag & (SUPPLEMENTARY | SECONDARY)),
}
"""What laboratories filter BAM files by; each may remove the reads across a junction and nothing else."""


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=alignments(GROUPS), kept=st.sampled_from(sorted(FILTERS)))
def test_no_filter_loses_a_fragment_in_silence(
    panel: Path, tmp_path: Path, records: list[Record], kept: str
) -> None:
    """Either every read across the junction is there, or the metrics say that the file is incomplete.

    Where a filter takes whole fragments and leaves others, no trace of them is in the file; that cannot be
    seen, and is not asked for here: each such fragment is one of which both mates were split.
    """
    left = [record for record in records if FILTERS[kept](record)]
    primary = [r for r in left if not r.flag & (SECONDARY | SUPPLEMENTARY)]
    if not primary:
        if left:
            with pytest.raises(ReadsError, match="holds no reads"):
                extract(panel, write_records(tmp_path / "f.bam", left, LENGTHS))
        return
    reads, metrics = extract(panel, write_records(tmp_path / "f.bam", left, LENGTHS))
    everything = {f"{r.name}/{n}" for g in GROUPS[:6] for n, r in enumerate(g, start=1)}
    lost = {name[:-2] for name in everything - set(reads)}
    whole = {r.name for r in records} - {r.name for r in left}
    if lost - whole:
        assert metrics["incomplete"]
    if kept not in ("no soft clips", "no primary with clips", "no forward reads") and lost:
        assert metrics["incomplete"]


# --- What a fragment is -----------------------------------------------------------------------------


def test_a_fragment_is_written_once_and_as_sequenced(panel: Path, tmp_path: Path) -> None:
    first, second = with_qualities(fragments(1))[0]
    records = [
        placed(first, "chr2", 300, cigar="20M40S"),
        replace(placed(first, "chrX", 900, cigar="20S40M"), flag=PAIRED | FIRST | SUPPLEMENTARY),
        replace(placed(first, "chrX", 800), flag=PAIRED | FIRST | SECONDARY),
        placed(second, "chrX", 800, reverse=True, cigar="60M"),
        *pair("nowhere", "ACGT" * 15, "TTGCA" * 12),
    ]
    reads, metrics = extract(panel, write_records(tmp_path / "x.bam", records, LENGTHS))
    assert reads == {
        "f0/1": (first.bases, first.qualities),
        "f0/2": (second.bases, second.qualities),
    }
    assert metrics["not_primary_records"] == 2
    assert metrics["total_reads"] == 4


def test_umi_of_the_rx_tag_stands_behind_the_name(panel: Path, tmp_path: Path) -> None:
    records = [
        replace(r, tags=(("RX", "ACGT-TTGC"), ("QX", "IIII IIII"))) for r in flat(fragments(1))
    ] + flat(fragments(1, name="plain"))
    reads, _ = extract(panel, write_records(tmp_path / "umi.bam", records))
    assert list(reads) == ["f0/1 RX:Z:ACGT-TTGC", "f0/2 RX:Z:ACGT-TTGC", "plain0/1", "plain0/2"]


@pytest.mark.parametrize("tag", ["OX", "MI", "UB", "UR"])
def test_umi_of_other_tags(panel: Path, tmp_path: Path, tag: str) -> None:
    tags = (("CB", "AAAA"), (tag, "ACGT"), ("BC", "CCCC"))
    records = [replace(r, tags=tags) for r in flat(fragments(1))]
    reads, _ = extract(panel, write_records(tmp_path / "umi.bam", records))
    assert list(reads) == ["f0/1 RX:Z:ACGT", "f0/2 RX:Z:ACGT"]


def test_umi_comes_from_fastq_as_from_bam(panel: Path, tmp_path: Path) -> None:
    groups = [
        [replace(r, tags=(("QX", "IIII IIII"), ("RX", "ACGT-TTGC"))) for r in group] for group in fragments(3)
    ]
    reads, _ = extract(panel, write_records(tmp_path / "umi.bam", flat(groups)))
    screened, _ = as_fastq(panel, tmp_path, groups)
    assert screened == reads


def test_mate_numbers_in_names_are_no_part_of_them(panel: Path, tmp_path: Path) -> None:
    first, second = fragments(1)[0]
    records = [replace(first, name="f0/1"), replace(second, name="f0/2")]
    reads, metrics = extract(panel, write_records(tmp_path / "n.bam", records))
    assert list(reads) == ["f0/1", "f0/2"]
    assert metrics["incomplete"] == []


def test_qualities_that_are_missing_are_made_up(panel: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.sam"
    path.write_text(f"@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\t{FUSED[80:140]}\t*\n")
    reads, metrics = extract(panel, path)
    assert reads == {"r": (FUSED[80:140], "?" * 60)}
    assert (metrics["mean_quality"], metrics["q30_fraction"]) == (None, None)


def test_a_sorted_file_merged_with_itself_has_each_read_once(panel: Path, tmp_path: Path) -> None:
    records = [r for n in range(2) for r in placed_fusion(f"f{n}", 10 * n)]
    merged = sorted([*records, *records], key=lambda r: (r.position, r.flag))
    reads, metrics = extract(panel, write_records(tmp_path / "twice.bam", merged, LENGTHS))
    assert len(reads) == 4
    assert metrics["repeated_records"] == 4
    assert not [text for text in metrics["incomplete"] if "names" in text]


def placed_fusion(name: str, start: int) -> list[Record]:
    """A pair of the fusion with a place, its second mate far from the first one."""
    first, second = fragments(1, FUSED[start:])[0]
    one = replace(placed(replace(first, name=name), "chr2", 200 + start), mate=("chrX", 900 + start))
    two = placed(replace(second, name=name), "chrX", 900 + start, reverse=True)
    two = replace(two, mate=("chr2", 200 + start))
    return [replace(mate, flag=mate.flag & ~MATE_UNMAPPED) for mate in (one, two)]


def candidates(panel: Path, alignments: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the header and the bases of each candidate read, by number, and what the file lacks."""
    output, metrics = alignments.with_suffix(".fastq.gz"), alignments.with_suffix(".json")
    run_extract(panel, alignments, output, metrics, force=True)
    lines = gzip.decompress(output.read_bytes()).decode("utf-8", "surrogateescape").splitlines()
    reads = [(lines[i], lines[i + 1]) for i in range(0, len(lines), 4)]
    incomplete = json.loads(metrics.read_text())["incomplete"]
    reads.sort(key=lambda read: int(read[0][1:].split(" ")[0].split("/")[0]))
    return reads, [text for text in incomplete if "locus" not in text and "unmapped fragment" not in text]


def named(reads: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The reads with one label."""
    return [(header.split(" ")[0], bases) for header, bases in reads]


@pytest.mark.parametrize("order", ["as they are", "second first", "with singles", "supplementary between"])
def test_neighbours_are_mates_whatever_their_names(panel: Path, tmp_path: Path, order: str) -> None:
    results = []
    for equal in (False, True):
        groups = fragments(6) + background(3)
        if order == "second first":
            groups = [group[::-1] if n % 2 else group for n, group in enumerate(groups)]
        if order == "with singles":
            groups.insert(2, [Record("single", FUSED[80:140])])
        if order == "supplementary between":
            extra = replace(groups[0][0], flag=groups[0][0].flag | SUPPLEMENTARY)
            groups[0].insert(1, extra)
        records = [replace(r, name="one") if equal else r for r in flat(groups)]
        results.append(candidates(panel, write_records(tmp_path / "n.bam", records)))
    assert named(results[0][0]) == named(results[1][0])
    assert len(results[0][0]) == (13 if order == "with singles" else 12)
    assert results[0][1] == results[1][1] == []


@pytest.mark.parametrize("names", ["lanes", "one"])
@pytest.mark.parametrize("groups", [1, 3])
def test_mates_of_a_sorted_file_are_told_by_their_places(
    panel: Path, tmp_path: Path, names: str, groups: int
) -> None:
    results = []
    for equal in (False, True):
        records = []
        for n in range(9):
            name = f"f{n}" if not equal else f"f{n % 3}" if names == "lanes" else "one"
            tags = (("RG", f"lane{n % groups}"),)
            records += [replace(r, tags=tags) for r in placed_fusion(name, 10 * n)]
        for n in range(40):
            name = f"other{n}" if not equal else "f0" if names == "lanes" else "one"
            first, second = (random_bases(60, seed=1000 + 2 * n + mate) for mate in (0, 1))
            records += placed_pair(name, first, second, "chr2", 5 * n)
        for n in range(3):
            records += [replace(r, name=r.name if not equal else "one") for r in fragments(3, name="u")[n]]
        records.sort(key=lambda r: (r.contig or "z", r.position))
        results.append(candidates(panel, write_records(tmp_path / "s.bam", records, LENGTHS)))
    assert named(results[0][0]) == named(results[1][0])
    assert len(results[0][0]) == 24
    assert results[0][1] == results[1][1] == []


def test_mates_that_fit_several_ways_are_ambiguous(panel: Path, tmp_path: Path) -> None:
    """Two pairs of one name at one place, whose reads differ."""
    one, other = placed_fusion("same", 0), placed_fusion("same", 0)
    other = [
        replace(r, bases=r.bases[:30] + ("A" if r.bases[30] != "A" else "C") + r.bases[31:]) for r in other
    ]
    records = [one[0], other[0], one[1], other[1]]
    reads, incomplete = candidates(panel, write_records(tmp_path / "s.bam", records, LENGTHS))
    assert len(reads) == 4
    assert [text for text in incomplete if "cannot be told" in text]


def test_unplaced_strangers_of_one_name_are_not_joined(panel: Path, tmp_path: Path) -> None:
    """First and second mates apart, as a sort by name leaves them: nothing says which belong together."""
    groups = [[replace(r, name="one") for r in group] for group in fragments(3)]
    records = [group[mate] for mate in (0, 1) for group in groups]
    reads, incomplete = candidates(panel, write_records(tmp_path / "s.bam", records))
    assert len(reads) == 6
    assert not [header for header, _ in reads if "/" in header.split(" ")[0]]
    assert [text for text in incomplete if "cannot be told" in text]


def test_reverse_reads_without_qualities(panel: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.sam"
    header = "@HD\tVN:1.6\n@SQ\tSN:chr2\tLN:242193529\n"
    path.write_text(f"{header}r\t16\tchr2\t100\t60\t60M\t*\t0\t0\t{FUSED[80:140]}\t*\n")
    reads, _ = extract(panel, path)
    assert reads == {"r": (reverse_complement(FUSED[80:140]), "?" * 60)}


def test_names_of_any_bytes(panel: Path, tmp_path: Path) -> None:
    path = tmp_path / "n.sam"
    name = b"l\xe4ser\xff"
    path.write_bytes(b"@HD\tVN:1.6\n" + name + f"\t4\t*\t0\t0\t*\t*\t0\t0\t{FUSED[80:140]}\t*\n".encode())
    reads, _ = candidates(panel, path)
    assert reads == [("@1 " + name.decode("utf-8", "surrogateescape"), FUSED[80:140])]


# --- What a file cannot show -----------------------------------------------------------------------

LOCUS = {"FIVE": ("chr2", 100), "THREE": ("chrX", 100)}


def complete(extra: Sequence[Record] = ()) -> list[Record]:
    """An aligned sample in which nothing is missing."""
    return [
        *placed_pair("five", FIVE_TRANSCRIPT[:60], reverse_complement(FIVE_TRANSCRIPT[80:140]), "chr2", 100),
        *placed_pair(
            "three", THREE_TRANSCRIPT[:60], reverse_complement(THREE_TRANSCRIPT[80:140]), "chrX", 100
        ),
        *pair("nowhere", random_bases(60, seed=41), random_bases(60, seed=42)),
        *extra,
    ]


def test_a_complete_file_has_nothing_to_say(panel: Path, tmp_path: Path) -> None:
    _, metrics = extract(panel, write_records(tmp_path / "c.bam", complete(), LENGTHS, program="STAR"))
    assert metrics["incomplete"] == []
    assert metrics["reads_at_target_loci"] == {"FIVE": 2, "THREE": 2}
    assert metrics["input"] == "BAM aligned to GRCh38 by STAR"
    assert metrics["input_build"] == "GRCh38"


def baseless(name: str, contig: str, position: int, mate: int, count: int = 2) -> list[Record]:
    """Secondary and supplementary records without bases, as minimap2 and `bwa mem -a` write them."""
    flags = (PAIRED | mate | kind for kind in (SECONDARY, SUPPLEMENTARY))
    return [Record(name, "", flag, contig, position, "30S30M") for flag in flags][:count]


def changed(change: str) -> list[Record]:
    """A sample of which something is missing."""
    records = complete()
    first, second = fragments(1)[0]
    if change == "unmapped":
        return [r for r in records if not r.flag & UNMAPPED]
    if change == "unmapped mates":
        mate = replace(placed(first, "chr2", 400), flag=PAIRED | FIRST | MATE_UNMAPPED)
        return [*records, mate]
    if change == "mate":
        return [*records, replace(placed(first, "chr2", 400), flag=PAIRED | FIRST)]
    if change == "primary":
        piece = replace(placed(first, "chr2", 400, cigar="30H30M"), flag=PAIRED | FIRST | SUPPLEMENTARY)
        return [*records, replace(piece, bases=first.bases[30:])]
    if change == "primary and bases":
        return [*records, *baseless("lost", "chrX", 9_000, FIRST), *baseless("f0", "chr2", 400, SECOND)]
    if change == "hard clips":
        piece = replace(placed(first, "chr2", 400, cigar="30H30M"), bases=first.bases[30:])
        return [*records, piece, placed(second, "chrX", 800, reverse=True)]
    if change == "bases":
        return [*records, *pair("empty", "", "")]
    assert change == "locus"
    return [r for r in records if r.contig != "chrX"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("unmapped", "The file holds no unmapped fragment"),
        ("unmapped mates", "The unmapped mates of 1 mapped reads are not in the file"),
        ("mate", "1 reads of the panel's genes have lost their mate"),
        ("primary", "1 chimeric or secondary alignments to the panel's genes have no primary record"),
        ("primary and bases", "2 reads have chimeric or secondary alignments without bases and no primary"),
        ("hard clips", "1 reads of the panel's genes are hard-clipped"),
        ("bases", "2 reads of the file have no bases"),
        ("locus", "No read is aligned at the locus of THREE."),
    ],
)
def test_what_is_missing_is_said(panel: Path, tmp_path: Path, change: str, sentence: str) -> None:
    _, metrics = extract(panel, write_records(tmp_path / "m.bam", changed(change), LENGTHS))
    assert any(text.startswith(sentence) for text in metrics["incomplete"]), metrics["incomplete"]


@pytest.mark.parametrize("sort", [False, True])
def test_records_without_bases_are_ordinary_beside_their_primary_ones(
    panel: Path, tmp_path: Path, sort: bool
) -> None:
    records = [
        more
        for record in complete()
        for more in (record, *baseless(record.name, "chrX", 9_000, record.flag & (FIRST | SECOND)))
    ]
    records = records[::-1] if sort else records
    path = write_records(tmp_path / "c.bam", records, LENGTHS)
    assert extract(panel, path)[1]["incomplete"] == []


def test_one_mate_of_which_only_records_without_bases_are_left_is_missed(panel: Path, tmp_path: Path) -> None:
    """As many first as second mates are lost, so that the file looks whole."""
    lost = [("p", FIRST), ("q", SECOND)]
    pairs = flat([placed_pair(name, "ACGT" * 15, "TTGCA" * 12, "chr2", 400) for name in ("p", "q")])
    left = [r for r in pairs if (r.name, r.flag & (FIRST | SECOND)) not in lost]
    records = [*complete(left), *(r for name, kind in lost for r in baseless(name, "chrX", 9_000, kind))]
    _, metrics = extract(panel, write_records(tmp_path / "c.bam", records, LENGTHS))
    assert [text.split(" and no")[0] for text in metrics["incomplete"]] == [
        "2 reads have chimeric or secondary alignments without bases"
    ]


@pytest.mark.parametrize(("lengths", "missed"), [(LENGTHS, 0), ({"chrX": 100_000_000, "chr2": 2_000_000}, 3)])
def test_far_from_the_targets_only_an_unknown_genome_asks_for_primary_records(
    panel: Path, tmp_path: Path, lengths: dict[str, int], missed: int
) -> None:
    away = [record for i in range(3) for record in baseless(f"away{i}", "chrX", 49_100_000, FIRST)]
    path = write_records(tmp_path / "a.bam", [*pair("x", "ACGT" * 15, "TTGCA" * 12), *away], lengths)
    texts = [text for text in extract(panel, path)[1]["incomplete"] if "without bases" in text]
    assert [int(text.split()[0]) for text in texts] == [missed] * bool(missed)


def test_few_records_without_bases_are_held_at_once(
    panel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more than are held every second one is looked for; what is there is never missed."""
    monkeypatch.setattr("aspsfusion.screen.bam_mates.MOST_BASELESS", 10)
    pairs = [pair(f"r{i}", random_bases(60, seed=i), random_bases(60, seed=100 + i)) for i in range(50)]
    more = [record for first, _ in pairs for record in baseless(first.name, "chrX", 9_000, FIRST, 1)]
    held = [
        extract(panel, write_records(tmp_path / "h.bam", records, LENGTHS))[1]["incomplete"]
        for records in ([*more, *flat(pairs)], [*more, *flat(pairs[:1])])
    ]
    numbers = [[int(text.split()[0]) for text in texts if "without bases" in text] for texts in held]
    assert numbers[0] == []
    assert 3 <= numbers[1][0] <= 10


@pytest.mark.parametrize(
    ("lengths", "words", "build"),
    [
        (GRCH38_LENGTHS, "BAM aligned to GRCh38 by aligner", "GRCh38"),
        (GRCH37_LENGTHS, "BAM aligned to GRCh37 by aligner", "GRCh37"),
        ({"NC_000017.10": 81195210, "NC_000023.10": 155270560}, "BAM aligned to GRCh37 by aligner", "GRCh37"),
        ({"scaffold7": 3456}, "BAM aligned to sequences of no known genome build by aligner", None),
        (
            {"chr17": 83257441, "chrX": 1},
            "BAM aligned to sequences of no known genome build by aligner",
            None,
        ),
    ],
)
def test_build_is_told_from_the_header(
    panel: Path, tmp_path: Path, lengths: dict[str, int], words: str, build: str | None
) -> None:
    contig = next(iter(lengths))
    records = placed_pair("x", FUSED[:60], reverse_complement(FUSED[60:120]), contig, 0)
    reads, metrics = extract(panel, write_records(tmp_path / "b.bam", records, lengths))
    assert (metrics["input"], metrics["input_build"]) == (words, build)
    assert len(reads) == 2


def test_mouse_genome_is_refused(panel: Path, tmp_path: Path) -> None:
    path = write_records(tmp_path / "m.bam", complete_on(MOUSE_LENGTHS), MOUSE_LENGTHS)
    with pytest.raises(
        ReadsError, match="aligned to GRCm38, a mouse genome; give the reads of a human sample"
    ):
        extract(panel, path)


TRANSCRIPTS = {
    "Ensembl": {f"ENST0000030{n:04}.8": 1000 + n for n in range(300)},
    "Gencode": {f"ENST0000030{n:04}.8|ENSG00000068323.16|TFE3-201|": 1000 + n for n in range(5)},
    "RefSeq": {"NM_006521.6": 3000, "XM_011543924.2": 2000, "ERCC-00002": 1061},
    "of no known names": {f"gene{n}": 700 + 300 * n for n in range(120)},
}


@pytest.mark.parametrize("names", TRANSCRIPTS)
def test_transcripts_as_references_are_refused(panel: Path, tmp_path: Path, names: str) -> None:
    lengths = TRANSCRIPTS[names]
    path = write_records(tmp_path / "t.bam", complete_on(lengths), lengths)
    with pytest.raises(
        ReadsError, match=r"is aligned to transcripts .* give the reads aligned to the genome"
    ):
        extract(panel, path)
    assert not path.with_suffix(".json").exists()


@pytest.mark.parametrize(
    "lengths",
    [
        {**GRCH38_LENGTHS, **TRANSCRIPTS["Ensembl"]},
        {"chrX:49028726-49043486": 14761, "chr17:81970000-82020000": 50001},
        {"NC_000017.11": 83257441, "NC_000023.11": 156040895},
        {f"scaffold{n}": 50_000 * (n + 1) for n in range(120)},
        {"TFE3": 3000},
    ],
)
def test_other_references_are_taken(panel: Path, tmp_path: Path, lengths: dict[str, int]) -> None:
    reads, _ = extract(panel, write_records(tmp_path / "g.bam", complete_on(lengths), lengths))
    assert len(reads) == 2


def aligned_reads(count: int, cigar: str, tags: tuple[tuple[str, str], ...] = ()) -> list[Record]:
    bases = [random_bases(40, seed=n) for n in range(7)]
    return [
        replace(placed(Record(f"a{n}", bases[n % 7]), "chr2", n, cigar=cigar), tags=tags)
        for n in range(count)
    ]


SPLICED = "20M500N20M"
STAR = "STAR --runThreadN 4"


@pytest.mark.parametrize(
    ("extra", "command", "sentence"),
    [
        ([(1000, SPLICED)], STAR, "None of 1000 spliced reads is soft-clipped"),
        ([(999, SPLICED)], STAR, ""),
        ([(1500, SPLICED), (1, "30M10S")], STAR, ""),
        ([(1000, SPLICED)], f"{STAR} --alignEndsType EndToEnd", ""),
        ([(10_000, "40M")], f"{STAR} --chimOutType WithinBAM SoftClip", "STAR with --chimOutType"),
        ([(10_000, "40M")], "/usr/bin/bwa mem -t 4 ref.fa r1 r2", "bwa mem writes the parts of"),
        ([(10_000, "40M")], "bwa aln ref.fa r1", ""),
        ([(9_000, "40M")], "bwa mem ref.fa r1", ""),
        (
            [(3, "30M10S", (("SA", "chrX,100,+,10M30S,60,0;"),))],
            "",
            "3 reads name a supplementary",
        ),
    ],
)
def test_records_that_were_removed_are_missed(
    panel: Path, tmp_path: Path, extra: list[tuple[Any, ...]], command: str, sentence: str
) -> None:
    more = [record for each in extra for record in aligned_reads(*each)]
    path = write_records(tmp_path / "r.bam", complete(more), LENGTHS, command=command)
    incomplete = extract(panel, path)[1]["incomplete"]
    assert [text[: len(sentence)] for text in incomplete] == ([sentence] if sentence else [])


def test_supplementary_records_keep_the_promise(panel: Path, tmp_path: Path) -> None:
    records = complete(aligned_reads(3, "30M10S", (("SA", "chrX,100,+,10M30S,60,0;"),)))
    piece = replace(records[-1], bases=records[-1].bases[30:], cigar="30H10M", flag=SUPPLEMENTARY)
    path = write_records(tmp_path / "r.bam", [*records, piece], LENGTHS)
    assert extract(panel, path)[1]["incomplete"] == []


def complete_on(lengths: dict[str, int]) -> list[Record]:
    """A pair of the fusion on the first contig."""
    return placed_pair("x", FUSED[:60], reverse_complement(FUSED[60:120]), next(iter(lengths)), 0)


def test_loci_reach_over_the_difference_between_builds() -> None:
    """ASPSCR1 exon 7 ends at chr17:81996846 in GRCh38 and at 79954722 in GRCh37 (facts of the panel)."""
    assert LOCUS_PADDING > 81996846 - 79954722


# --- CRAM -------------------------------------------------------------------------------------------


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    """A reference of one contig."""
    path = tmp_path / "genome.fa"
    path.write_text(f">c\n{FUSED}{random_bases(2000, seed=12)}\n")
    pysam.faidx(str(path))
    return path


def cram_records() -> list[Record]:
    return [
        *placed_pair("x", FUSED[40:100], reverse_complement(FUSED[120:180]), "c", 40),
        *pair("nowhere", random_bases(60, seed=41), random_bases(60, seed=42)),
    ]


@pytest.mark.parametrize("given", ["reference", "embedded", "none needed"])
def test_cram_equals_bam(panel: Path, tmp_path: Path, genome: Path, given: str) -> None:
    lengths = {"c": len(FUSED) + 2000}
    options = {"reference": [], "embedded": ["embed_ref=1"], "none needed": ["no_ref=1"]}[given]
    cram = write_records(tmp_path / "x.cram", cram_records(), lengths, reference=genome, options=options)
    if given != "reference":
        genome.unlink()
    bam = write_records(tmp_path / "y.bam", cram_records(), lengths)
    reads, metrics = extract(panel, cram, genome if given == "reference" else None)
    assert reads == extract(panel, bam)[0]
    assert len(reads) == 2
    assert metrics["input"].startswith("CRAM aligned to")


@pytest.mark.parametrize("reference", ["missing", "other", "not there", "not indexed"])
def test_cram_without_its_reference_is_refused(
    panel: Path, tmp_path: Path, genome: Path, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused in words, and nothing is looked for in the network."""
    monkeypatch.setenv("REF_PATH", "http://127.0.0.1:9/%s")
    monkeypatch.setenv("REF_CACHE", str(tmp_path / "cache"))
    cram = write_records(tmp_path / "x.cram", cram_records(), {"c": len(FUSED) + 2000}, reference=genome)
    genome.unlink()
    other = tmp_path / "other.fa"
    message = "give the FASTA that it was compressed with as --reference"
    if reference == "other":
        other.write_text(f">c\n{random_bases(len(FUSED) + 2000, seed=99)}\n")
    elif reference == "not there":
        message = r"other\.fa: does not exist; give the FASTA that the CRAM file was compressed with"
    elif reference == "not indexed":
        other.write_bytes(gzip.compress(b">c\nACGT\n"))
        message = "has no index, and none could be written beside it; run 'samtools faidx'"
    with pytest.raises(ReadsError, match=message):
        extract(panel, cram, None if reference == "missing" else other)


# --- The shipped panel ------------------------------------------------------------------------------


def test_fusion_of_the_shipped_panel_keeps_every_fragment(demo_panel_directory: Path, tmp_path: Path) -> None:
    molecule, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    groups = []
    for offset in range(10, 66, 5):
        mates = Pair(f"o{offset}", molecule[junction - offset : junction + 150], 75).reads()
        groups.append(pair(f"o{offset}", *mates))
    panel = load_panel(demo_panel_directory)
    assert panel.unspliced
    reads, _ = extract(demo_panel_directory, write_records(tmp_path / "t1.bam", flat(groups)))
    assert len(reads) == 2 * len(groups)
