"""The benchmark makes the reads it says and measures what it runs."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmark"))

import make_reads

import benchmark


def test_reads_are_pairs_and_always_the_same(tmp_path: Path) -> None:
    panel = make_reads.LETTERS[np.random.default_rng(2).integers(0, 4, 2000)]
    texts = []
    for name in ("a", "b"):
        paths = make_reads.write_pairs(tmp_path / name, 300, panel)
        texts.append([gzip.decompress(path.read_bytes()) for path in paths])
    assert texts[0] == texts[1]
    first, second = (text.splitlines() for text in texts[0])
    assert len(first) == len(second) == 4 * 300
    assert [line.split()[0] for line in first[::4]] == [line.split()[0] for line in second[::4]]
    assert {len(line) for line in first[1::4] + first[3::4]} == {make_reads.READ_LENGTH}
    assert set(b"".join(first[3::4])) <= set(b"F:,#")
    twice = make_reads.repeat(paths, 2, tmp_path / "twice")
    assert gzip.decompress(twice[0].read_bytes()) == 2 * texts[0][0]


def test_cost_of_a_command() -> None:
    work = [sys.executable, "-c", "x = bytearray(60_000_000); sum(range(3_000_000))"]
    cost = benchmark.run([work, work])
    assert cost.wall > 0
    assert cost.cpu > 0
    assert 60 < cost.memory < 1000
    with pytest.raises(subprocess.CalledProcessError):
        benchmark.run([[sys.executable, "-c", "raise SystemExit(3)"]])


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
