"""Runs a sample through the stages: all in this process, or by the command line."""

import contextlib
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aspsfusion.align.structures import read_structures
from aspsfusion.cli import main
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.interpret.agreement import disagreement
from aspsfusion.validation.run import Chain, open_chain
from carriers.genes import Genes, read_genes
from carriers.reads import Fragment, texts, write

Report = dict[str, Any]
"""What `report.json` holds."""


class Runner:
    """Takes any number of samples through the stages, which stay loaded between them.

    Args:
        panel: panel directory.
        chain: the stages, on that panel.
        keep: directory for reads and report of each sample; None to keep nothing.
    """

    def __init__(self, panel: Path, chain: Chain, keep: Path | None = None) -> None:
        self.panel = panel
        self.genes: Genes = read_genes(panel)
        self._chain = chain
        self._keep = keep

    def report(
        self,
        fragments: Sequence[Fragment],
        library: str | None = None,
        umi: Sequence[str] = (),
        primers: Sequence[str] = (),
    ) -> Report:
        """Return the report of a sample.

        Args:
            fragments: its reads.
            library: kind of library that is declared.
            umi: read structures that are declared.
            primers: bases of the primers that are declared, 5' to 3'.
        """
        lane = self._chain.write_reads(texts(fragments))
        fasta = "".join(f">primer{number}\n{bases}\n" for number, bases in enumerate(primers))
        path = self._chain.write_primers(fasta) if primers else None
        found = self._chain.examine("s", [lane], library, read_structures(umi), path)
        record = self._chain.report(found)
        assert not disagreement(record), disagreement(record)
        report: Report = record.model_dump(mode="json")
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            write(fragments, self._keep / "reads")
            if primers:
                (self._keep / "primers.fa").write_text(fasta, encoding="ascii")
            (self._keep / "report.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
        return report


@contextmanager
def open_runner(panel: Path, keep: Path | None = None) -> Iterator[Runner]:
    """Load the stages; the files between them go to a directory in memory where there is one."""
    with open_chain(panel, CallParameters(), ClassifyParameters()) as chain:
        yield Runner(panel, chain, keep)


def run(arguments: Sequence[object]) -> None:
    """Run a subcommand; raises what it says when it fails."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main([str(argument) for argument in arguments])
    if status:
        raise RuntimeError(said.getvalue().strip())


def analysed(panel: Path, directory: Path, lanes: Sequence[Sequence[Path]]) -> Report:
    """Screen the lanes of a sample, analyse it, and return `report.json`, by the command line."""
    directory.mkdir(parents=True, exist_ok=True)
    candidates, metrics = directory / "candidates.fastq.gz", directory / "screen.json"
    more = [word for lane in lanes[1:] for word in ("--lane", *lane)]
    files = ["--output", candidates, "--metrics", metrics, "--force"]
    run(["screen", "--panel", panel, *lanes[0], *more, *files])
    inputs = ["--panel", panel, "--reads", candidates, "--screen", metrics, "--sample", "s"]
    run(["analyse", *inputs, "--output", directory, "--force"])
    report: Report = json.loads((directory / "s.report.json").read_text(encoding="utf-8"))
    return report


def target_of(report: Report) -> dict[str, Any] | None:
    """Return the best supported target fusion of a report."""
    found = [fusion for fusion in report["fusions"] if fusion["is_target"]]
    return max(found, key=lambda fusion: fusion["fragments"], default=None)
