"""The workflow as a user runs it: what stops it, the demonstration, a second run, lanes, a damaged file."""

import csv
import gzip
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from aspsfusion.batch.outcomes import sample_files
from aspsfusion.simulate.demo import DEFINITION, Demo, Outcome, load_demo, run_workflow
from bam_factory import Record, write_records
from repository import ROOT

CORES = 2
REPEATED = ("type2_weak", "wild_type", "type1_single")
"""Samples of the demonstration that are analysed a second time: pairs, an exclusion and single reads."""

pytestmark = pytest.mark.workflow


@dataclass(frozen=True)
class Batch:
    """A finished run of the workflow."""

    outdir: Path
    status: int
    log: str

    def file(self, sample: str, name: str) -> Path:
        """Return the path of a file of a sample."""
        return self.outdir / sample / f"{sample}.{name}"

    def report(self, sample: str) -> dict[str, Any]:
        """Return a sample's report.json."""
        report: dict[str, Any] = json.loads(self.file(sample, "report.json").read_text())
        return report

    def summary(self) -> dict[str, dict[str, str]]:
        """Return summary.tsv by sample."""
        with (self.outdir / "summary.tsv").open(newline="") as stream:
            return {row["sample_id"]: row for row in csv.DictReader(stream, delimiter="\t")}


@pytest.fixture(scope="module")
def demo() -> Demo:
    """Return the definition of the demonstration."""
    return load_demo(ROOT / DEFINITION)


@pytest.fixture(scope="module")
def demonstration(demonstration_run: tuple[Path, list[Outcome]]) -> tuple[Batch, list[Outcome]]:
    """Return the finished demonstration."""
    output, outcomes = demonstration_run
    return Batch(output / "results", 0, (output / "snakemake.log").read_text()), outcomes


@pytest.fixture(scope="module")
def second_batch(
    demonstration: tuple[Batch, list[Outcome]], tmp_path_factory: pytest.TempPathFactory
) -> Batch:
    """Run another batch: some samples again, one of them as two lanes too, and one with a damaged file."""
    first = demonstration[0].outdir.parent
    reads = first / "reads"
    directory = tmp_path_factory.mktemp("second batch")  # with a space, as laboratories name directories
    rows = (first / "samples.tsv").read_text().splitlines()
    rows = [row for row in rows if row.split("\t")[0] in ("sample_id", *REPEATED)]
    for lane in (1, 2):
        files = [str(half(reads / f"type2_weak_R{mate}.fastq.gz", lane, directory)) for mate in (1, 2)]
        rows.append("\t".join(["lanes", *files, "polyA"]))
    rows.append(next(row for row in (first / "samples.tsv").read_text().splitlines() if row[:6] == "type1\t"))
    files = [str(every_tenth(reads / f"type1_R{mate}.fastq.gz", directory)) for mate in (1, 2)]
    rows.append("\t".join(["diluted", *files, "polyA"]))
    damaged = directory / "damaged.fastq.gz"
    damaged.write_bytes((reads / "type1_single.fastq.gz").read_bytes()[:-2000])
    rows.append(f"damaged\t{damaged}\t\tpolyA")
    bam = unaligned_bam(
        [reads / f"type2_weak_R{mate}.fastq.gz" for mate in (1, 2)], directory / "un aligned.bam"
    )
    cut = directory / "cut.bam"
    cut.write_bytes(bam.read_bytes()[:-500])
    rows = [f"{row}\tbam" if row.startswith("sample_id") else f"{row}\t" for row in rows]
    rows += [f"bam\t\t\tpolyA\t{bam}", f"cut_bam\t\t\tpolyA\t{cut}"]
    (directory / "samples.tsv").write_text("\n".join(rows) + "\n")
    settings = yaml.safe_load((first / "config.yaml").read_text())
    settings |= {"samples": str(directory / "samples.tsv"), "outdir": str(directory / "results")}
    settings |= {"batch": {"max_contamination_share": 0.2}, "compatible_tables": True}
    config = directory / "config.yaml"
    config.write_text(yaml.safe_dump(settings))
    status = run_workflow(ROOT, config, CORES, directory / "log")
    return Batch(directory / "results", status, (directory / "log").read_text())


