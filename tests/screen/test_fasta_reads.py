"""FASTA as reads: the same candidates as of FASTQ, no qualities; long and short lanes are no one sample."""

import gzip
import json
from pathlib import Path

import pytest

from aspsfusion.errors import ReadsError
from aspsfusion.panel.panel import Panel
from aspsfusion.screen.fasta_reads import PIECE_BYTES, FastaFile
from aspsfusion.screen.pairs import Lane
from aspsfusion.screen.screen import run_screen


def screened(panel: Panel, directory: Path, *names: str) -> tuple[list[bytes], dict[str, object]]:
    """Lines of the candidates without qualities, and the metrics."""
    output, metrics = directory / "c.fastq.gz", directory / "s.json"
    lanes = [Lane(directory / name) for name in names]
    run_screen(panel.directory, lanes, output, metrics, force=True)
    lines = gzip.decompress(output.read_bytes()).splitlines()
    return [line for index, line in enumerate(lines) if index % 4 != 3], json.loads(metrics.read_text())


def test_fasta_gives_the_candidates_of_fastq(demo_panel: Panel, tmp_path: Path) -> None:
    reads = [transcript.sequence[:700] for transcript in list(demo_panel.primary.values())[:9]]
    fastq = "".join(f"@r{n} x\n{read}\n+\n{'I' * len(read)}\n" for n, read in enumerate(reads))
    (tmp_path / "r.fq").write_text(fastq)
    wrapped = ["\n".join(read[at : at + 60] for at in range(0, len(read), 60)) for read in reads]
    fasta = "".join(f">r{n} x\r\n{read}\r\n" for n, read in enumerate(wrapped)).rstrip()
    (tmp_path / "r.fa.gz").write_bytes(gzip.compress(fasta.encode()))
    lines, metrics = screened(demo_panel, tmp_path, "r.fa.gz")
    expected, of_fastq = screened(demo_panel, tmp_path, "r.fq")
    assert lines == expected
    assert (metrics["qualities"], metrics["mean_quality"], metrics["q30_fraction"]) == ("absent", None, None)
    assert "qualities" not in of_fastq
    same = of_fastq.keys() - {"lanes", "inputs", "mean_quality", "q30_fraction"}
    assert {key: metrics[key] for key in same} == {key: of_fastq[key] for key in same}


@pytest.mark.parametrize("shift", range(-3, 3))
def test_a_record_may_end_with_a_piece_of_the_file(tmp_path: Path, shift: int) -> None:
    path, size = tmp_path / "r.fa", PIECE_BYTES + shift
    path.write_text(f">a\n{'A' * (size - 4)}\n>b\nCC\n")
    file, room, text = FastaFile(path), memoryview(bytearray(1 << 16)), b""
    while count := file.readinto(room):
        text += bytes(room[:count])
    file.close()
    assert [len(line) for line in text.splitlines()] == [2, size - 4, 1, size - 4, 2, 2, 1, 2]


def test_long_and_short_lanes_are_refused(demo_panel: Panel, tmp_path: Path) -> None:
    sequence = demo_panel.primary["TFE3"].sequence
    for name, length in (("long.fq", 2000), ("short.fq", 150)):
        (tmp_path / name).write_text(
            "".join(f"@r{n}\n{sequence[:length]}\n+\n{'I' * length}\n" for n in "abc")
        )
    message = r"short\.fq: holds short reads, and the first lane long ones; give long and short reads as"
    with pytest.raises(ReadsError, match=message):
        screened(demo_panel, tmp_path, "long.fq", "short.fq")
