"""Runs the demonstration: simulated samples must get the verdicts stated for them from the workflow.

It calls the commands and the workflow as a user would, and reads the reports. What is simulated and what is
expected is data in `resources/demo`.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from aspsfusion.batch.samples import NAME_PATTERN
from aspsfusion.batch.start import run_workflow
from aspsfusion.config import Strict
from aspsfusion.errors import AspsfusionError, ParameterError
from aspsfusion.io.shipped import shipped
from aspsfusion.io.temporary import run_child
from aspsfusion.report.models import Call, Report

DEFINITION = "resources/demo/samples.yaml"
MARK = ".aspsfusion-demo"
"""File that makes a directory one that may be replaced by the next demonstration."""


class ExpectedFusion(Strict):
    """A fusion that the report must list."""

    name: str
    type: str


class Expected(Strict):
    """The verdict that a sample must get, and every fusion that its report must list."""

    call: Call
    fusions: list[ExpectedFusion]


class DemoSample(Strict):
    """A simulated sample: what it is, how it is made and what must come out."""

    id: str = Field(pattern=NAME_PATTERN)
    title: str
    library: str = ""
    simulate: dict[str, bool | int | float | list[str]]
    expected: Expected

    @property
    def paired(self) -> bool:
        """Whether the sample has read pairs."""
        return not self.simulate.get("single_end", False)

    def options(self) -> list[str]:
        """Return the options of `aspsfusion simulate`."""
        words = []
        for key, value in self.simulate.items():
            option = f"--{key.replace('_', '-')}"
            if isinstance(value, bool):
                words += [option] if value else []
            elif isinstance(value, list):
                words += [word for item in value for word in (option, item)]
            else:
                words += [option, str(value)]
        return words


class Demo(Strict):
    """A demonstration: a panel and samples to try it on."""

    panel: str
    samples: list[DemoSample] = Field(min_length=1)


@dataclass(frozen=True)
class Outcome:
    """A row of the table that the demonstration ends with."""

    sample: str
    title: str
    expected: str
    obtained: str
    agree: bool


def load_demo() -> Demo:
    """Read the demonstration.

    Raises:
        ParameterError: it is wrong.
    """
    path = shipped(DEFINITION)
    try:
        return Demo.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise ParameterError(
            f"is no demonstration: {error}", path=path, remedy="restore the file from the repository"
        ) from error


def run_demo(output: Path, cores: int, say: Callable[[str], None] = lambda text: None) -> list[Outcome]:
    """Simulate the samples, run the workflow on them and compare the verdicts.

    An earlier demonstration in the output directory is replaced.

    Raises:
        AspsfusionError: the directory holds something else, or a command failed.
    """
    demo = load_demo()
    _fresh_directory(output)
    say(f"simulating {len(demo.samples)} samples")
    config = prepare_samples(demo, output.resolve(), cores)
    log = output / "snakemake.log"
    say(f"running the workflow on {cores} cores; its log is {log}")
    with log.open("w", encoding="utf-8") as stream:
        run_workflow(config, ["--cores", str(cores)], directory=output, said=stream)
    return [compare(sample, report_of(output, sample)) for sample in demo.samples]


def prepare_samples(demo: Demo, output: Path, cores: int) -> Path:
    """Write reference, reads, sample sheet and configuration to an absolute path, and return the last one."""
    panel_yaml = shipped(demo.panel)
    reference, panel, reads = output / "reference.fa.gz", output / "simulation_panel", output / "reads"
    reads.mkdir()
    _command("demo-reference", "--panel", panel_yaml, "--output", reference)
    _command("panel", "build", "--panel", panel_yaml, "--genome", reference, "--output", panel)

    def simulate(sample: DemoSample) -> None:
        _command("simulate", "--panel", panel, "--output", reads / sample.id, *sample.options())

    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(simulate, demo.samples))
    sheet = output / "samples.tsv"
    rows = ["sample_id\tfastq_1\tfastq_2\tlibrary"]
    for sample in demo.samples:
        names = ("_R1.fastq.gz", "_R2.fastq.gz") if sample.paired else (".fastq.gz", "")
        files = [str(reads / f"{sample.id}{name}") if name else "" for name in names]
        rows.append("\t".join([sample.id, *files, sample.library]))
    sheet.write_text("\n".join(rows) + "\n", encoding="utf-8")
    config = output / "config.yaml"
    settings = {
        "samples": str(sheet),
        "outdir": str(output / "results"),
        "panel": str(panel_yaml),
        "genome_fasta": str(reference),
    }
    config.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return config


def report_of(output: Path, sample: DemoSample) -> Report | None:
    """Return the report of a sample of the demonstration, None when it has none."""
    path = output / "results" / sample.id / f"{sample.id}.report.json"
    if not path.is_file():
        return None
    return Report.model_validate_json(path.read_text(encoding="utf-8"))


def compare(sample: DemoSample, report: Report | None) -> Outcome:
    """Return the row of a sample: verdict and fusions are as expected, and the verdict names the fusions."""
    expected = _in_words(sample.expected.call, [(f.name, f.type) for f in sample.expected.fusions])
    if report is None:
        return Outcome(sample.id, sample.title, expected, "FAILED", False)
    verdict = report.verdict
    obtained = _in_words(verdict.call, [(f.name, f.type) for f in report.fusions])
    words = " ".join([verdict.statement, *(reason.text for reason in verdict.reasons)])
    named = all(fusion.name in words for fusion in sample.expected.fusions)
    if not named:
        obtained += " (not named by the verdict)"
    return Outcome(sample.id, sample.title, expected, obtained, obtained == expected)


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a table for the terminal."""
    rows = [("sample", "what it is", "expected", "obtained", "agree")]
    rows += [(o.sample, o.title, o.expected, o.obtained, "yes" if o.agree else "NO") for o in outcomes]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _in_words(call: str, fusions: Sequence[tuple[str, str]]) -> str:
    """Return a verdict and the fusions of its report, for example `CONFIRMED: A::B type 1`."""
    names = ", ".join(f"{name} {kind}".strip() for name, kind in sorted(fusions))
    return f"{call}: {names}" if names else call


def _fresh_directory(output: Path) -> None:
    if output.exists():
        if not (output / MARK).is_file() and (not output.is_dir() or any(output.iterdir())):
            raise ParameterError(
                "exists and holds no demonstration", path=output, remedy="give another --output"
            )
        shutil.rmtree(output)
    output.mkdir(parents=True)
    (output / MARK).touch()


def _command(*arguments: str | Path) -> None:
    """Run a subcommand of this program in a process of its own, as the workflow does."""
    words = [str(argument) for argument in arguments]
    command = [sys.executable, "-P", "-m", "aspsfusion", *words]
    done = run_child(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise AspsfusionError(f"aspsfusion {words[0]} failed: {lines[-1]}")
