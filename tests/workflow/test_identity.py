"""What files hold decides about a result, whatever the order of their times; and one workflow writes it."""

import gzip
import os
from pathlib import Path

import pytest

from small_batch import GENOME, Held, SmallBatch, wait_for

pytestmark = pytest.mark.workflow

SAMPLES = ("pairs", "single", "wild_type")
LONG_AGO = 10**18
"""Older than any result, in nanoseconds."""


@pytest.fixture
def batch(undisturbed: SmallBatch, tmp_path: Path) -> SmallBatch:
    """Return a copy of a finished batch; all of its files have other inodes than when they were read."""
    return undisturbed.copied(tmp_path / "batch")


def planned(batch: SmallBatch, *arguments: str) -> dict[str, int]:
    """Return how many jobs of each rule are to be done, as far as that is known before the first one."""
    done = batch.run("--dry-run", *arguments)
    assert done.returncode == 0, done.stdout
    words = [line.split() for line in done.stdout.splitlines()]
    return {line[0]: int(line[1]) for line in words if len(line) == 2 and line[1].isdigit()}


def put_in_place(path: Path, content: bytes) -> None:
    """Replace a file by another one that is older than everything made of the first one."""
    path.unlink()
    path.write_bytes(content)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))


def test_files_that_hold_the_same_are_the_same(batch: SmallBatch) -> None:
    """A copy that was put back, or whose time was set, costs nothing but the reading."""
    assert planned(batch) == {}
    files = [batch.directory / GENOME, batch.sheet, *batch.reads.iterdir()]
    for path in files:
        path.touch()
    assert planned(batch) == {}
    for path in files:
        put_in_place(path, path.read_bytes())
    assert planned(batch) == {}


def test_a_report_is_made_again_where_any_file_of_it_is_missing(batch: SmallBatch) -> None:
    """The target rule asks for one file of each report, the first that is missing."""
    (batch.outdir / "pairs" / "pairs.fusions.vcf.gz.tbi").unlink()
    jobs = planned(batch)
    assert jobs["report"] == 1
    assert "analyse" not in jobs


def test_reads_that_were_exchanged_are_other_ones(batch: SmallBatch) -> None:
    """Neither file is newer than what was made of the other one."""
    first, second = (batch.directory / batch.files(name)[0] for name in ("pairs", "wild_type"))
    aside = batch.reads / "aside"
    first.rename(aside)
    second.rename(first)
    aside.rename(second)
    jobs = planned(batch)
    assert jobs["screen"] == 2
    assert "build_panel" not in jobs
    assert planned(batch) == jobs, "looking at it does not make it the known one"


def test_older_reads_are_other_ones_without_what_snakemake_knows(batch: SmallBatch) -> None:
    """Neither its notes on former runs nor a choice of its triggers decides about it."""
    put_in_place(batch.reads / "single.fastq.gz", (batch.reads / "strong_R1.fastq.gz").read_bytes())
    (batch.directory / ".snakemake" / "metadata").rename(batch.directory / "notes")
    assert planned(batch, "--rerun-triggers", "mtime")["screen"] == 1


@pytest.mark.parametrize(
    ("settings", "jobs"),
    [
        ({"classify": {"min_fragments": 100}}, {"screen": 3, "analyse": 3}),
        ({"batch": {"max_contamination_share": 0.5}}, {"compare": 1}),
        ({"exports": ["vicc"]}, {"report": 3}),
    ],
)
def test_settings_decide_without_what_snakemake_knows(
    batch: SmallBatch, settings: dict[str, object], jobs: dict[str, int]
) -> None:
    """In another working directory, where there are no notes, a changed threshold once changed nothing."""
    (batch.directory / ".snakemake" / "metadata").rename(batch.directory / "notes")
    assert planned(batch) == {}
    batch.configure(**settings)
    found = planned(batch)
    assert jobs.items() <= found.items()
    assert found.get("analyse", 0) == jobs.get("analyse", 0)
    batch.configure()
    assert "analyse" not in planned(batch), "the results are of these settings"


def test_an_older_genome_is_another_one(batch: SmallBatch) -> None:
    genome = batch.directory / GENOME
    text = gzip.decompress(genome.read_bytes())
    put_in_place(genome, gzip.compress(text[:-100] + text[-100:].translate(bytes.maketrans(b"AC", b"CA"))))
    jobs = planned(batch)
    assert (jobs["build_panel"], jobs["screen"]) == (1, len(SAMPLES))


def test_an_older_sheet_is_another_one(batch: SmallBatch) -> None:
    lines = batch.sheet.read_text().splitlines()
    text = "\n".join([f"{lines[0]}\tbatch", *(f"{line}\trun{i}" for i, line in enumerate(lines[1:]))])
    put_in_place(batch.sheet, text.encode())
    jobs = planned(batch)
    assert jobs["compare"] == 1
    assert "screen" not in jobs


def test_a_panel_that_was_put_in_place_is_another_one(batch: SmallBatch) -> None:
    provenance = batch.outdir / "panel" / "panel.json"
    put_in_place(provenance, provenance.read_bytes() + b"\n")
    os.utime(provenance.parent, ns=(LONG_AGO, LONG_AGO))
    assert planned(batch)["screen"] == len(SAMPLES)


def test_one_workflow_writes_to_a_directory(batch: SmallBatch, tmp_path: Path) -> None:
    """A second one, in another working directory, once left a FAILED note beside a CONFIRMED report."""
    batch.configure_built_panel()
    other = batch.copied(tmp_path / "other", results=False)
    outdir = str(batch.directory / "shared")
    job = Held(batch.directory, "screen/pairs.log")
    with batch.started("--cores", "1", outdir=outdir, environment=job.environment) as run:
        wait_for(job.process, run)
        refused = other.run(outdir=outdir)
        beside = batch.run("--dry-run", outdir=outdir)
        run.kill_all()
    assert refused.returncode == 1
    assert f"{outdir}: another snakemake writes there (process {run.pid} on " in refused.stdout
    assert f"started in {batch.directory}); wait until it has ended" in refused.stdout
    assert "Traceback" not in refused.stdout
    assert beside.returncode == 0, "whoever looks at his own run is not refused"
    job.let_go()
    assert other.run("--dry-run", outdir=outdir).returncode == 0, "it is free as soon as the run has ended"
