"""Mates come together from two files, from one, or from a pipe, and files that are no mates are refused."""

import gzip
import json
import random
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from aspsfusion.cli import main
from aspsfusion.errors import ReadsError
from aspsfusion.native import ScreenTable
from aspsfusion.panel.kmers import index_panel
from aspsfusion.panel.panel import Panel
from aspsfusion.screen.pairs import Lane, LaneReader
from native_scan import build_table

GENE = "".join(random.Random(6).choices("ACGT", k=2000))
OTHER = "".join(random.Random(7).choices("ACGT", k=2000))


@pytest.fixture(scope="module")
def table() -> ScreenTable:
    return build_table(index_panel([(0, GENE)]))


def fastq(reads: list[tuple[str, str]]) -> bytes:
    return "".join(f"@{name}\n{bases}\n+\n{'I' * len(bases)}\n" for name, bases in reads).encode()


def by_turns(count: int, first: str = "{}/1", second: str = "{}/2") -> list[tuple[str, str]]:
    """Return an interleaved file's reads: every third fragment is from the gene, by its second mate."""
    return [
        read
        for i in range(count)
        for read in (
            (first.format(f"r{i}"), OTHER[i : i + 60]),
            (second.format(f"r{i}"), (OTHER if i % 3 else GENE)[i + 700 : i + 760]),
        )
    ]


def read(lane: Lane, table: ScreenTable) -> tuple[int, list[int], list[bytes], LaneReader]:
    """Return the number of fragments, the kept ones, their records, and the reader."""
    reader = LaneReader(lane, table, 1)
    done, kept, records = 0, [], []
    for block in reader.fragments():
        for index in block.kept():
            kept.append(done + index)
            records += block.records(index)
        done += block.size
    return done, kept, records, reader


