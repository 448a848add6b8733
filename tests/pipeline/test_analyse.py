"""All stages of a sample in one process: the same bytes as step by step, the same words when one fails."""

import gzip
import hashlib
import os
import shutil
from pathlib import Path

import pytest

from aspsfusion.batch.outcomes import FURTHER_FILES, REPORT_FILES, STAGE_FILES
from aspsfusion.cli import main
from aspsfusion.cli.analyse import FURTHER
from aspsfusion.errors import STAGE_MARK
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.pipeline import SampleFiles
from aspsfusion.report.files import WRITERS
from aspsfusion.report.json_tsv import read_report, write_json
from bam_factory import Record, write_records
from small_panel import FIVE_TRANSCRIPT, THREE_TRANSCRIPT, SmallPanel, random_bases

FUSED = FIVE_TRANSCRIPT[:120] + THREE_TRANSCRIPT[80:]
STAGES = ["align", "evidence", "call", "tag", "report"]
CALL = ("--min-anchor", "8", "--margin", "3")
CLASSIFY = ("--min-fragments", "40")
"""Thresholds that are not the defaults."""


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small panel, built."""
    small = SmallPanel.in_directory(tmp_path_factory.mktemp("analyse"))
    small.build()
    return small.output


@pytest.fixture(scope="module")
def screened(panel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory with a screened sample: reads of a fusion, of both genes, and foreign ones, some twice."""
    directory = tmp_path_factory.mktemp("screened")
    reads = []
    for number in range(240):
        source = (FUSED, FIVE_TRANSCRIPT, THREE_TRANSCRIPT, random_bases(300, seed=number))[number % 4]
        start = number * 7 % (len(source) - 70)
        reads.append(f"@r{number}\n{source[start : start + 70]}\n+\n{'I' * 70}\n")
    (directory / "reads.fastq").write_text("".join(reads))
    words = ["--output", f"{directory}/c.fastq.gz", "--metrics", f"{directory}/s.json"]
    assert main(["screen", "--panel", str(panel), f"{directory}/reads.fastq", *words]) == 0
    return directory


def analyse(panel: Path, screened: Path, output: Path, *options: str) -> int:
    """Run the command."""
    words = ["--reads", f"{screened}/c.fastq.gz", "--screen", f"{screened}/s.json", "--output", str(output)]
    return main(["analyse", "--panel", str(panel), "--sample", "x", *words, *options])


def test_one_process_writes_what_the_commands_write(panel: Path, screened: Path, tmp_path: Path) -> None:
    apart, together = tmp_path / "apart" / "x", tmp_path / "together"
    commands = [
        f"align --sample x --reads {screened}/c.fastq.gz "
        f"--output {apart}.aligned.bam --metrics {apart}.align.json",
        f"evidence --bam {apart}.aligned.bam --output {apart}.evidence.json.gz {' '.join(CALL)}",
        f"call --evidence {apart}.evidence.json.gz --output {apart}.calls.json {' '.join(CALL)}",
        f"tag --bam {apart}.aligned.bam --calls {apart}.calls.json "
        f"--output {apart}.panel.bam --reference {apart}.junctions.fa --igv {apart}.igv.xml",
        f"report --sample x --screen {screened}/s.json --align {apart}.align.json --calls {apart}.calls.json "
        f"--library capture {' '.join(CLASSIFY)} --json {apart}.report.json --html {apart}.report.html "
        f"--tsv {apart}.fusions.tsv --vcf {apart}.fusions.vcf.gz "
        f"--arriba {apart}.arriba.tsv --star-fusion {apart}.star-fusion.tsv",
    ]
    for command in commands:
        assert main([*command.split(), "--panel", str(panel)]) == 0
    options = (*CALL, *CLASSIFY, "--library", "capture", "--also", "arriba", "star-fusion")
    assert analyse(panel, screened, together, *options) == 0
    for file in (f"{apart}.aligned.bam", f"{apart}.aligned.bam.bai"):
        Path(file).unlink()  # is not kept

    def content(directory: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in directory.iterdir()}

    assert content(together) == content(apart.parent)
    expected = {*STAGE_FILES["analyse"], *REPORT_FILES, "arriba.tsv", "star-fusion.tsv"} - {"record.json"}
    assert {name.removeprefix("x.") for name in content(together)} == expected
    assert b'"name": "' in content(together)["x.report.json"]
    assert b"INDETERMINATE" in content(together)["x.report.json"], "the thresholds have arrived"


