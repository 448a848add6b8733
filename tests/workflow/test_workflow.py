"""The workflow as a user runs it: what stops it, a second run, lanes, BAM, damaged files."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aspsfusion.batch.manifest import MANIFEST, differences, read_manifest
from aspsfusion.batch.planning import HOLDER
from bam_factory import Record, write_records
from repository import ROOT, sample_files
from small_batch import CONFIG, SmallBatch, summary
from snakemake_runs import snakemake

REPEATED = ("pairs", "wild_type", "single")
"""Samples that are analysed a second time: pairs, an exclusion and single reads."""
SETTINGS = {"batch": {"max_contamination_share": 0.2}, "compatible_tables": True, "exports": ["fhir", "vicc"]}

pytestmark = pytest.mark.workflow


@dataclass(frozen=True)
class Results:
    """A finished run of the workflow."""

    batch: SmallBatch
    status: int
    log: str

    def file(self, sample: str, name: str) -> Path:
        """Return the path of a file of a sample."""
        return self.batch.outdir / sample / f"{sample}.{name}"

    def report(self, sample: str) -> dict[str, Any]:
        """Return a sample's report.json."""
        report: dict[str, Any] = json.loads(self.file(sample, "report.json").read_text())
        return report

    def summary(self) -> dict[str, dict[str, str]]:
        """Return summary.tsv by sample."""
        return summary(self.batch.outdir)


@pytest.fixture(scope="module")
def second(undisturbed: SmallBatch, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Run another batch with that panel: the samples again, one as lanes and as BAM too, damaged files."""
    directory = (
        tmp_path_factory.mktemp("second") / "a batch"
    )  # with a space, as laboratories name directories
    batch = undisturbed.copied(directory, results=False)
    lanes = [
        "\t".join(["lanes", *(half(directory / name, lane) for name in batch.files("pairs")), "polyA", ""])
        for lane in (1, 2)
    ]
    diluted = [every_tenth(directory / name) for name in batch.files("strong")]
    damaged = directory / "damaged.fastq.gz"
    damaged.write_bytes((batch.reads / "single.fastq.gz").read_bytes()[:-2000])
    bam = unaligned_bam([directory / name for name in batch.files("pairs")], directory / "un aligned.bam")
    cut = directory / "cut.bam"
    cut.write_bytes(bam.read_bytes()[:-500])
    batch.write_sheet(
        [*REPEATED, "strong"],
        [
            *lanes,
            "\t".join(["diluted", *diluted, "polyA", ""]),
            f"damaged\t{damaged}\t\tpolyA\t",
            f"bam\t\t\tpolyA\t{bam}",
            f"cut_bam\t\t\tpolyA\t{cut}",
        ],
    )
    panel = undisturbed.outdir / "panel"
    before = [(path, path.stat().st_mtime_ns) for path in sorted(panel.rglob("*"))]
    batch.configure(**SETTINGS, genome_fasta=None, panel_dir=str(panel))
    done = batch.run(outdir=str(batch.outdir))
    assert [(path, path.stat().st_mtime_ns) for path in sorted(panel.rglob("*"))] == before, "it is only read"
    return Results(batch, done.returncode, done.stdout)


def unaligned_bam(mates: list[Path], path: Path) -> Path:
    """Write a pair of FASTQ files as unaligned BAM."""
    records = []
    for number, fastq in enumerate(mates):
        lines = gzip.decompress(fastq.read_bytes()).decode().splitlines()
        for i in range(0, len(lines), 4):
            name = lines[i][1:].split()[0].removesuffix(f"/{number + 1}")
            records.append(Record(name, lines[i + 1], (77, 141)[number], qualities=lines[i + 3]))
    return write_records(path, records)


def half(fastq: Path, number: int) -> str:
    """Write the first or second half of a FASTQ file's reads; returns the new file."""
    lines = gzip.decompress(fastq.read_bytes()).splitlines(keepends=True)
    middle = len(lines) // 8 * 4
    path = fastq.with_name(f"L{number} {fastq.name}")
    path.write_bytes(gzip.compress(b"".join(lines[:middle] if number == 1 else lines[middle:])))
    return str(path)


def every_tenth(fastq: Path) -> str:
    """Write every tenth read of a FASTQ file, as a sample that a little of another one has got into."""
    lines = gzip.decompress(fastq.read_bytes()).splitlines(keepends=True)
    records = [lines[start : start + 4] for start in range(0, len(lines), 4)]
    path = fastq.with_name(f"diluted_{fastq.name}")
    path.write_bytes(gzip.compress(b"".join(line for record in records[::10] for line in record)))
    return str(path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([], "'genome_fasta' is not set; set it to a GRCh38 FASTA with --config genome_fasta=PATH"),
        ([], "'make demo' shows the workflow without one"),
        (["genom_fasta=x.fa"], "'genom_fasta' is not known; did you mean 'genome_fasta'?"),
        (["genome_fasta={genome}", "samples={sheet}"], "row 2: fastq_1 'no.fastq' does not exist"),
        (["genome_fasta={genome}", "call={{min_anchor: 3}}"], "3 is less than the minimum of 6"),
        ([f"genome_fasta={'g' * 300}"], "ggg: file name too long; check path, permission and free space"),
    ],
)
def test_mistakes_stop_the_workflow_in_one_sentence(
    tmp_path: Path, settings: list[str], message: str
) -> None:
    sheet, genome = tmp_path / "samples.tsv", tmp_path / "genome.fa"
    sheet.write_text("sample_id\tfastq_1\nS1\tno.fastq\n")
    genome.touch()
    given = [setting.format(sheet=sheet, genome=genome) for setting in [f"outdir={tmp_path}", *settings]]
    done = snakemake(["--cores", "1", "--config", *given], ROOT, tmp_path / "said")
    assert done.returncode == 1
    assert message in done.stdout
    assert "Traceback" not in done.stdout