def unaligned_bam(mates: list[Path], path: Path) -> Path:
    """Write a pair of FASTQ files as unaligned BAM."""
    records = []
    for number, fastq in enumerate(mates):
        lines = gzip.decompress(fastq.read_bytes()).decode().splitlines()
        for i in range(0, len(lines), 4):
            name = lines[i][1:].split()[0].removesuffix(f"/{number + 1}")
            records.append(Record(name, lines[i + 1], (77, 141)[number], qualities=lines[i + 3]))
    return write_records(path, records)


def half(fastq: Path, number: int, directory: Path) -> Path:
    """Write the first or second half of a FASTQ file's reads."""
    lines = gzip.decompress(fastq.read_bytes()).splitlines(keepends=True)
    middle = len(lines) // 8 * 4
    path = directory / f"L{number}_{fastq.name}"
    path.write_bytes(gzip.compress(b"".join(lines[:middle] if number == 1 else lines[middle:])))
    return path


def every_tenth(fastq: Path, directory: Path) -> Path:
    """Write every tenth read of a FASTQ file, as a sample that a little of another one has got into."""
    lines = gzip.decompress(fastq.read_bytes()).splitlines(keepends=True)
    records = [lines[start : start + 4] for start in range(0, len(lines), 4)]
    path = directory / f"diluted_{fastq.name}"
    path.write_bytes(gzip.compress(b"".join(line for record in records[::10] for line in record)))
    return path


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([], "'genome_fasta' is not set; set it to a GRCh38 FASTA with --config genome_fasta=PATH"),
        ([], "'make demo' shows the workflow without one"),
        (["genom_fasta=x.fa"], "'genom_fasta' is not known; did you mean 'genome_fasta'?"),
        (["genome_fasta={genome}", "samples={sheet}"], "row 2: fastq_1 'no.fastq' does not exist"),
        (["genome_fasta={genome}", "call={{min_anchor: 3}}"], "3 is less than the minimum of 6"),
    ],
)
def test_mistakes_stop_the_workflow_in_one_sentence(
    tmp_path: Path, settings: list[str], message: str
) -> None:
    sheet, genome = tmp_path / "samples.tsv", tmp_path / "genome.fa"
    sheet.write_text("sample_id\tfastq_1\nS1\tno.fastq\n")
    genome.touch()
    given = [setting.format(sheet=sheet, genome=genome) for setting in [f"outdir={tmp_path}", *settings]]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--config", *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("profile", ["default", "slurm"])
