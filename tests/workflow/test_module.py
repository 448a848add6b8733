"""The workflow as a module of another one, in a directory of its own, as `snakedeploy` sets it up."""

import shutil
from pathlib import Path

import pytest
import yaml

from repository import ROOT
from small_batch import GENOME, SmallBatch, verdicts
from snakemake_runs import snakemake

pytestmark = pytest.mark.workflow

SAMPLE = "pairs"
README = ROOT / "workflow" / "README.md"


def snakefile_of_the_documentation() -> str:
    """Return the example that the documentation shows."""
    text = README.read_text()
    return text.split("```python\n")[1].split("```")[0]


@pytest.fixture
def deployed(undisturbed: SmallBatch, tmp_path: Path) -> Path:
    """Set up another workflow for a sample, and for a file that is damaged."""
    damaged = tmp_path / "damaged.fastq.gz"
    damaged.write_bytes((undisturbed.reads / "single.fastq.gz").read_bytes()[:-2000])
    files = [str(undisturbed.directory / name) for name in undisturbed.files(SAMPLE)]
    rows = ["sample_id\tfastq_1\tfastq_2\tlibrary", "\t".join([SAMPLE, *files, "polyA"])]
    rows.append(f"damaged\t{damaged.name}\t\tpolyA")
    (tmp_path / "samples.tsv").write_text("\n".join(rows) + "\n")
    genome = str(undisturbed.directory / GENOME)
    settings = {"genome_fasta": genome, "samples": "samples.tsv", "outdir": "fusions"}
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_text(yaml.safe_dump({"fusions": settings}))
    (tmp_path / "workflow").mkdir()
    text = snakefile_of_the_documentation()
    assert "/opt/aspsfusion" in text
    (tmp_path / "workflow" / "Snakefile").write_text(text.replace("/opt/aspsfusion", str(ROOT)))
    return tmp_path


def candidates_of(outdir: Path) -> Path:
    """Return the file of a sample's reads between its jobs."""
    return outdir / SAMPLE / f"{SAMPLE}.candidates.fastq.gz"


def leave_candidates(outdir: Path) -> None:
    """Leave what Snakemake forgets after an interrupt between a sample's last job and the checkpoint."""
    left = candidates_of(outdir)
    left.write_bytes(b"reads of a patient")
    shutil.copystat(outdir / SAMPLE / f"{SAMPLE}.outcome.json", left)  # no newer


def test_failed_and_good_samples_of_a_module(deployed: Path, undisturbed: SmallBatch) -> None:
    said = deployed / "said"
    for run in range(2):  # without a profile, and without a handler of its own
        if run:
            leave_candidates(deployed / "fusions")
        done = snakemake(["--cores", "2"], deployed, said)
        assert done.returncode == 1
        assert verdicts(deployed / "fusions") == {SAMPLE: "CONFIRMED", "damaged": "FAILED"}, done.stdout
    assert not candidates_of(deployed / "fusions").exists(), "an interrupted run may leave no reads for ever"
    report = Path(SAMPLE) / f"{SAMPLE}.report.json"
    assert (deployed / "fusions" / report).read_bytes() == (undisturbed.outdir / report).read_bytes()

    # Without the damaged sample the other workflow's own rule gets its table.
    sheet = deployed / "samples.tsv"
    rows = sheet.read_text().splitlines(keepends=True)
    sheet.write_text("".join(row for row in rows if not row.startswith("damaged")))
    done = snakemake(["--cores", "2"], deployed, said)
    assert done.returncode == 0, done.stdout
    assert (deployed / "verdicts.txt").read_text() == f"{SAMPLE}\tCONFIRMED\n"
    assert "rule aspsfusion_summary" in done.stdout
    assert "rule aspsfusion_analyse" not in done.stdout, "nothing of the good sample is made again"
    assert "not present in the Snakefile" not in done.stdout