def test_runs_in_a_directory_of_its_own(undisturbed: SmallBatch, tmp_path: Path) -> None:
    """With `--directory`, and with two files of keys, of which the later one wins."""
    batch, later = undisturbed.copied(tmp_path / "batch"), tmp_path / "later.yaml"
    for name in ("config", "workflow"):
        (batch.directory / name).unlink()
    files = ["--configfile", str(batch.directory / CONFIG), str(later)]
    arguments = ["--directory", str(batch.directory), *files, "--dry-run"]
    batch.configure(outdir="elsewhere")
    later.write_text("outdir: results\n")
    done = snakemake(arguments, ROOT, tmp_path / "said")
    assert "Nothing to be done" in done.stdout, done.stdout
    later.write_text("{outdir: results, genome_fasta: null, panel_dir: reads}\n")
    done = snakemake(arguments, ROOT, tmp_path / "said")
    assert done.returncode == 1
    assert "reads: lacks panel.json; build the panel with" in done.stdout


@pytest.mark.parametrize("profile", ["default", "slurm"])
def test_everything_can_be_planned(profile: str, tmp_path: Path) -> None:
    options = ["--workflow-profile", f"workflow/profiles/{profile}", "--dry-run", "--forceall"]
    if profile == "default":
        options += ["--cores", "2"]
    options += ["--configfile", "tests/workflow/lint/config.yaml"]
    done = snakemake(options, ROOT, tmp_path / "said")
    assert done.returncode == 0, done.stdout
    assert "RuntimeWarning" not in done.stdout


@pytest.mark.parametrize("sample", REPEATED)
def test_second_run_writes_the_same_bytes(undisturbed: SmallBatch, second: Results, sample: str) -> None:
    first = undisturbed.outdir / sample / f"{sample}.report.json"
    assert second.file(sample, "report.json").read_bytes() == first.read_bytes()


def test_nobody_but_owner_and_group_can_read_what_belongs_to_a_patient(second: Results) -> None:
    written = [*second.batch.outdir.rglob("*"), second.batch.directory / ".snakemake"]
    assert any(path.suffix == ".log" for path in written)
    public = {str(path) for path in written if path.stat().st_mode & 0o027}
    assert public == set()


def test_lanes_are_one_sample(second: Results) -> None:
    lanes, whole = second.report("lanes"), second.report("pairs")
    assert lanes["verdict"]["call"] == whole["verdict"]["call"] == "CONFIRMED"
    assert lanes["fusions"] == whole["fusions"]
    assert lanes["qc"] == whole["qc"]


def test_bam_gives_what_fastq_gives(second: Results) -> None:
    bam, fastq = second.report("bam"), second.report("pairs")
    assert bam["qc"].pop("input") == "unaligned BAM"
    assert fastq["qc"].pop("input") == "FASTQ"
    for key in ("fusions", "filtered", "one_sided", "exclusion", "qc", "expression", "exon_coverage"):
        assert bam[key] == fastq[key]
    assert bam["verdict"]["reasons"] == fastq["verdict"]["reasons"]