def test_everything_can_be_planned(profile: str) -> None:
    options = ["--workflow-profile", f"workflow/profiles/{profile}", "--dry-run", "--forceall"]
    if profile == "default":
        options += ["--cores", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *options, "--configfile", "tests/workflow/lint/config.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "RuntimeWarning" not in done.stderr


def test_demonstration_gets_every_verdict(demonstration: tuple[Batch, list[Outcome]], demo: Demo) -> None:
    _, outcomes = demonstration
    assert [outcome.sample for outcome in outcomes] == [sample.id for sample in demo.samples]
    assert {outcome.sample: outcome.obtained for outcome in outcomes} == {
        outcome.sample: outcome.expected for outcome in outcomes
    }
    assert all(outcome.agree for outcome in outcomes)


def test_every_file_of_the_contract_is_there(demonstration: tuple[Batch, list[Outcome]], demo: Demo) -> None:
    batch, _ = demonstration
    for sample in demo.samples:
        for file in sample_files(str(batch.outdir), sample.id):
            assert Path(file).stat().st_size, file
        assert not batch.file(sample.id, "candidates.fastq.gz").exists()
    for name in ("panel.json", "transcripts.fa", "exons.tsv"):
        assert (batch.outdir / "panel" / name).is_file()
    assert list(batch.summary()) == [sample.id for sample in demo.samples]
    assert (batch.outdir / "summary.html").is_file()


def test_reports_keep_to_the_schema(demonstration: tuple[Batch, list[Outcome]], demo: Demo) -> None:
    schema = json.loads((ROOT / "resources/report.schema.json").read_text())
    validator = Draft202012Validator(schema)
    for sample in demo.samples:
        report = demonstration[0].report(sample.id)
        assert list(validator.iter_errors(report)) == []
        assert report["reference"]["kind"] == "demonstration"
        assert report["notices"]


@pytest.mark.parametrize("sample", REPEATED)
def test_second_run_writes_the_same_bytes(
    demonstration: tuple[Batch, list[Outcome]], second_batch: Batch, sample: str
) -> None:
    first = demonstration[0].file(sample, "report.json").read_bytes()
    assert second_batch.file(sample, "report.json").read_bytes() == first


def test_lanes_are_one_sample(second_batch: Batch) -> None:
    lanes, whole = second_batch.report("lanes"), second_batch.report("type2_weak")
    assert lanes["verdict"]["call"] == whole["verdict"]["call"] == "CONFIRMED"
    assert lanes["fusions"] == whole["fusions"]
    assert lanes["qc"] == whole["qc"]


def test_bam_gives_what_fastq_gives(second_batch: Batch) -> None:
    bam, fastq = second_batch.report("bam"), second_batch.report("type2_weak")
    assert bam["qc"].pop("input") == "unaligned BAM"
    assert fastq["qc"].pop("input") == "FASTQ"
    for key in ("fusions", "filtered", "one_sided", "exclusion", "qc", "expression", "exon_coverage"):
        assert bam[key] == fastq[key]
    assert bam["verdict"]["reasons"] == fastq["verdict"]["reasons"]


def test_failed_sample_is_named_and_takes_no_other_with_it(second_batch: Batch) -> None:
    assert second_batch.status == 1
    rows = second_batch.summary()
    assert {sample: row["verdict"] for sample, row in rows.items()} == {
        "type2_weak": "CONFIRMED",
        "wild_type": "EXCLUDED",
        "type1_single": "CONFIRMED",
        "lanes": "CONFIRMED",
        "type1": "CONFIRMED",
        "diluted": "INDETERMINATE",
        "damaged": "FAILED",
        "bam": "CONFIRMED",
        "cut_bam": "FAILED",
    }
    sentence = rows["damaged"]["statement"]
    assert "damaged.fastq.gz" in sentence
    assert second_batch.file("damaged", "failed.txt").read_text() == f"{sentence}\n"
    assert [path.name for path in (second_batch.outdir / "damaged").iterdir()] == ["damaged.failed.txt"]
    assert f"sample damaged FAILED: {sentence}" in second_batch.log
    assert "cut.bam: is truncated: the block that ends such a file is missing" in rows["cut_bam"]["statement"]
    assert [path.name for path in (second_batch.outdir / "cut_bam").iterdir()] == ["cut_bam.failed.txt"]
    assert "2 of 9 samples FAILED" in second_batch.log


def test_contamination_is_found_beside_a_failed_sample(second_batch: Batch) -> None:
    verdict = second_batch.report("diluted")["verdict"]
    assert verdict["call"] == "INDETERMINATE"
    assert verdict["before_batch_check"]["call"] == "CONFIRMED"
    assert [reason["code"] for reason in verdict["reasons"]] == ["POSSIBLE_CONTAMINATION", "TARGET_FUSION"]
    assert '<p class="call">INDETERMINATE</p>' in second_batch.file("diluted", "report.html").read_text()
    assert second_batch.summary()["diluted"]["contamination_from"] == "type1"


def test_tables_of_other_programs_are_written_where_wanted(
    demonstration: tuple[Batch, list[Outcome]], second_batch: Batch
) -> None:
    for name in ("arriba.tsv", "star-fusion.tsv"):
        assert len(second_batch.file("type1_single", name).read_text().splitlines()) == 2
        assert not demonstration[0].file("type1_single", name).exists()


def test_a_completed_batch_has_nothing_more_to_do(second_batch: Batch) -> None:
    """A report that the summary has issued again is no reason to make anything anew."""
    directory = second_batch.outdir.parent
    sheet = directory / "samples.tsv"
    rows = sheet.read_text().splitlines(keepends=True)
    sheet.write_text("".join(row for row in rows if not row.startswith(("damaged", "cut_bam"))))
    config = directory / "config.yaml"
    assert run_workflow(ROOT, config, CORES, directory / "log") == 0
    files = sorted(path for path in second_batch.outdir.rglob("*") if path.is_file())
    before = [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in files]
    assert second_batch.report("diluted")["verdict"]["call"] == "INDETERMINATE"
    assert run_workflow(ROOT, config, CORES, directory / "log") == 0
    assert "Nothing to be done" in (directory / "log").read_text()
    assert [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in files] == before
