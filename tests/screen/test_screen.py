"""The screen keeps every fragment that can speak for a fusion, whole and in order, or says what is wrong."""

import bz2
import gzip
import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspsfusion.cli import main
from aspsfusion.errors import ParameterError, ReadsError
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native import BASES, ScreenTable
from aspsfusion.panel.kmers import KMER_LENGTH, index_panel
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.screen_index import read_kmers
from aspsfusion.screen import fastq
from aspsfusion.screen.pairs import Lane, LaneReader
from aspsfusion.screen.screen import run_screen
from aspsfusion.simulate.records import SimulationParameters, TruthRecord
from aspsfusion.simulate.simulate import write_simulation
from aspsfusion.validation.study import read_rows
from native_scan import build_table, kept_reads

GENE = "".join(random.Random(6).choices("ACGT", k=2000))
OTHER = "".join(random.Random(7).choices("ACGT", k=2000))

NamedBases = tuple[str, str]
"""Header without '@', and bases."""


@pytest.fixture(scope="module")
def table() -> ScreenTable:
    """The k-mers and seeds of GENE, the only gene."""
    return build_table(index_panel([(0, GENE)]))


def quality_of(bases: str) -> str:
    """Return qualities that differ by place, beginning with '@'."""
    return "".join(chr(ord("@") - i % 31) for i in range(len(bases)))


def fastq_text(reads: Sequence[NamedBases], end: str = "\n") -> bytes:
    return "".join(
        end.join([f"@{header}", bases, "+", quality_of(bases), ""]) for header, bases in reads
    ).encode()


def write_fastq(path: Path, reads: Sequence[NamedBases]) -> Path:
    path.write_bytes(gzip.compress(fastq_text(reads)))
    return path


def write_lane(directory: Path, pairs: Sequence[tuple[str, str, str]], name: str = "s") -> Lane:
    """Write pairs of name, read 1 and read 2."""
    return Lane(
        write_fastq(
            directory / f"{name}_1.fastq.gz", [(f"{each} 1:N:0:A", first) for each, first, _ in pairs]
        ),
        write_fastq(
            directory / f"{name}_2.fastq.gz", [(f"{each} 2:N:0:A", second) for each, _, second in pairs]
        ),
    )


@dataclass
class Read:
    """What was read of a lane."""

    records: list[bytes]
    fragments: int
    kept: int
    reader: LaneReader


def read_lane(lane: Lane, table: ScreenTable) -> Read:
    """Return the kept records of a lane and its counts."""
    read = Read([], 0, 0, LaneReader(lane, table, 1))
    for block in read.reader.fragments():
        kept = block.kept()
        read.records += [record for index in kept for record in block.records(index)]
        read.fragments += block.size
        read.kept += len(kept)
    return read


def kept_names(path: Path) -> list[str]:
    """Return the labels of the kept reads, each with the mate's number."""
    found = []
    for line in gzip.decompress(path.read_bytes()).splitlines()[::4]:
        number, label = line[1:].decode().split(" ")
        found.append(label + number[number.find("/") :] if "/" in number else label)
    return found


# --- What is kept -----------------------------------------------------------------------------------


def test_both_mates_are_kept_when_either_hits_on_either_strand(table: ScreenTable, tmp_path: Path) -> None:
    word, longer = GENE[500 : 500 + KMER_LENGTH], GENE[700:800]
    elsewhere = OTHER[:100]
    pairs = [
        ("none", elsewhere, OTHER[100:200]),
        ("first", elsewhere[:40] + word + elsewhere[:39], OTHER[100:200]),
        ("second", elsewhere, OTHER[:10] + word),
        ("first_reverse", reverse_complement(longer), elsewhere),
        ("second_reverse", elsewhere, reverse_complement(word)),
        ("both", longer, reverse_complement(GENE[800:900])),
        ("too_short", word[:-2], OTHER[: KMER_LENGTH - 1]),
        ("interrupted", word[:10] + "N" + word[11:] + elsewhere, elsewhere),
        ("last", longer[:30], "A"),
    ]
    read = read_lane(write_lane(tmp_path, pairs), table)
    expected = [
        fastq_text([(f"{name} {mate}:N:0:A", bases)])
        for name, *mates in pairs
        if name not in ("none", "too_short", "interrupted")
        for mate, bases in enumerate(mates, start=1)
    ]
    assert read.records == expected
    assert (read.fragments, read.kept) == (9, 6)