def test_record_alone_is_that_of_the_report(panel: Path, screened: Path, tmp_path: Path) -> None:
    """The workflow has the record alone written, and the report's files from it: the same bytes."""
    whole, alone = tmp_path / "whole" / "x", tmp_path / "alone" / "x"
    assert analyse(panel, screened, whole.parent) == 0
    assert analyse(panel, screened, alone.parent, "--record") == 0
    expected = {f"x.{name}" for name in STAGE_FILES["analyse"]}
    assert {path.name for path in alone.parent.iterdir()} == expected
    files = {"json": "report.json", "html": "report.html", "tsv": "fusions.tsv", "vcf": "fusions.vcf.gz"}
    words = [word for option, name in files.items() for word in (f"--{option}", f"{alone}.{name}")]
    assert main(["report", "--from", f"{alone}.record.json", *words]) == 0
    for name in REPORT_FILES:
        assert Path(f"{alone}.{name}").read_bytes() == Path(f"{whole}.{name}").read_bytes()


@pytest.mark.parametrize("stage", ["screen", "extract"])
def test_a_file_of_any_name_is_reported_with_reads_and_checksum(
    panel: Path, screened: Path, tmp_path: Path, stage: str
) -> None:
    """A file that was cut off between two records looks whole; whoever has its checksum can tell."""
    reads = tmp_path / os.fsdecode(b"l\xe4ser\xff.bam")
    lines = (screened / "reads.fastq").read_text().splitlines()
    if stage == "screen":
        shutil.copy(screened / "reads.fastq", reads)
    else:
        write_records(reads, [Record(f"r{i}", bases) for i, bases in enumerate(lines[1::4])])
    words = ["--output", f"{tmp_path}/c.fastq.gz", "--metrics", f"{tmp_path}/s.json"]
    assert main([stage, "--panel", str(panel), str(reads), *words]) == 0
    assert analyse(panel, tmp_path, tmp_path / "out") == 0
    (file,) = read_report(tmp_path / "out" / "x.report.json").inputs
    checksum = hashlib.sha256(reads.read_bytes()).hexdigest()
    assert (file.name, file.reads, file.sha256) == ("l\\udce4ser\\udcff.bam", 240, checksum)
    assert checksum in (tmp_path / "out" / "x.report.html").read_text()


def test_what_can_be_asked_for_besides_is_removed_with_a_failed_sample() -> None:
    assert sorted(FURTHER.values()) == sorted(f".{name}" for name in FURTHER_FILES)
    assert set(FURTHER.values()) <= set(WRITERS)


def test_each_stage_is_announced(
    panel: Path, screened: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyse(panel, screened, tmp_path) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.removeprefix(STAGE_MARK).split()[0] for line in lines] == STAGES
    assert last.startswith("x: ")


