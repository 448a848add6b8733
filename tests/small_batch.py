"""A small batch, taken from the demonstration, for tests that run the workflow several times."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from aspsfusion.batch.failures import JOB_FILES
from aspsfusion.simulate.demo import DEFINITION, load_demo, prepare_samples
from repository import ROOT

SAMPLES = ("type2_weak", "type1_single")
"""The smallest with a fusion: pairs and single reads."""


@dataclass(frozen=True)
class SmallBatch:
    """Simulated reads, and the configuration of a workflow on them.

    Attributes:
        directory: holds everything.
        config: configuration file; `outdir` is for the caller to choose.
    """

    directory: Path
    config: Path

    def command(self, outdir: Path, *arguments: str) -> list[str]:
        """Return the command line of the workflow."""
        snakemake = [sys.executable, "-m", "snakemake", "--configfile", str(self.config)]
        return [*snakemake, "--config", f"outdir={outdir}", *arguments]

    def run(
        self, outdir: Path, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the workflow to its end."""
        return subprocess.run(
            self.command(outdir, *arguments),
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def small_batch(directory: Path, samples: Sequence[str] = SAMPLES) -> SmallBatch:
    """Simulate some samples of the demonstration.

    Args:
        directory: an empty directory to write to.
        samples: names of samples of the demonstration.
    """
    demo = load_demo(ROOT / DEFINITION)
    chosen = [sample for sample in demo.samples if sample.id in samples]
    assert len(chosen) == len(samples)
    config = prepare_samples(demo.model_copy(update={"samples": chosen}), ROOT, directory, 2)
    return SmallBatch(directory, config)


def part_of_demonstration(demonstration: Path, directory: Path, samples: Sequence[str]) -> SmallBatch:
    """Take some samples of a demonstration that was run, with its reads.

    Args:
        demonstration: directory of the demonstration.
        directory: where to write sheet and configuration.
        samples: names of the samples.
    """
    rows = (demonstration / "samples.tsv").read_text().splitlines()
    sheet = directory / "samples.tsv"
    sheet.write_text("\n".join(row for row in rows if row.split("\t")[0] in ("sample_id", *samples)) + "\n")
    settings = yaml.safe_load((demonstration / "config.yaml").read_text())
    del settings["outdir"]
    config = directory / "config.yaml"
    config.write_text(yaml.safe_dump(settings | {"samples": str(sheet)}))
    return SmallBatch(directory, config)


def results(outdir: Path, samples: Sequence[str] = SAMPLES) -> dict[str, bytes]:
    """Return the content of every file that is kept, by its path below `outdir`."""
    names = [Path("summary.tsv"), Path("summary.html")]
    for sample in samples:
        names += [Path(sample) / f"{sample}.{name}" for files in JOB_FILES.values() for name in files]
    return {str(name): (outdir / name).read_bytes() for name in names}