@given(
    kinds=st.lists(st.sampled_from(["neither", "first", "second"]), min_size=1, max_size=12),
    block_bytes=st.integers(1, 400),
    seed=st.integers(0, 1000),
    ends=st.tuples(*[st.sampled_from(["\n", "\r\n"])] * 2),
)
@settings(max_examples=50)
def test_output_does_not_depend_on_the_size_of_the_blocks(
    kinds: list[str],
    block_bytes: int,
    seed: int,
    ends: tuple[str, str],
    table: ScreenTable,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # Mates of different length, so that the blocks of the two files never end at the same record.
    rng = random.Random(seed)
    reads = [
        [
            (
                f"r{i}/{mate}",
                (GENE if kind == name else OTHER)[(a := rng.randrange(900)) : a + rng.choice(lengths)],
            )
            for i, kind in enumerate(kinds)
        ]
        for mate, name, lengths in ((1, "first", [30, 75, 1000]), (2, "second", [21, 150]))
    ]
    directory = tmp_path_factory.mktemp("blocks")
    paths = [directory / "1.fastq", directory / "2.fastq"]
    for path, mates, end in zip(paths, reads, ends, strict=True):
        path.write_bytes(fastq_text(mates, end))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fastq, "BLOCK_BYTES", block_bytes)
        read = read_lane(Lane(paths[0], paths[1]), table)
    kept = [i for i, kind in enumerate(kinds) if kind != "neither"]
    assert read.records == [fastq_text([reads[mate][i]], ends[mate]) for i in kept for mate in (0, 1)]
    assert (read.fragments, read.kept) == (len(kinds), len(kept))
    assert [scanner.totals[BASES] for scanner in read.reader.scanners] == [
        sum(len(r) for _, r in mates) for mates in reads
    ]


# --- The command ------------------------------------------------------------------------------------


def target_read(panel: Panel, start: int, length: int = 75) -> str:
    return panel.primary["TFE3"].sequence[start : start + length]


def test_metrics_and_output_of_a_pair_of_lanes(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    hit, mate = target_read(demo_panel, 900), reverse_complement(target_read(demo_panel, 1000, 100))
    one = write_lane(tmp_path, [("a", OTHER[:50], OTHER[50:80]), ("b", hit.lower(), OTHER[:60])], "L1")
    two = write_lane(tmp_path, [("c", OTHER[:10], mate)], "L2")
    output, metrics = tmp_path / "deep" / "kept.fastq.gz", tmp_path / "metrics" / "screen.json"
    result = run_screen(demo_panel_directory, [one, two], output, metrics)
    assert (
        gzip.decompress(output.read_bytes())
        == (
            f"@2/1 b\n{hit}\n+\n{quality_of(hit)}\n"
            f"@2/2 b\n{OTHER[:60]}\n+\n{quality_of(OTHER[:60])}\n"
            f"@3/1 c\n{OTHER[:10]}\n+\n{quality_of(OTHER[:10])}\n"
            f"@3/2 c\n{mate}\n+\n{quality_of(mate)}\n"
        ).encode()
    )
    reads = [OTHER[:50], OTHER[50:80], hit, OTHER[:60], OTHER[:10], mate]
    bases, qualities = "".join(reads), "".join(map(quality_of, reads))
    expected = {
        "layout": "paired",
        "interleaved": False,
        "lanes": [["L1_1.fastq.gz", "L1_2.fastq.gz"], ["L2_1.fastq.gz", "L2_2.fastq.gz"]],
        "inputs": [
            {
                "name": path.name,
                "bytes": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "reads": reads,
            }
            for lane, reads in ((one, 2), (two, 1))
            for path in lane.paths
        ],
        "total_fragments": 3,
        "total_reads": 6,
        "total_bases": 50 + 30 + 75 + 60 + 10 + 100,
        "read_length": 100,
        "mean_read_length": round(325 / 6, 2),
        "read_lengths": {"10": 1, "30": 1, "50": 1, "60": 1, "75": 1, "100": 1},
        "gc_fraction": round(sum(bases.count(base) for base in "GC") / 325, 4),
        "n_fraction": 0.0,
        "mean_quality": round(sum(ord(c) - 33 for c in qualities) / 325, 2),
        "q30_fraction": round(sum(ord(c) >= 63 for c in qualities) / 325, 4),
        "candidate_fragments": 2,
        "kmers_by_gene": {"TFE3": 75 - 20 + 100 - 20},
    }
    assert result._asdict() == expected | {"qualities": None}
    assert metrics.read_text() == json.dumps(expected, indent=1) + "\n"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.name.startswith(".")) == []


