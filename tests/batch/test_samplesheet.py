"""The sample sheet of a directory: names that sequencers give, and what a name leaves open."""

from pathlib import Path

import pytest

from aspsfusion.batch.samples import read_samples
from aspsfusion.batch.samplesheet import SheetRow, parse_name, sheet_of
from aspsfusion.batch.sheet import COLUMNS, read_table
from aspsfusion.cli import main


def make(directory: Path, *names: str) -> list[Path]:
    """Make files with one byte each."""
    paths = [directory / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return paths


@pytest.mark.parametrize(
    ("name", "sample", "lane", "read"),
    [
        ("P17_S1_L001_R1_001.fastq.gz", "P17", "001", "1"),
        ("P17_S12_R2_001.fastq.gz", "P17", "", "2"),
        ("a_b-c_S3_L002_R2_001.fastq.gz", "a_b-c", "002", "2"),
        ("P17_L001_R1_001.fastq.gz", "P17", "001", "1"),
        ("P17_S1_L001_I1_001.fastq.gz", "P17", "001", "I"),
        ("SRR123_1.fastq.gz", "SRR123", "", "1"),
        ("SRR123_2.fq", "SRR123", "", "2"),
        ("P17.R1.fastq.gz", "P17", "", "1"),
        ("P17_R2.fq.zst", "P17", "", "2"),
        ("P17_L3_R2.fq.gz", "P17", "3", "2"),
        ("tumour.1.fq.gz", "tumour", "", "1"),
        ("single.fastq.gz", "single", "", ""),
        ("P17.bam", "P17", "", "bam"),
        ("P17.sorted.CRAM", "P17.sorted", "", "bam"),
    ],
)
def test_names_are_understood(name: str, sample: str, lane: str, read: str) -> None:
    file = parse_name(Path(name))
    assert file is not None
    assert (file.sample, file.lane, file.read) == (sample, lane, read)


@pytest.mark.parametrize(
    "name", ["P17.bam.bai", "md5sum.txt", "P17.fastq.gz.md5", "SampleSheet.csv", "fastq.gz"]
)
def test_other_files_are_passed_over(name: str) -> None:
    assert parse_name(Path(name)) is None


def test_lanes_are_grouped_and_the_rest_is_said(tmp_path: Path) -> None:
    files = make(
        tmp_path,
        *(f"B_S2_L00{lane}_{read}_001.fastq.gz" for lane in (2, 1) for read in ("R2", "R1", "I1")),
        "A.bam",
        "A.bam.bai",
        "Undetermined_S0_L001_R1_001.fastq.gz",
    )
    sheet = sheet_of(files)
    assert sheet.rows == [
        SheetRow("A", bam=str(tmp_path / "A.bam")),
        *(
            SheetRow("B", *(str(tmp_path / f"B_S2_L00{lane}_R{mate}_001.fastq.gz") for mate in (1, 2)))
            for lane in (1, 2)
        ),
    ]
    assert {path.name: reason for path, reason in sheet.skipped} == {
        "B_S2_L001_I1_001.fastq.gz": "index reads",
        "B_S2_L002_I1_001.fastq.gz": "index reads",
        "Undetermined_S0_L001_R1_001.fastq.gz": "reads that belong to no sample",
    }


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["P_S1_L001_R2_001.fastq.gz"], "holds second mates, and the first mates of sample P are not there"),
        (
            ["P_S1_L001_R1_001.fastq.gz", "P_S1_L001_R2_001.fastq.gz", "P_S1_L002_R1_001.fastq.gz"],
            "P_S1_L002_R1_001.fastq.gz: has no second mates, unlike other lanes of sample P",
        ),
        (["my sample_R1.fastq.gz"], "rename the file so that its sample is 'my_sample'"),
        (["-P.bam"], "rename the file so that its sample is 'P'"),
        (["Pat.Müller_1.fq"], "gives the sample name 'Pat.Müller', which is not a plain name"),
        (["panel.bam"], "gives the sample name 'panel', which the output directory uses itself"),
        (["P.bam", "P.cram"], "belongs to sample P, which"),
        (["P.bam", "P_R1.fastq.gz", "P_R2.fastq.gz"], "belongs to sample P, which"),
        (["P_R1.fastq.gz", "P.R1.fastq.gz"], "cannot be distinguished from"),
        (["P_1.fastq.gz", "P.fastq.gz"], "has no mate number, unlike"),
        (
            ["notes.txt"],
            "holds no FASTQ, BAM or CRAM file of a sample; give the directory that holds the reads",
        ),
        (["a\tb_R1.fastq.gz"], "which is not a plain name"),
    ],
)
def test_what_is_ambiguous_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: list[str], message: str
) -> None:
    make(tmp_path / "reads", *names)
    assert main(["samplesheet", str(tmp_path / "reads"), "--output", str(tmp_path / "s.tsv")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "s.tsv").exists()


def test_empty_files_and_missing_directories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "P.bam").touch()
    output = ["--output", str(tmp_path / "s.tsv")]
    assert main(["samplesheet", str(tmp_path), *output]) == 1
    assert "P.bam: is empty (0 bytes)" in capsys.readouterr().err
    assert main(["samplesheet", str(tmp_path / "none"), *output]) == 1
    assert "none: is no directory" in capsys.readouterr().err