@pytest.mark.parametrize("name", [path.name for path in SampleFiles(Path(), "x").main_files()])
def test_no_file_is_replaced_without_being_asked(
    panel: Path, screened: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / name).write_text("mine")
    assert analyse(panel, screened, tmp_path) == 1
    assert f"{tmp_path / name}: exists already; name another file, or give --force" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_damaged_input_is_one_line_and_no_report(
    panel: Path, screened: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut"
    cut.mkdir()
    whole = gzip.decompress((screened / "c.fastq.gz").read_bytes())
    (cut / "c.fastq.gz").write_bytes(gzip.compress(whole[:-20]))
    (cut / "s.json").write_text((screened / "s.json").read_text())
    assert analyse(panel, cut, tmp_path / "out") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"aspsfusion: error: {cut / 'c.fastq.gz'}")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_metrics_are_looked_at_before_the_work(
    panel: Path, screened: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "s.json"
    wrong.write_text("{}")
    out = tmp_path / "out"
    assert analyse(panel, screened, out, "--screen", str(wrong)) == 1
    captured = capsys.readouterr()
    assert f"{wrong}: lacks total_reads" in captured.err
    assert captured.out == ""
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "text", "problem"),
    [
        (
            (),
            ">P\nACGTACGTACGTACGTACGT\n",
            "primers are given, and the library is not declared; declare it as amplicon or",
        ),
        (
            ("--library", "polyA"),
            ">P\nACGTACGTACGTACGTACGT\n",
            "primers are given, and the library is declared as polyA",
        ),
        (("--library", "anchored"), ">P\nACGN\n", "record 1 (P): holds 'N'"),
    ],
)
def test_primers_are_looked_at_before_the_work(
    panel: Path,
    screened: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    text: str,
    problem: str,
) -> None:
    primers, out = tmp_path / "primers.fa", tmp_path / "out"
    primers.write_text(text)
    assert analyse(panel, screened, out, "--primers", str(primers), *options) == 1
    captured = capsys.readouterr()
    assert problem in captured.err
    assert captured.out == ""
    assert not out.exists()


def test_primers_are_the_same_in_one_process_and_in_several(
    panel: Path, screened: Path, tmp_path: Path
) -> None:
    primers, apart = tmp_path / "primers.fa", tmp_path / "apart"
    primers.write_text(f">P\n{reverse_complement(THREE_TRANSCRIPT[150:172])}\n")
    together = tmp_path / "together"
    assert analyse(panel, screened, together, "--library", "anchored", "--primers", str(primers)) == 0
    report = read_report(together / "x.report.json")
    (primer,) = report.assay.primers
    assert [(place.first, place.last, place.direction) for place in primer.places] == [
        (172, 151, "antisense")
    ]
    apart.mkdir()
    for command in (
        f"align --sample x --reads {screened}/c.fastq.gz --output {apart}/a.bam --metrics {apart}/a.json",
        f"evidence --bam {apart}/a.bam --output {apart}/e.json.gz --primers {primers}",
        f"call --evidence {apart}/e.json.gz --output {apart}/calls.json",
        f"report --sample x --screen {screened}/s.json --align {apart}/a.json --calls {apart}/calls.json "
        f"--library anchored --json {apart}/x.report.json",
    ):
        assert main([*command.split(), "--panel", str(panel)]) == 0
    assert (apart / "x.report.json").read_bytes() == (together / "x.report.json").read_bytes()
    # Without the declaration all molecules would count again.
    words = ["--screen", f"{screened}/s.json", "--align", f"{apart}/a.json", "--calls", f"{apart}/calls.json"]
    words += ["--panel", str(panel), "--sample", "x", "--json", f"{apart}/other.json"]
    assert main(["report", *words]) == 1


def test_negative_samples_are_the_baseline_of_the_coverage(
    panel: Path, screened: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert analyse(panel, screened, tmp_path, "--min-fragments", "400") == 0
    report = read_report(tmp_path / "x.report.json")
    assert report.verdict.call != "CONFIRMED"
    negatives = []
    for number in range(5):
        counts = {"five_prime_fragments": 40 + number, "three_prime_fragments": 50}
        imbalance = report.imbalance.model_copy(update=counts)
        negatives.append(str(tmp_path / f"n{number}.report.json"))
        write_json(report.model_copy(update={"imbalance": imbalance}), Path(negatives[-1]))
    assert analyse(panel, screened, tmp_path, "--force", "--baseline", *negatives) == 0
    found = read_report(tmp_path / "x.report.json").imbalance
    assert found.baseline == "5 negative samples"
    assert report.imbalance.baseline == "uniform model"
    # A positive sample would hide the tilt that is looked for.
    positive = tmp_path / "x.report.json"
    assert read_report(positive).verdict.call == "CONFIRMED"
    assert analyse(panel, screened, tmp_path, "--force", "--baseline", *negatives, str(positive)) == 1
    assert f"{positive}: is the report of a sample with" in capsys.readouterr().err