def test_single_reads(demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path) -> None:
    hit = target_read(demo_panel, 900)
    path = write_fastq(tmp_path / "reads.gz", [("a/1", OTHER[:50]), ("b/1", hit), ("c", hit[:19])])
    output, metrics = tmp_path / "kept.fastq.gz", tmp_path / "screen.json"
    run_screen(demo_panel_directory, [Lane(path)], output, metrics)
    assert gzip.decompress(output.read_bytes()) == f"@2 b\n{hit}\n+\n{quality_of(hit)}\n".encode()
    found = json.loads(metrics.read_text())
    assert (found["layout"], found["interleaved"], found["lanes"]) == ("single", False, [["reads.gz"]])
    assert (found["total_fragments"], found["total_reads"], found["total_bases"]) == (3, 3, 144)
    assert (found["read_length"], found["candidate_fragments"]) == (75, 1)
    assert found["kmers_by_gene"] == {"TFE3": 55}


def test_sample_without_candidates(demo_panel_directory: Path, tmp_path: Path) -> None:
    lane = write_lane(tmp_path, [("a", OTHER[:50], OTHER[50:100])])
    result = run_screen(demo_panel_directory, [lane], tmp_path / "kept.gz", tmp_path / "screen.json")
    assert gzip.decompress((tmp_path / "kept.gz").read_bytes()) == b""
    assert (result.candidate_fragments, result.kmers_by_gene) == (0, {})


def test_kept_mate_without_bases(demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path) -> None:
    hit = target_read(demo_panel, 900)
    lane = write_lane(tmp_path, [("a", hit, ""), ("b", "", hit), ("c", "", "")])
    run_screen(demo_panel_directory, [lane], tmp_path / "kept.gz", tmp_path / "screen.json")
    assert kept_names(tmp_path / "kept.gz") == ["a/1", "a/2", "b/1", "b/2"]
    assert gzip.decompress((tmp_path / "kept.gz").read_bytes()).startswith(
        f"@1/1 a\n{hit}\n+\n{quality_of(hit)}\n@1/2 a\n\n+\n\n@2/1 b\n\n+\n\n".encode()
    )


