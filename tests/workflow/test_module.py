"""The workflow as a module of another one, in a directory of its own, as `snakedeploy` sets it up."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from aspsfusion.simulate.demo import Outcome
from repository import ROOT
from small_batch import part_of_demonstration, verdicts

pytestmark = pytest.mark.workflow

SAMPLE = "type2_weak"
README = ROOT / "workflow" / "README.md"


def snakefile_of_the_documentation() -> str:
    """Return the example that the documentation shows."""
    text = README.read_text()
    return text.split("```python\n")[1].split("```")[0]


@pytest.fixture(scope="module")
def deployed(demonstration_run: tuple[Path, list[Outcome]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Set up another workflow and run it on a sample, and on a file that is damaged."""
    directory = tmp_path_factory.mktemp("module")
    batch = part_of_demonstration(demonstration_run[0], directory, [SAMPLE])
    damaged = directory / "damaged.fastq.gz"
    damaged.write_bytes((demonstration_run[0] / "reads" / "type1_single.fastq.gz").read_bytes()[:-2000])
    with (directory / "samples.tsv").open("a") as sheet:
        sheet.write(f"damaged\t{damaged.name}\t\tpolyA\n")
    settings = yaml.safe_load(batch.config.read_text())
    del settings["panel"]  # comes with the workflow
    (directory / "config").mkdir()
    (directory / "config" / "config.yaml").write_text(
        yaml.safe_dump({"fusions": settings | {"samples": "samples.tsv", "outdir": "fusions"}})
    )
    (directory / "workflow").mkdir()
    text = snakefile_of_the_documentation()
    assert "/opt/aspsfusion" in text
    (directory / "workflow" / "Snakefile").write_text(text.replace("/opt/aspsfusion", str(ROOT)))
    return directory


def snakemake(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the other workflow."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_failed_and_good_samples_of_a_module(
    deployed: Path, demonstration_run: tuple[Path, list[Outcome]]
) -> None:
    for _ in range(2):  # without a profile, and without a handler of its own
        done = snakemake(deployed)
        assert done.returncode == 1
        assert verdicts(deployed / "fusions") == {SAMPLE: "CONFIRMED", "damaged": "FAILED"}, done.stdout
    report = Path(SAMPLE) / f"{SAMPLE}.report.json"
    expected = (demonstration_run[0] / "results" / report).read_bytes()
    assert (deployed / "fusions" / report).read_bytes() == expected

    # Without the damaged sample the other workflow's own rule gets its table.
    sheet = deployed / "samples.tsv"
    rows = sheet.read_text().splitlines(keepends=True)
    sheet.write_text("".join(row for row in rows if not row.startswith("damaged")))
    done = snakemake(deployed)
    assert done.returncode == 0, done.stdout
    assert (deployed / "verdicts.txt").read_text() == f"{SAMPLE}\tCONFIRMED\n"
    assert "rule aspsfusion_summary" in done.stdout
    assert "rule aspsfusion_analyse" not in done.stdout, "nothing of the good sample is made again"
    assert "not present in the Snakefile" not in done.stdout