def test_the_workflow_reads_what_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path / "run", "A.bam", "sub/B_1.fq.gz", "sub/B_2.fq.gz", "sub/C.fq.gz", ".hidden.bam")
    sheet = tmp_path / "s.tsv"
    arguments = ["samplesheet", str(tmp_path / "run"), "--recursive", "--output", str(sheet)]
    assert main(arguments) == 0
    assert "wrote 3 samples in 3 rows" in capsys.readouterr().out
    samples = {sample.sample_id: sample for sample in read_samples(sheet)}
    assert samples["A"].bam == str(tmp_path / "run/A.bam")
    assert samples["B"].paired
    assert [Path(file).name for file in samples["C"].reads] == ["C.fq.gz"]
    assert main(arguments) == 1
    assert (
        "exists already; name another file, or give --append to add new samples to it or --force"
        in capsys.readouterr().err
    )


def test_columns_are_filled_or_left_to_fill_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path / "run", *(f"{name}_{mate}.fq" for name in ("A", "NTC1", "NTC2") for mate in (1, 2)))
    sheet = tmp_path / "s.tsv"
    arguments = ["samplesheet", str(tmp_path / "run"), "--output", str(sheet)]
    fill = ["--library", "capture", "--umi", "8M+T", "+T", "--control", "NTC*=ntc", "--control", "A=positive"]
    assert main([*arguments, *fill]) == 0
    header, _ = read_table(sheet)
    assert header == list(COLUMNS)
    samples = read_samples(sheet)
    assert [sample.as_given["control"] for sample in samples] == ["positive", "ntc", "ntc"]
    assert {(sample.library, sample.umi) for sample in samples} == {("capture", ("8M+T", "+T"))}
    for wrong, message in (
        (["--control", "B=ntc"], "no sample that is added has this name; name one of A, NTC1, NTC2"),
        (["--control", "A=ntc", "--control", "A=positive"], "sample A is declared ntc and positive"),
        (["--umi", "8X"], "is no read structure"),
    ):
        assert main([*arguments, *wrong, "--force"]) == 1
        assert message in capsys.readouterr().err
    assert read_samples(sheet) == samples


def test_append_keeps_what_was_entered_and_adds_samples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    make(run, "A.fq", "B_L1_R1.fq")
    sheet = tmp_path / "s.tsv"
    sheet.write_bytes(
        f"remark\tsample_id\tfastq_1\tcontrol\t\r\n, see B\trenamed\t{run}/A.fq\tnegative\r\n"
        f"\tB\t{run}/B_L1_R1.fq\t\r\n".encode()
    )
    arguments = ["samplesheet", str(run), "--output", str(sheet), "--append", "--library", "total"]
    before = sheet.read_bytes()
    assert main(arguments) == 0
    assert "added 0 samples in 0 rows" in capsys.readouterr().out
    assert sheet.read_bytes() == before
    make(run, "B_L2_R1.fq", "C.bam")
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert (
        f"left out {run}/B_L2_R1.fq: the sheet has its sample, B, without it; for a lane of it add a row"
        in printed
    )
    assert f"added 1 sample in 1 row to {sheet}" in printed
    header, rows = read_table(sheet)
    assert header[:4] == ["remark", "sample_id", "fastq_1", "control"]
    assert [row["sample_id"] for row in rows] == ["renamed", "B", "C"]
    assert (rows[0]["control"], rows[0]["remark"]) == ("negative", ", see B")
    assert [row["library"] for row in rows] == ["", "", "total"]
    assert [sample.sample_id for sample in read_samples(sheet)] == ["renamed", "B", "C"]