def test_same_reads_give_the_same_bytes_whatever_their_compression(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = [(f"r{i}", target_read(demo_panel, i) if i % 3 else OTHER[i : i + 75]) for i in range(300)]
    text = fastq_text(reads)
    outputs = []
    for number, packed in enumerate((text, text, gzip.compress(text), bz2.compress(text))):
        path, output = tmp_path / f"in{number}", tmp_path / f"out{number}.gz"
        path.write_bytes(packed)
        monkeypatch.setattr(fastq, "BLOCK_BYTES", 10_000 if number else 777)
        run_screen(demo_panel_directory, [Lane(path)], output, tmp_path / f"{number}.json")
        outputs.append(output.read_bytes())
    assert len(gzip.decompress(outputs[0]).splitlines()) == 4 * 200
    # Neither flags (a file name) nor a time is in the gzip header (RFC 1952).
    assert outputs[0][3:8] == bytes(5)
    assert len(set(outputs)) == 1


def test_command(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lanes = [write_lane(tmp_path, [("a", target_read(demo_panel, 900), OTHER[:75])], name) for name in "xyz"]
    arguments = ["screen", "--panel", str(demo_panel_directory)]
    arguments += [str(lanes[0].fastq_1), str(lanes[0].fastq_2)]
    for lane in lanes[1:]:
        arguments += ["--lane", str(lane.fastq_1), str(lane.fastq_2)]
    arguments += ["--output", str(tmp_path / "kept.gz"), "--metrics", str(tmp_path / "screen.json")]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "kept 3 of 3 fragments\n"
    assert kept_names(tmp_path / "kept.gz") == ["a/1", "a/2"] * 3


# --- What is refused --------------------------------------------------------------------------------

PAIRS = [(f"p{i}", GENE[i : i + 60], OTHER[i : i + 60]) for i in range(20)]
FIRST = fastq_text([(f"{name}/1", first) for name, first, _ in PAIRS])
SECOND = fastq_text([(f"{name}/2", second) for name, _, second in PAIRS])
PACKED = gzip.compress(FIRST)


def renamed(text: bytes, old: bytes, new: bytes) -> bytes:
    assert text.count(old) == 1
    return text.replace(old, new)


WRONG_FILES = {
    "truncated gzip": (PACKED[:-100], SECOND, "1.fq, after record "),
    "truncated second": (
        FIRST,
        gzip.compress(SECOND)[:-9],
        "2.fq, after record ",
    ),
    "damaged gzip": (
        PACKED[:200] + b"\0\1\2\3" + PACKED[204:],
        SECOND,
        "1.fq, after record ",
    ),
    "ends inside a record": (FIRST[:-3], SECOND, "1.fq, record 20: file ends inside the record; copy"),
    "second ends inside a record": (
        FIRST,
        SECOND[:-40],
        "2.fq, record 20: file ends inside the record; copy",
    ),
    "no @": (renamed(FIRST, b"@p7/", b"p7/"), SECOND, "1.fq, record 8: record does not begin with '@'; give"),
    "no +": (FIRST, SECOND.replace(b"\n+\n", b"\n\n"), "2.fq, record 1: third line of the record does not"),
    "quality": (FIRST, SECOND.replace(b"\n+\n", b"\n+\nI"), "2.fq, record 1: sequence and quality differ in"),
    "FASTA": (
        b">p0\nACGT\n>p1\nACGT\n",
        SECOND,
        "1.fq, record 3: ends after 2 records, while",
    ),
    "empty": (b"", SECOND, "1.fq: is empty (0 bytes); copy the file again"),
    "empty second": (FIRST, b"", "2.fq: is empty (0 bytes); copy the file again"),
    "gzip of nothing": (
        gzip.compress(b""),
        gzip.compress(b""),
        "1.fq: holds no reads; give a FASTQ with reads",
    ),
    "second of nothing": (FIRST, gzip.compress(b""), "2.fq, record 1: ends after 0 records, while"),
    "first is shorter": (
        FIRST[: FIRST.index(b"@p15")],
        SECOND,
        "1.fq, record 16: ends after 15 records, while",
    ),
    "second is shorter": (
        FIRST,
        SECOND[: SECOND.index(b"@p15")],
        "2.fq, record 16: ends after 15 records, wh",
    ),
    "one is missing": (
        renamed(FIRST, fastq_text([("p4/1", PAIRS[4][1])]), b""),
        SECOND,
        "1.fq, record 5: mates are out of step: '@p5/1' is opposite '@p4/2' in {}2.fq; give the mate "
        "files of one run, unsorted and unfiltered",
    ),
    "another run": (
        FIRST.replace(b"@p", b"@q"),
        SECOND,
        "1.fq, record 1: mates are out of step: '@q0/1' is opposite",
    ),
    "two ways of naming": (
        FIRST.replace(b"/1\n", b".1\n"),
        SECOND.replace(b"/2\n", b"_2\n"),
        "1.fq, record 1: mates are out of step: '@p0.1' is opposite '@p0_2'",
    ),
    "no file": (None, SECOND, "1.fq: cannot be read (no such file or directory); give the path"),
    "no second file": (FIRST, None, "2.fq: cannot be read (no such file or directory); give the path"),
}


@pytest.mark.parametrize("block_bytes", [50, fastq.BLOCK_BYTES])
@pytest.mark.parametrize("kind", WRONG_FILES)
def test_wrong_files_are_told_in_one_line_and_leave_nothing(
    kind: str,
    block_bytes: int,
    demo_panel_directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(fastq, "BLOCK_BYTES", block_bytes)
    *contents, problem = WRONG_FILES[kind]
    paths = [tmp_path / "1.fq", tmp_path / "2.fq"]
    for path, content in zip(paths, contents, strict=True):
        if content is not None:
            path.write_bytes(content)
    before = sorted(tmp_path.iterdir())
    arguments = ["screen", "--panel", str(demo_panel_directory), *map(str, paths)]
    arguments += ["--output", str(tmp_path / "kept.gz"), "--metrics", str(tmp_path / "screen.json")]
    assert main(arguments) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"aspsfusion: error: {tmp_path}/{problem.format(f'{tmp_path}/')}")
    assert told.err.count("\n") == 1
    assert told.err.count("; ") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_directory_is_no_fastq(demo_panel_directory: Path, tmp_path: Path) -> None:
    with pytest.raises(ReadsError, match=rf"^{tmp_path}: cannot be read \(is a directory\); give the path"):
        run_screen(demo_panel_directory, [Lane(tmp_path)], tmp_path / "kept.gz", tmp_path / "screen.json")


def test_second_lane_is_refused_with_its_own_name(demo_panel_directory: Path, tmp_path: Path) -> None:
    good = write_lane(tmp_path, PAIRS)
    empty = Lane(tmp_path / "L2_1.gz", tmp_path / "L2_2.gz")
    for path in (empty.fastq_1, empty.fastq_2):
        assert path is not None
        path.write_bytes(gzip.compress(b""))
    with pytest.raises(ReadsError, match=rf"^{empty.fastq_1}: holds no reads; give a FASTQ with reads$"):
        run_screen(demo_panel_directory, [good, empty], tmp_path / "kept.gz", tmp_path / "screen.json")
    assert not (tmp_path / "kept.gz").exists()


def test_lanes_of_different_layout(demo_panel_directory: Path, tmp_path: Path) -> None:
    paired = write_lane(tmp_path, PAIRS)
    with pytest.raises(ReadsError, match=r"^some lanes are paired and some are single; give"):
        run_screen(
            demo_panel_directory,
            [paired, Lane(paired.fastq_1, interleaved=False)],
            tmp_path / "kept.gz",
            tmp_path / "screen.json",
        )


def test_lane_of_three_files(
    demo_panel_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["screen", "--panel", str(demo_panel_directory), "a", "--lane", "b", "c", "d"]
    arguments += ["--output", str(tmp_path / "kept.gz"), "--metrics", str(tmp_path / "screen.json")]
    assert main(arguments) == 1
    assert capsys.readouterr().err.endswith("--lane takes one or two files, not 3; repeat --lane\n")


@pytest.mark.parametrize("existing", ["kept.gz", "screen.json"])
def test_existing_file_is_not_replaced(existing: str, demo_panel_directory: Path, tmp_path: Path) -> None:
    lane = write_lane(tmp_path, PAIRS)
    (tmp_path / existing).write_text("mine")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ParameterError, match=rf"^{tmp_path / existing}: exists already; give another"):
        run_screen(demo_panel_directory, [lane], tmp_path / "kept.gz", tmp_path / "screen.json")
    assert (tmp_path / existing).read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == before


def test_existing_files_are_replaced_by_force(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    lane = write_lane(tmp_path, [("a", target_read(demo_panel, 900), OTHER[:75])])
    output, metrics = tmp_path / "kept.gz", tmp_path / "screen.json"
    for path in (output, metrics):
        path.write_text("old")
    arguments = ["screen", "--panel", str(demo_panel_directory), str(lane.fastq_1), str(lane.fastq_2)]
    arguments += ["--output", str(output), "--metrics", str(metrics)]
    assert main(arguments) == 1
    assert output.read_text() == metrics.read_text() == "old"
    assert main([*arguments, "--force"]) == 0
    assert kept_names(output) == ["a/1", "a/2"]
    assert json.loads(metrics.read_text())["candidate_fragments"] == 1


def test_progress_tells_fragments_over_all_lanes(
    demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path
) -> None:
    pairs = [("a", target_read(demo_panel, 900), OTHER[:75]), ("b", OTHER[:75], OTHER[:75])]
    lanes = [write_lane(tmp_path, pairs, name) for name in ("L1", "L2")]
    told: list[tuple[int, str, int | None, int | None]] = []

    def tell(count: int, note: str = "", *, read: int | None = None, total: int | None = None) -> None:
        told.append((count, note, read, total))

    run_screen(
        demo_panel_directory,
        lanes,
        tmp_path / "kept.gz",
        tmp_path / "screen.json",
        tell,
    )
    first, second = (sum(path.stat().st_size for path in lane.paths) for lane in lanes)
    both = first + second
    assert told == [(2, ", 1 kept", first, both), (4, ", 2 kept", both, both)]


# --- What is lost -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fusion", ["ASPSCR1:7::TFE3:6", "ASPSCR1:7::TFE3:5"])
@pytest.mark.parametrize(
    ("read_length", "single_end", "error_rate", "least"),
    [
        (50, False, 0.01, 0.999),
        (75, False, 0.01, 0.999),
        (100, False, 0.01, 0.999),
        (150, False, 0.01, 0.999),
        (75, True, 0.01, 0.999),
        (100, True, 0.01, 0.999),
        (150, True, 0.01, 0.999),
        (50, True, 0.01, 0.999),
    ],
)
def test_fragments_across_the_junction_are_kept(
    fusion: str,
    read_length: int,
    single_end: bool,
    error_rate: float,
    least: float,
    demo_panel: Panel,
    demo_panel_directory: Path,
    tmp_path: Path,
) -> None:
    parameters = SimulationParameters(
        fusions=(f"{fusion}=x3000",),
        read_length=read_length,
        single_end=single_end,
        error_rate=error_rate,
        anchor_five_prime=1,
        anchor_three_prime=1,
        seed=11,
    )
    *reads, truth = write_simulation(demo_panel, parameters, tmp_path / "s")
    lane = Lane(reads[0], None if single_end else reads[1])
    run_screen(demo_panel_directory, [lane], tmp_path / "kept.gz", tmp_path / "screen.json")
    kept = {name.removesuffix("/1").removesuffix("/2") for name in kept_names(tmp_path / "kept.gz")}
    crossing = [record.fragment for record in read_rows(TruthRecord, truth) if record.crosses_junction]
    assert len(crossing) == 3000
    # Also those of which the read shows a single base of one of the genes.
    anchors = [min(r.anchor_five_prime, r.anchor_three_prime) for r in read_rows(TruthRecord, truth)]
    assert min(anchors) == 1
    assert np.mean([name in kept for name in crossing]) >= least


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("read_length", [50, 75, 100, 150])
def test_damaged_fragments_across_the_junction_are_kept(
    read_length: int, paired: bool, demo_panel: Panel
) -> None:
    """1 % substitutions and 2 % deamination (C to T on the strand that was read, G to A on the other one)."""
    rng = np.random.default_rng(17)
    count, insert = 20_000, max(180, read_length)
    five, three = demo_panel.primary["ASPSCR1"].sequence, demo_panel.primary["TFE3"].sequence
    location = next(iter(demo_panel.catalogue))
    five_end = demo_panel.primary[location.five_gene].from_genome(location.five_pos)
    three_start = demo_panel.primary[location.three_gene].from_genome(location.three_pos)
    assert five_end is not None
    assert three_start is not None
    fusion = np.frombuffer((five[: five_end + 1] + three[three_start:]).encode(), np.uint8)
    junction = five_end + 1
    # The first read crosses the junction with ten bases at least; the second one begins at the insert's end.
    before = rng.integers(10, read_length - 9, count)
    starts = junction - before
    molecules = fusion[starts[:, None] + np.arange(insert)].copy()
    deaminated = rng.random(molecules.shape) < 0.02
    top = rng.random(count)[:, None] < 0.5
    molecules[deaminated & top & (molecules == ord("C"))] = ord("T")
    molecules[deaminated & ~top & (molecules == ord("G"))] = ord("A")
    complement = np.zeros(256, np.uint8)
    complement[list(b"ACGT")] = list(b"TGCA")
    mates = [molecules[:, :read_length].copy(), complement[molecules[:, ::-1]][:, :read_length].copy()]
    table = build_table(read_kmers(demo_panel.directory))
    kept = np.zeros(count, bool)
    for reads in mates[: 1 + paired]:
        wrong = rng.random(reads.shape) < 0.01
        turn = rng.integers(1, 4, reads.shape)
        codes = np.searchsorted(np.frombuffer(b"ACGT", np.uint8), reads)
        reads[wrong] = np.frombuffer(b"ACGT", np.uint8)[(codes + turn) % 4][wrong]
        kept |= kept_reads([row.tobytes() for row in reads], table)
    assert kept.mean() >= 0.999