def test_failed_sample_is_named_and_takes_no_other_with_it(second: Results) -> None:
    assert second.status == 1
    rows = second.summary()
    assert {sample: row["verdict"] for sample, row in rows.items()} == {
        "pairs": "CONFIRMED",
        "wild_type": "EXCLUDED",
        "single": "CONFIRMED",
        "lanes": "CONFIRMED",
        "strong": "CONFIRMED",
        "diluted": "INDETERMINATE",
        "damaged": "FAILED",
        "bam": "CONFIRMED",
        "cut_bam": "FAILED",
    }
    sentence = rows["damaged"]["statement"]
    assert "damaged.fastq.gz" in sentence
    assert second.file("damaged", "failed.txt").read_text() == f"{sentence}\n"
    assert [path.name for path in (second.batch.outdir / "damaged").iterdir()] == ["damaged.failed.txt"]
    assert f"sample damaged FAILED: {sentence}" in second.log
    assert "cut.bam: is truncated: the block that ends such a file is missing" in rows["cut_bam"]["statement"]
    assert [path.name for path in (second.batch.outdir / "cut_bam").iterdir()] == ["cut_bam.failed.txt"]


def test_screen_has_little_and_all_of_it_counts(second: Results) -> None:
    """It had 213 lines for four samples."""
    lines = second.log.splitlines()
    assert len(lines) < 2 * len(second.summary()) + 10
    for sample, row in second.summary().items():
        shown = [line.split()[1] for line in lines if line.split()[:1] == [sample]]
        # After its own analysis, and at the end, when it was compared with the others.
        assert shown == ["CONFIRMED" if sample == "diluted" else row["verdict"], row["verdict"]]
    assert "9 samples: 5 CONFIRMED, 1 EXCLUDED, 2 FAILED, 1 INDETERMINATE" in lines
    assert lines[-1] == str(second.batch.outdir / "summary.html")


def test_contamination_is_found_beside_a_failed_sample(second: Results) -> None:
    verdict = second.report("diluted")["verdict"]
    assert verdict["call"] == "INDETERMINATE"
    assert verdict["before_batch_check"]["call"] == "CONFIRMED"
    assert [reason["code"] for reason in verdict["reasons"]] == ["POSSIBLE_CONTAMINATION", "TARGET_FUSION"]
    page = second.file("diluted", "report.html").read_text()
    assert '<p class="call">INDETERMINATE: may come from another sample</p>' in page
    assert second.summary()["diluted"]["contamination_from"] == "strong"


def test_files_for_other_programs_are_written_where_wanted(undisturbed: SmallBatch, second: Results) -> None:
    for name in ("arriba.tsv", "star-fusion.tsv"):
        assert len(second.file("single", name).read_text().splitlines()) == 2
    assert len(json.loads(second.file("single", "fhir.json").read_text())["entry"]) == 3
    assert len(json.loads(second.file("single", "vicc.json").read_text())["fusions"]) == 1
    for name in ("arriba.tsv", "star-fusion.tsv", "fhir.json", "vicc.json"):
        assert not (undisturbed.outdir / "single" / f"single.{name}").exists()


def test_the_manifest_lists_every_result(undisturbed: SmallBatch, second: Results) -> None:
    listed = read_manifest(undisturbed.outdir)
    assert {path for name in ("pairs", "wild_type") for path in sample_files("", name)} <= {
        f"/{name}" for name in listed
    }
    assert {"panel/panel.json", "summary.tsv", "summary.html", "aspsfusion_mqc.tsv"} <= set(listed)
    assert list(differences(undisturbed.outdir, listed)) == []
    assert not (second.batch.outdir / MANIFEST).exists()  # a sample has no result


def test_a_completed_batch_has_nothing_more_to_do(second: Results) -> None:
    """A report that the summary has issued again is no reason to make anything anew."""
    batch = second.batch
    rows = batch.sheet.read_text().splitlines(keepends=True)
    batch.sheet.write_text("".join(row for row in rows if not row.startswith(("damaged", "cut_bam"))))
    done = batch.run(outdir=str(batch.outdir))
    assert done.returncode == 0, done.stdout
    assert list(differences(batch.outdir, read_manifest(batch.outdir))) == []
    # The lock names the process that looked last.
    files = sorted(path for path in batch.outdir.rglob("*") if path.is_file() and path.name != HOLDER)
    before = [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in files]
    assert second.report("diluted")["verdict"]["call"] == "INDETERMINATE"
    done = batch.run(outdir=str(batch.outdir))
    assert done.returncode == 0, done.stdout
    assert "Nothing to be done" in done.stdout
    assert [(path, path.stat().st_mtime_ns, path.read_bytes()) for path in files] == before
