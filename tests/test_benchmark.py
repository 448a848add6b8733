"""The benchmark makes the reads it says and measures what it runs."""

import gzip
import os
import platform
import sys
from pathlib import Path

import make_reads
import numpy as np
import pytest

import benchmark


def test_reads_are_pairs_and_always_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    pool = make_reads.pool_of([make_reads.LETTERS[rng.integers(0, 4, 2000)].tobytes()], np.ones)
    texts = []
    for name in ("a", "b"):
        paths = make_reads.write_pairs(tmp_path / name, 300, pool)
        texts.append([gzip.decompress(path.read_bytes()) for path in paths])
    assert texts[0] == texts[1]
    first, second = (text.splitlines() for text in texts[0])
    assert len(first) == len(second) == 4 * 300
    assert [line.split()[0] for line in first[::4]] == [line.split()[0] for line in second[::4]]
    assert {len(line) for line in first[1::4] + first[3::4]} == {make_reads.READ_LENGTH}
    assert set(b"".join(first[3::4])) <= set(b"F:,#")
    twice = make_reads.repeat(paths, 2, tmp_path / "twice")
    assert gzip.decompress(twice[0].read_bytes()) == 2 * texts[0][0]


def test_share_of_a_pool() -> None:
    few, many = (
        make_reads.pool_of([base * 300, base * 219, base * 300 + b"N"], np.ones) for base in (b"A", b"C")
    )
    pool = make_reads.mixed(many, few, 0.25)
    chosen, starts = pool.draw(np.random.default_rng(3), 4000)
    assert 900 < np.count_nonzero(chosen) < 1100
    assert set(pool.letters[starts + make_reads.INSERT - 1][chosen == 1]) == {ord("A")}
    assert set(pool.letters[starts][chosen == 0]) == {ord("C")}


def test_cost_of_a_command() -> None:
    work = [sys.executable, "-c", "x = bytearray(60_000_000); sum(range(3_000_000))"]
    cost = benchmark.run([work, work])
    assert cost.wall > 0
    assert cost.cpu > 0
    assert 60 < cost.memory < 1000
    with pytest.raises(benchmark.ProgramError, match=r"ended with status 1: no such reads$"):
        benchmark.run([[sys.executable, "-c", "raise SystemExit('no such reads')"], work])


def test_table_scales_and_compares() -> None:
    costs = {
        benchmark.LIMIT: [
            benchmark.Cost(2.0, 4.0, 3.0),
            benchmark.Cost(1.0, 2.0, 5.0),
            benchmark.Cost(9, 9, 9),
        ],
        "slow": [benchmark.Cost(1.0, 2.0, 100.0)],
    }
    rows = benchmark.table(costs, {benchmark.LIMIT: 1.0, "slow": 25.0}, {"slow": "scaled"})
    assert rows[1][1:] == ["2.00", "4.00", "5", "1.00", "1.00", ""]
    assert rows[2] == ["slow", "25.00", "50.00", "100", "12.50", "12.50", "scaled"]


def test_sizes_run_in_turn_and_a_failure_is_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    panel = tmp_path / "panel"
    panel.mkdir()
    (panel / "transcripts.fa").write_text(">a\n" + "ACGTTGCA" * 100 + "\n")

    def program(name: str, code: str, pairs: int | None = None) -> benchmark.Contestant:
        command = [[sys.executable, "-c", code]]
        return benchmark.Contestant(name, "true", lambda reads, scratch: command, pairs)

    few = [
        program(benchmark.LIMIT, "pass"),
        program("broken", "raise SystemExit('out of luck')"),
        program("slow", "pass", 100),
    ]
    monkeypatch.setattr(benchmark, "contestants", lambda panel, slow_pairs: few)
    monkeypatch.setattr(benchmark, "DISTINCT_PAIRS", 200)
    output = tmp_path / "table.tsv"
    arguments = ["--panel", str(panel), "--work", str(tmp_path), "--output", str(output)]
    benchmark.main([*arguments, "--sizes", "400,200", "--rounds", "2"])
    note, head, *rows = (line.split("\t") for line in output.read_text().splitlines())
    assert note == [f"# 2 rounds, {os.cpu_count()} cores, {platform.machine()}"]
    assert head[:3] == ["pairs", "program", "wall s"]
    assert [(row[0], row[1]) for row in rows] == [
        ("200", benchmark.LIMIT),
        ("200", "slow"),
        ("200", "broken"),
        ("400", benchmark.LIMIT),
        ("400", "broken"),
    ]
    assert rows[1][-1] == "timed on 100 pairs, scaled, its start too"
    assert rows[2][2:7] == [""] * 5
    assert rows[2][-1].startswith("failed:")
    assert rows[2][-1].endswith("ended with status 1: out of luck")
    one, two = (gzip.decompress((tmp_path / size / "R1.fastq.gz").read_bytes()) for size in ("200", "400"))
    assert two == one + one
    # A program that failed is not run again in the next round.
    assert capsys.readouterr().out.count("broken failed") == 2
