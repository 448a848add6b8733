"""Counts of reads beside a FASTQ file, and what is refused by them."""

import json
from pathlib import Path

import pytest

from aspsfusion.cli import main
from aspsfusion.errors import ReadsError
from aspsfusion.io.read_counts import require_stated_reads

NAME = "S1_S3_L002_R1_001.fastq.gz"


def fastp(command: str, before: object = 24, after: object = 20) -> str:
    """A report as fastp writes it, of what counts here."""
    summary = {"before_filtering": {"total_reads": before}, "after_filtering": {"total_reads": after}}
    return json.dumps({"summary": summary, "command": f"{command} "})


def bcl_convert(*rows: str) -> str:
    return "\n".join(["Lane,SampleID,Index,# Reads,# Perfect Index Reads", *rows, "2,Undetermined,,99,0", ""])


def with_projects(*rows: str) -> str:
    return "\r\n".join(["Lane,SampleID,Sample_Project,Index,# Reads", *rows, ""])


def bcl2fastq(sample: str = "S1", name: str = "S1", lane: int = 2) -> str:
    row = {"SampleId": sample, "SampleName": name, "NumberReads": 12, "Yield": 2424}
    other = {**row, "SampleId": "S2", "SampleName": "S2", "NumberReads": 7}
    lanes = [{"LaneNumber": lane, "DemuxResults": [row, other]}, {"LaneNumber": 3, "DemuxResults": [other]}]
    return json.dumps({"Flowcell": "F", "ConversionResults": lanes})


PAIR = f"-i raw/{NAME} -I raw/S1_S3_L002_R2_001.fastq.gz"
TRIMMED = f"--out1=t/{NAME} -O t/R2.fq"
RUN = "run/Reports/Demultiplex_Stats.csv"

STATED: dict[str, tuple[str, str, str, int | None]] = {
    "fastp's input, one of a pair": (f"run/{NAME}", "run/fastp.json", fastp(f"fastp {PAIR} -o a -O b"), 12),
    "fastp's single input": (f"run/{NAME}", "run/x.json", fastp(f"fastp --in1 {NAME} -o a"), 24),
    "fastp's output": (f"run/{NAME}", "run/fastp.json", fastp(f"fastp -i a -I b {TRIMMED}"), 10),
    "fastp, a letter behind a flag": (f"run/{NAME}", "run/fastp.json", fastp(f"fastp -i a -Qo {NAME}"), 20),
    "fastp, of some reads": (
        f"run/{NAME}",
        "run/fastp.json",
        fastp(f"fastp -i {NAME} --reads_to_process 24"),
        None,
    ),
    "fastp, merged": (f"run/{NAME}", "run/fastp.json", fastp(f"fastp -m -i a -I b {TRIMMED}"), None),
    "fastp, of another file": (f"run/{NAME}", "run/fastp.json", fastp("fastp -i a -o b"), None),
    "fastp, no numbers": (f"run/{NAME}", "run/x.json", fastp(f"fastp -i {NAME}", "24", None), None),
    "fastp, odd number": (f"run/{NAME}", "run/x.json", fastp(f"fastp {PAIR}", 23), None),
    "no json": (f"run/{NAME}", "run/x.json", f'{{"command": "{NAME}', None),
    "bcl-convert": (f"run/{NAME}", RUN, bcl_convert("1,S1,A,5,5", "2,S1,A,12,12", "2,S2,C,3,3"), 12),
    "bcl-convert, beside it": (f"run/{NAME}", "run/Demultiplex_Stats.csv", bcl_convert("2,S1,A,12,12"), 12),
    "bcl-convert, lanes joined": ("run/S1_S3_R1_001.fastq", RUN, bcl_convert("1,S1,A,5,5", "2,S1,A,7,7"), 12),
    "bcl-convert, other lane": (f"run/{NAME}", RUN, bcl_convert("1,S1,A,5,5"), None),
    "bcl-convert, two indexes": (f"run/{NAME}", RUN, bcl_convert("2,S1,A,5,5", "2,S1,C,7,7"), None),
    "bcl-convert, by project": (f"run/P/{NAME}", RUN, with_projects("2,S1,P,A,12"), 12),
    "bcl-convert, project and sample": (f"run/P/S1/{NAME}", RUN, with_projects("2,S1,P,A,12"), 12),
    "bcl-convert, of two projects": (f"run/P/{NAME}", RUN, with_projects("2,S1,P,A,12", "2,S1,Q,A,5"), 12),
    "bcl-convert, trimmed later": (f"run/trimmed/{NAME}", RUN, bcl_convert("2,S1,A,12,12"), None),
    "bcl-convert, other name": ("run/S1.fastq.gz", RUN, bcl_convert("2,S1,A,12,12"), None),
    "bcl-convert, other table": (f"run/{NAME}", RUN, "a,b\n1,2\n", None),
    "bcl2fastq": (f"run/{NAME}", "run/Stats/Stats.json", bcl2fastq(), 12),
    "bcl2fastq, by name": (f"run/I1/{NAME}", "run/Stats/Stats.json", bcl2fastq("I1"), 12),
    "bcl2fastq, other lane": (f"run/{NAME}", "run/Stats/Stats.json", bcl2fastq(lane=1), None),
    "bcl2fastq, other json": (f"run/{NAME}", "run/Stats/Stats.json", '{"ConversionResults": [1, {}]}', None),
}


@pytest.mark.parametrize("kind", STATED)
def test_what_is_stated_is_found(kind: str, tmp_path: Path) -> None:
    name, report, text, expected = STATED[kind]
    source = tmp_path / report
    source.parent.mkdir(parents=True)
    source.write_text(text)
    path = tmp_path / name
    require_stated_reads(path, 12 if expected is None else expected)
    if expected is None:
        require_stated_reads(path, 1)
        return
    with pytest.raises(ReadsError) as error:
        require_stated_reads(path, 2 * expected)
    assert error.value.sentence().startswith(
        f"{path}: has {2 * expected} reads, and {source} says {expected}; copy the file again"
    )


def test_a_name_of_input_and_output_has_either_number(tmp_path: Path) -> None:
    (tmp_path / "fastp.json").write_text(fastp("fastp -i raw/S.fq -o trimmed/S.fq"))
    for reads in (20, 24):
        require_stated_reads(tmp_path / "S.fq", reads)
    with pytest.raises(ReadsError, match=r"has 22 reads, and .*fastp\.json says 20 or 24"):
        require_stated_reads(tmp_path / "S.fq", 22)


@pytest.mark.parametrize("copies", [1, 2, 4])
def test_reads_that_are_cut_off_or_doubled_are_refused(
    copies: int, demo_panel_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between two records nothing else tells."""
    path = tmp_path / "S.fastq"
    path.write_text("".join(f"@r{i}\n{'ACGT' * 9}\n+\n{'I' * 36}\n" for i in range(copies)))
    (tmp_path / "fastp.json").write_text(fastp("fastp -i raw.fastq -o S.fastq", 3, 2))
    files = ["--output", str(tmp_path / "kept.gz"), "--metrics", str(tmp_path / "screen.json")]
    status = main(["screen", "--panel", str(demo_panel_directory), str(path), *files])
    assert status == (0 if copies == 2 else 1)
    assert (tmp_path / "screen.json").exists() is (copies == 2)
    if copies != 2:
        assert f"has {copies} reads, and {tmp_path / 'fastp.json'} says 2" in capsys.readouterr().err