@pytest.mark.parametrize("block_bytes", [100, 500_000])
@pytest.mark.parametrize("count", [1, 2, 31])
@pytest.mark.parametrize("names", [("{}/1", "{}/2"), ("{} 1:N:0:A", "{} 2:N:0:A"), ("{}", "{}")])
def test_interleaved_file_is_told_from_its_names(
    names: tuple[str, str],
    count: int,
    block_bytes: int,
    table: ScreenTable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aspsfusion.screen.fastq.BLOCK_BYTES", block_bytes)
    reads = by_turns(count, *names)
    (tmp_path / "reads.fq").write_bytes(fastq(reads))
    done, kept, records, reader = read(Lane(tmp_path / "reads.fq"), table)
    assert (done, kept, reader.mates, reader.interleaved) == (count, list(range(0, count, 3)), 2, True)
    assert records == [fastq([reads[2 * i + mate]]) for i in range(0, count, 3) for mate in (0, 1)]
    assert reader.scanners[0].records == 2 * count


@pytest.mark.parametrize(
    ("names", "interleaved"),
    [
        (["a.1", "a.2", "b.1", "b.2"], True),
        (["a_1", "a_2", "b_1", "b_2"], True),
        # Reads that are simply numbered.
        (["SRR1.1", "SRR1.2", "SRR1.3", "SRR1.4"], False),
        (["SRR1.1", "SRR1.2"], False),
        (["a/1", "b/1", "c/1"], False),
        (["a"], False),
        (["a", "a", "b"], True),
    ],
)
def test_numbered_reads_are_no_mates(
    names: list[str], interleaved: bool, table: ScreenTable, tmp_path: Path
) -> None:
    (tmp_path / "reads.fq").write_bytes(fastq([(name, GENE[:50]) for name in names]))
    lane = Lane(tmp_path / "reads.fq")
    if interleaved and len(names) % 2:
        with pytest.raises(
            ReadsError, match=r"record 3: holds an odd number of records, so that the last one"
        ):
            read(lane, table)
        return
    done, _, _, reader = read(lane, table)
    assert (done, reader.interleaved) == (len(names) // 2 if interleaved else len(names), interleaved)


def test_declared_interleaving_is_checked(table: ScreenTable, tmp_path: Path) -> None:
    reads = by_turns(5)
    del reads[4]
    (tmp_path / "reads.fq").write_bytes(fastq(reads))
    with pytest.raises(
        ReadsError, match=r"record 5: mates are out of step: '@r2/2' is opposite '@r3/1'; give"
    ):
        read(Lane(tmp_path / "reads.fq", interleaved=True), table)


def test_files_that_can_not_be_mates(table: ScreenTable, tmp_path: Path) -> None:
    reads = by_turns(12)
    for name, chosen in (("1.fq", reads[::2]), ("2.fq", reads[1::2])):
        (tmp_path / name).write_bytes(fastq(chosen))
        (tmp_path / f"bare{name}").write_bytes(fastq([(each[:-2], bases) for each, bases in chosen]))
    one, two = tmp_path / "1.fq", tmp_path / "2.fq"
    (tmp_path / "link.fq").symlink_to(one)
    (tmp_path / "copy.fq").write_bytes((tmp_path / "bare1.fq").read_bytes())
    for lane, problem in (
        (Lane(one, one), "1.fq: is the same file as "),
        (Lane(one, tmp_path / "link.fq"), "link.fq: is the same file as "),
        (Lane(two, one), "2.fq, record 1: mates are not first and second: '@r0/2' is opposite '@r0/1'"),
        (Lane(tmp_path / "bare1.fq", tmp_path / "copy.fq"), "copy.fq: holds the same reads as "),
        (Lane(one, Path("-")), "standard input: cannot give second mates"),
    ):
        with pytest.raises(ReadsError, match=re.escape(problem)):
            read(lane, table)
    assert read(Lane(one, two), table)[0] == 12


def test_the_same_reads_are_told_from_two_on(table: ScreenTable, tmp_path: Path) -> None:
    for count, bases in ((1, ["ACGTA"]), (3, ["ACGTA"]), (2, ["ACGTA", "CCCTA"])):
        reads = [(f"r{i}", bases[i % len(bases)]) for i in range(count)]
        lane = Lane(tmp_path / "1.fq", tmp_path / "2.fq")
        for path in lane.paths:
            path.write_bytes(fastq(reads))
        if len(bases) == 1:
            assert read(lane, table)[0] == count
        else:
            with pytest.raises(ReadsError, match=r"2\.fq: holds the same reads as "):
                read(lane, table)


def test_what_can_not_be_read_is_told_before_it_is_compared(table: ScreenTable, tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(b"\x1f\x8b\x08\x00")
    (tmp_path / "1.fq").write_bytes(fastq(by_turns(3)[::2]))
    with pytest.raises(ReadsError, match=r"cut\.gz, after record 0: compressed data are truncated"):
        read(Lane(tmp_path / "1.fq", tmp_path / "cut.gz"), table)


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(packed: bool, demo_panel: Panel, demo_panel_directory: Path, tmp_path: Path) -> None:
    hit = demo_panel.primary["TFE3"].sequence[900:975]
    content = fastq([("a.1", hit), ("a.2", OTHER[:50]), ("b.1", OTHER[:75]), ("b.2", OTHER[100:150])])
    command = [sys.executable, "-m", "aspsfusion", "screen", "--panel", str(demo_panel_directory), "-"]
    command += ["--output", str(tmp_path / "kept.gz"), "--metrics", str(tmp_path / "screen.json")]
    ran = subprocess.run(
        command, input=gzip.compress(content) if packed else content, capture_output=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"kept 1 of 2 fragments\n", b"")
    names = gzip.decompress((tmp_path / "kept.gz").read_bytes()).splitlines()[::4]
    assert names == [b"@1/1 a", b"@1/2 a"]
    metrics = json.loads((tmp_path / "screen.json").read_text())
    assert (metrics["layout"], metrics["interleaved"], metrics["lanes"]) == ("paired", True, [["-"]])


def test_interleaved_option_takes_one_file(
    demo_panel_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["screen", "--panel", str(demo_panel_directory), "--interleaved", "a", "b"]
    arguments += ["--output", str(tmp_path / "kept.gz"), "--metrics", str(tmp_path / "screen.json")]
    assert main(arguments) == 1
    assert "--interleaved takes one file for each lane; leave it out" in capsys.readouterr().err


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_truncated_gzip_tells_the_last_whole_record(share: float, table: ScreenTable, tmp_path: Path) -> None:
    text = fastq([(f"r{i}", GENE[i : i + 100]) for i in random.Random(1).choices(range(1800), k=9000)])
    packed = gzip.compress(text)
    packed = packed[: int(len(packed) * share)]
    (tmp_path / "reads.gz").write_bytes(packed)
    whole = zlib.decompressobj(31).decompress(packed).count(b"\n") // 4
    with pytest.raises(ReadsError, match=rf"after record {whole}: compressed data are truncated or damaged"):
        read(Lane(tmp_path / "reads.gz", interleaved=False), table)
