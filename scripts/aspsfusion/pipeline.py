"""Takes one sample from its candidate fragments to its report: the stages after the screen in one process.

It calls the stages, which do not import each other, one after the other: align, evidence, call, tag, report.
Each is also a command of its own that writes the same bytes. A small sample takes a second of work; starting
five processes for it would take five times as long.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.align.align import AlignFiles, run_align
from aspsfusion.call.call import Caller
from aspsfusion.call.calls_file import CallsFile, write_calls
from aspsfusion.call.tag import run_tag
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.evidence.evidence import run_evidence
from aspsfusion.interpret.compose import ALIGN_KEYS, SCREEN_KEYS, StageResults, compose_report, read_metrics
from aspsfusion.io.files import replacing
from aspsfusion.panel.panel import load_panel
from aspsfusion.report.files import REPORT_SUFFIX, WRITERS
from aspsfusion.report.json_tsv import write_json
from aspsfusion.report.models import Imbalance, Report

ALWAYS = (".report.html", ".fusions.tsv", ".fusions.vcf.gz")
"""Files that are written from every report; others of `report.files.WRITERS` where they are wanted."""


def _no_word(stage: str) -> None:
    """Say nothing."""


def _no_count(count: int) -> None:
    """Count for nobody."""


@dataclass(frozen=True)
class Watcher:
    """Receives reports on how far a sample has come.

    Attributes:
        stage: called with the name of each stage before it begins.
        fragments: called now and then with the fragments aligned so far.
    """

    stage: Callable[[str], None] = _no_word
    fragments: Callable[[int], None] = _no_count


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of a sample's stages.

    Attributes:
        call: those of the evidence.
        classify: those of the verdict.
    """

    call: CallParameters
    classify: ClassifyParameters


@dataclass(frozen=True)
class SampleFiles:
    """What the stages write of one sample, all in one directory.

    Attributes:
        directory: where they are.
        sample: sample name, with which each of their names begins.
    """

    directory: Path
    sample: str

    def path(self, suffix: str) -> Path:
        """Return the file with this end of its name, for example `.calls.json`."""
        return self.directory / f"{self.sample}{suffix}"

    def main_files(self, also: Sequence[str] = ()) -> list[Path]:
        """Return the files without those that come beside another, such as indices.

        Args:
            also: ends of the names of further files, from `report.files.WRITERS`.
        """
        stages = (".align.json", ".evidence.json.gz", ".calls.json", ".panel.bam", ".junctions.fa")
        return [self.path(suffix) for suffix in (*stages, REPORT_SUFFIX, *ALWAYS, *also)]


def call_candidates(
    caller: Caller,
    candidates: Path,
    sample: str,
    outputs: Mapping[str, Path],
    *,
    threads: int = 1,
    watcher: Watcher | None = None,
    force: bool = False,
) -> CallsFile:
    """Take candidate fragments through align, evidence and call.

    Args:
        caller: has panel and thresholds; one serves any number of samples.
        candidates: FASTQ written by `aspsfusion screen` or `extract`.
        sample: sample name.
        outputs: `bam`, `align` and `evidence`: alignments, metrics and evidence to write.
        threads: threads of the aligner.
        watcher: receives reports on how far it has come.
        force: replace existing files.

    Returns:
        The calls, as `aspsfusion call` writes them.

    Raises:
        AspsfusionError: a stage failed.
    """
    watcher = watcher or Watcher()
    panel_directory = caller.panel.directory
    watcher.stage("align")
    bam, metrics = outputs["bam"], outputs["align"]
    files = AlignFiles(candidates, bam, metrics)
    run_align(panel_directory, files, sample, threads, watcher.fragments, force=force)
    watcher.stage("evidence")
    evidence = run_evidence(panel_directory, bam, outputs["evidence"], caller.parameters, force=force)
    watcher.stage("call")
    return caller.calls_of(evidence)


def run_analyse(
    panel_directory: Path,
    candidates: Path,
    screen_metrics: Path,
    files: SampleFiles,
    thresholds: Thresholds,
    library: str | None = None,
    baseline: Sequence[Imbalance] = (),
    also: Sequence[str] = (),
    *,
    threads: int = 1,
    watcher: Watcher | None = None,
    force: bool = False,
) -> Report:
    """Take one sample from its candidate fragments to its report.

    Args:
        panel_directory: panel that the candidates were screened with.
        candidates: FASTQ written by `aspsfusion screen` or `extract`.
        screen_metrics: JSON written by the same.
        files: what to write.
        thresholds: of all stages.
        library: declared library type, or None.
        baseline: imbalance of negative samples, as the reports of those state it.
        also: ends of the names of further files to write, from `report.files.WRITERS`.
        threads: threads of the aligner.
        watcher: receives reports on how far it has come.
        force: replace existing files.

    Returns:
        The report that was written.

    Raises:
        AspsfusionError: a stage failed. What the stages before it wrote stays.
    """
    watcher = watcher or Watcher()
    # Before the work of the stages, which a wrong file would make worthless.
    screen = read_metrics(screen_metrics, SCREEN_KEYS)
    panel = load_panel(panel_directory)
    # On the local disk: the alignments are read twice and not kept.
    with tempfile.TemporaryDirectory(prefix="aspsfusion.") as scratch:
        bam, align, evidence = (
            Path(scratch) / "aligned.bam",
            *map(files.path, (".align.json", ".evidence.json.gz")),
        )
        record = call_candidates(
            Caller(panel, thresholds.call),
            candidates,
            files.sample,
            {"bam": bam, "align": align, "evidence": evidence},
            threads=threads,
            watcher=watcher,
            force=force,
        )
        calls = files.path(".calls.json")
        with replacing(calls, force=force) as draft:
            write_calls(record, draft)
        watcher.stage("tag")
        run_tag(
            panel_directory, bam, calls, files.path(".panel.bam"), files.path(".junctions.fa"), force=force
        )
    watcher.stage("report")
    results = StageResults(files.sample, screen, read_metrics(align, ALIGN_KEYS), record, library)
    report = compose_report(panel, results, thresholds.classify, baseline)
    for suffix in (*ALWAYS, *also):
        WRITERS[suffix](report, files.path(suffix))
    # Last: where the record is, every other file is.
    write_json(report, files.path(REPORT_SUFFIX))
    return report
