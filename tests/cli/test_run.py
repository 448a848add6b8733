"""`aspsfusion run`: what it hands to Snakemake, and what it refuses before."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from aspsfusion.cli import main
from repository import ROOT

Run = Callable[..., list[str]]


@pytest.fixture
def batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a directory with reads, a sheet and a genome the working directory."""
    (tmp_path / "fastq").mkdir()
    for name in ("S1_R1.fastq.gz", "S1_R2.fastq.gz", "S2.fastq.gz"):
        (tmp_path / "fastq" / name).write_bytes(b"reads")
    (tmp_path / "genome.fa").write_text(">chrX\nACGT\n")
    (tmp_path / "sheet.tsv").write_text("sample_id\tfastq_1\nS2\tfastq/S2.fastq.gz\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(batch: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command and returns what it would start."""
    started: list[list[str]] = []

    def child(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        started.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("aspsfusion.batch.start.run_child", child)

    def run(*words: str, reads: str = "--reads fastq", source: str = "--genome genome.fa") -> list[str]:
        assert main(["run", *reads.split(), *source.split(), "--output", "out", *words]) == 0
        return started.pop()

    return run


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the sentence with which the command is refused."""
    assert main(["run", "--output", "out", *words]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def configuration_of(command: list[str]) -> dict[str, object]:
    """Return the configuration that a command of Snakemake names."""
    found: dict[str, object] = yaml.safe_load(Path(command[command.index("--configfile") + 1]).read_text())
    return found


def test_a_directory_of_reads_is_run_by_the_packaged_workflow(run: Run, batch: Path) -> None:
    command = run("--cores", "3")
    assert command[1:4] == ["-P", "-m", "snakemake"]
    assert command[command.index("--snakefile") + 1] == str(ROOT / "workflow/Snakefile")
    assert command[command.index("--workflow-profile") + 1] == str(ROOT / "workflow/profiles/default")
    assert command[-2:] == ["--cores", "3"]
    assert configuration_of(command) == {
        "samples": str(batch / "out/samples.tsv"),
        "outdir": str(batch / "out"),
        "genome_fasta": str(batch / "genome.fa"),
    }
    rows = [line.split("\t") for line in (batch / "out/samples.tsv").read_text().splitlines()]
    assert [row[0] for row in rows] == ["sample_id", "S1", "S2"]


def test_what_was_entered_by_hand_stays_when_a_sample_is_added(run: Run, batch: Path) -> None:
    run()
    sheet = batch / "out/samples.tsv"
    rows = [line.split("\t") for line in sheet.read_text().splitlines()]
    rows[1][rows[0].index("library")] = "capture"
    sheet.write_text("".join("\t".join(row) + "\n" for row in rows))
    (batch / "fastq/S3.fastq.gz").write_bytes(b"reads")
    run()
    assert [line.split("\t") for line in sheet.read_text().splitlines()][:3] == rows
    assert sheet.read_text().count("\nS3\t") == 1


def test_cores_are_all_unless_a_profile_decides(run: Run) -> None:
    assert "--cores" in run()
    assert "--cores" in run("--profile", "default")
    command = run("--profile", "slurm")
    assert "--cores" not in command
    assert command[command.index("--workflow-profile") + 1] == str(ROOT / "workflow/profiles/slurm")


def test_a_path_is_a_profile_of_ones_own(run: Run, batch: Path) -> None:
    (batch / "slurm").mkdir()
    command = run("--profile", "./slurm")
    assert command[command.index("--workflow-profile") + 1] == str(batch / "slurm")


def test_keys_and_arguments_are_passed_on(run: Run) -> None:
    words = ["--config", "classify={min_fragments: 4}", "compatible_tables=true", "--", "--dry-run", "-q"]
    command = run("--config", "cram_reference=1.fa", *words, reads="--samples sheet.tsv")
    assert command[-2:] == ["--dry-run", "-q"]
    config = configuration_of(command)
    assert config["classify"] == {"min_fragments": 4}
    assert (config["compatible_tables"], config["cram_reference"]) == (True, "1.fa")
    assert str(config["samples"]).endswith("/sheet.tsv")


def test_loci_can_be_fetched(run: Run) -> None:
    config = configuration_of(run(source="--fetch ucsc"))
    assert config["genome_fetch"] == "ucsc"
    assert "genome_fasta" not in config


def test_a_value_of_the_last_run_is_not_left_to_its_default(
    run: Run, batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fewer, exports = "classify={min_fragments: 4, confidence: 0.9}", "exports=[fhir]"
    run("--config", fewer, exports, "call={margin: 2}")
    written = (batch / "out/config.yaml").read_bytes()
    same = ("--reads", "fastq", "--genome", "genome.fa", "--config", "classify={min_fragments: 5}")
    assert refused(capsys, *same) == (
        "aspsfusion: error: out/config.yaml: the last run was given classify.confidence 0.9, exports [fhir], "
        "which this command leaves out; "
        "add --config 'classify={min_fragments: 5, confidence: 0.9}' 'exports=[fhir]' to keep it, "
        "or --config 'classify={min_fragments: 5, confidence: 0.95}' 'exports=[]' for the default\n"
    )
    assert (batch / "out/config.yaml").read_bytes() == written
    assert configuration_of(run("--config", fewer, exports))["exports"] == ["fhir"]
    by_default = run("--config", "classify={min_fragments: 3, confidence: 0.95}", "exports=null")
    assert configuration_of(by_default)["exports"] is None
    run(source="--fetch ucsc")  # what has an option is named each time
    (batch / "out/config.yaml").write_text("- no configuration\n")
    assert "out/config.yaml: is no configuration of a run; remove it" in refused(capsys, *same)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            "--genome genome.fa --profile nowhere",
            "--profile nowhere: there is no such profile; give default or",
        ),
        ("--genome genome.fa --cores 0", "--cores 0 is out of range"),
        ("more_fastq --genome genome.fa", "more_fastq belongs to no option"),
        ("--genome none.fa", "none.fa: is no file; give a FASTA of GRCh38"),
        ("--fetch nobody", "key 'genome_fetch': 'nobody' does not match"),
        ("--genome genome.fa --config batch", "--config batch: this is no KEY=VALUE"),
        ("--genome genome.fa --config outdir=x", "--config outdir is given twice"),
        (
            "--genome genome.fa --config call={margin: 3}",
            "the value cannot be read as YAML; put it in quotes",
        ),
        ("--genome genome.fa --config call={margin:3}", "in quotes, with a space after each colon"),
        ("--genome genome.fa --config min_anchor=9", "key 'min_anchor' is not known"),
        ("--genome genome.fa -- --configfile=x.yaml", "--configfile=x.yaml cannot be passed on"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    words: str, problem: str, batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert problem in refused(capsys, "--reads", "fastq", *words.split())


def test_a_wrong_sheet_is_named(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (batch / "sheet.tsv").write_text("sample_id\tfastq_1\nS1\tnone.fastq\n")
    error = refused(capsys, "--samples", "sheet.tsv", "--genome", "genome.fa")
    assert "sheet.tsv, row 2: " in error
    assert "is no directory" in refused(capsys, "--reads", "none", "--genome", "genome.fa")


@pytest.mark.parametrize(
    "words",
    [
        "--output o --genome genome.fa",
        "--reads fastq --genome genome.fa",
        "--reads fastq --output o",
        "--reads fastq --samples sheet.tsv --genome genome.fa --output o",
        "--reads fastq --genome genome.fa --fetch ucsc --output o",
    ],
)
def test_each_of_reads_source_and_output_is_given_once(words: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["run", *words.split()])
