"""Takes one sample from its candidate fragments to its report: the stages after the screen in one process.

It calls the stages, which do not import each other, one after the other: align, evidence, call, tag, report.
Each is also a command of its own, and the same calls and reports come of them. A small sample takes a second
of work; starting five processes for it would take five times as long.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from aspsfusion.align.align import align_candidates
from aspsfusion.align.sample import Sample
from aspsfusion.align.structures import TEMPLATES_ALONE, ReadStructures
from aspsfusion.call.call import Caller
from aspsfusion.call.calls_file import CallsFile, write_calls
from aspsfusion.call.doubt import SettledInDoubtError
from aspsfusion.call.tag import run_tag
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.errors import ParameterError
from aspsfusion.evidence.evidence import collect_evidence
from aspsfusion.evidence.evidence_file import Evidence, write_evidence
from aspsfusion.evidence.primers import load_primers, read_primers
from aspsfusion.interpret.compose import ALIGN_KEYS, SCREEN_KEYS, StageResults, compose_report, read_metrics
from aspsfusion.interpret.primed import require_primed_library
from aspsfusion.io.files import Progress, no_progress, replacing
from aspsfusion.io.records import Records
from aspsfusion.io.workers import Workers
from aspsfusion.long.align import align_long_reads
from aspsfusion.long.evidence import collect_long_evidence
from aspsfusion.long.platform import SHORT, platform_of
from aspsfusion.panel.panel import load_panel
from aspsfusion.report.files import RECORD_SUFFIX, REPORT_SUFFIX, WRITERS
from aspsfusion.report.json_tsv import write_json
from aspsfusion.report.models import Imbalance, Report

ALWAYS = (".report.html", ".fusions.tsv", ".fusions.vcf.gz")
"""Files that are written from every report; others of `report.files.WRITERS` where they are wanted."""


@dataclass(frozen=True)
class Watcher:
    """Receives reports on how far a sample has come.

    Attributes:
        stage: called with the name of each stage before it begins.
        fragments: called now and then with the fragments aligned so far.
    """

    stage: Callable[[str], object] = lambda stage: None
    fragments: Progress = no_progress


NOBODY = Watcher()


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of a sample: those of the evidence, and those of the verdict."""

    call: CallParameters
    classify: ClassifyParameters


@dataclass(frozen=True)
class SampleInput:
    """What the stages after the screen take in: files of `screen` or `extract`, and what is declared.

    Attributes:
        baseline: imbalance of negative samples, as the reports of those state it.
        structures: what the reads consist of.
        primers: FASTA of the gene-specific primers of an amplicon or anchored library.
    """

    panel: Path
    candidates: Path
    screen: Path
    library: str | None = None
    tumour_fraction: float | None = None
    baseline: Sequence[Imbalance] = ()
    structures: ReadStructures = TEMPLATES_ALONE
    primers: Path | None = None
    platform: str | None = None


@dataclass(frozen=True)
class SampleFiles:
    """What the stages write of one sample, all in one directory.

    Attributes:
        directory: where they are.
        sample: sample name, with which each of their names begins.
        also: ends of the names of further files, from `report.files.WRITERS`.
        record_only: write the record alone and no report, because the batch may have a say in the verdict.
        force: replace existing files.
    """

    directory: Path
    sample: str
    also: Sequence[str] = ()
    record_only: bool = False
    force: bool = False

    def path(self, suffix: str) -> Path:
        """Return the file with this end of its name, for example `.calls.json`."""
        return self.directory / f"{self.sample}{suffix}"

    def report_files(self) -> tuple[str, ...]:
        """Return the ends of the names of all that is written from the report, the record last."""
        return (RECORD_SUFFIX,) if self.record_only else (*ALWAYS, *self.also, REPORT_SUFFIX)

    def main_files(self) -> list[Path]:
        """Return the files without those that come beside another, such as indices."""
        stages = (".align.json", ".evidence.json.gz", ".calls.json")
        viewer = (".panel.bam", ".junctions.fa", ".igv.xml")
        return [self.path(suffix) for suffix in (*stages, *viewer, *self.report_files())]

    def write(self, report: Report) -> None:
        """Write the report; its record comes last: where that is, everything is."""
        *others, record = self.report_files()
        for suffix in others:
            WRITERS[suffix](report, self.path(suffix))
        write_json(report, self.path(record))


class Called(NamedTuple):
    """A sample after `align`, `evidence` and `call`.

    Attributes:
        calls: as `aspsfusion call` writes them.
        records: of the fragments that were aligned.
        sample: the fragments that were settled without, none of long reads.
    """

    calls: CallsFile
    records: Records
    sample: Sample


def call_candidates(
    caller: Caller,
    candidates: Path,
    sample: str,
    outputs: Mapping[str, Path],
    *,
    structures: ReadStructures = TEMPLATES_ALONE,
    primers: Path | None = None,
    threads: int = 1,
    watcher: Watcher = NOBODY,
    settle: bool = True,
    platform: str = SHORT,
    force: bool = False,
) -> Called:
    """Take candidate fragments through align, evidence and call.

    Args:
        caller: has panel and thresholds; one serves any number of samples.
        candidates: see `SampleInput`, as for structures and primers.
        sample: its name.
        outputs: `align` and `evidence`: metrics and evidence to write.
        structures: of the reads.
        primers: of the library.
        threads: processes that share the work on short reads; results do not depend on them.
        watcher: receives reports on how far it has come.
        settle: settle wild type without the aligner. Results are the same, but without it there are records
            of every candidate.
        platform: see `long.platform.platform_of`.
        force: replace existing files.

    Raises:
        AspsfusionError: a stage failed.
    """
    panel = caller.panel

    def called_from(evidence: Evidence, *, again: bool = False) -> CallsFile:
        with replacing(outputs["evidence"], force=force or again) as draft:
            write_evidence(evidence, draft)
        watcher.stage("call")
        return caller.calls_of(evidence, workers)

    def called_long() -> Called:
        watcher.stage("align")
        with replacing(outputs["align"], force=force) as draft:
            records, summary = align_long_reads(panel, candidates, sample, platform, watcher.fragments)
            draft.write_text(summary, encoding="utf-8")
        watcher.stage("evidence")
        evidence = collect_long_evidence(panel, records, caller.parameters)
        return Called(called_from(evidence), records, Sample(panel))

    def called(*, twice: bool) -> Called:
        watcher.stage("align")
        with replacing(outputs["align"], force=force or not twice) as draft:
            aligned = align_candidates(
                panel,
                candidates,
                sample,
                workers,
                watcher.fragments,
                structures=structures,
                settle=caller.parameters if settle else None,
                twice=twice,
            )
            draft.write_text(aligned.metrics, encoding="utf-8")
        watcher.stage("evidence")
        settled = aligned.sample.settled
        evidence = collect_evidence(panel, aligned.records, caller.parameters, workers, placed, settled)
        return Called(called_from(evidence, again=not twice), aligned.records, aligned.sample)

    placed = load_primers(primers, panel) if primers else ()
    with Workers(threads) as workers:
        if platform != SHORT:
            return called_long()
        try:
            return called(twice=True)
        except SettledInDoubtError:
            return called(twice=False)


def run_analyse(
    given: SampleInput,
    files: SampleFiles,
    thresholds: Thresholds,
    *,
    threads: int = 1,
    watcher: Watcher = NOBODY,
) -> Report:
    """Take one sample from its candidate fragments to its report, and return the report.

    Raises:
        AspsfusionError: a stage failed. What the stages before it wrote stays.
    """
    force = files.force
    # Before the work of the stages, which a wrong file would make worthless.
    screen = read_metrics(given.screen, SCREEN_KEYS)
    platform = platform_of(given.platform, screen)
    if platform != SHORT:
        _require_plain_reads(given)
    if given.structures.layouts:
        _require_unaligned(str(screen.get("input", "")), given.structures)
    panel = load_panel(given.panel)
    if given.primers:
        require_primed_library(given.library)
        read_primers(given.primers)
    align, evidence, calls = map(files.path, (".align.json", ".evidence.json.gz", ".calls.json"))
    called = call_candidates(
        Caller(panel, thresholds.call),
        given.candidates,
        files.sample,
        {"align": align, "evidence": evidence},
        structures=given.structures,
        primers=given.primers,
        threads=threads,
        watcher=watcher,
        platform=platform,
        force=force,
    )
    record = called.calls
    with replacing(calls, force=force) as draft:
        write_calls(record, draft)
    watcher.stage("tag")
    tagged, reference, session = map(files.path, (".panel.bam", ".junctions.fa", ".igv.xml"))
    run_tag(
        given.panel,
        called.records,
        record,
        tagged,
        reference,
        session=session,
        sample=called.sample,
        threads=threads,
        force=force,
    )
    watcher.stage("report")
    results = StageResults(
        files.sample, screen, read_metrics(align, ALIGN_KEYS), record, given.library, given.tumour_fraction
    )
    report = compose_report(panel, results, thresholds.classify, given.baseline)
    files.write(report)
    return report


def _require_plain_reads(given: SampleInput) -> None:
    """Refuse what describes short reads for long ones."""
    option = "--umi" if given.structures.layouts else "--primers" if given.primers else None
    if option:
        raise ParameterError(
            f"{option} is for short reads, and the reads are long",
            remedy=f"leave {option} out; a UMI in the tag RX or the read's name is used",
        )


def _require_unaligned(origin: str, structures: ReadStructures) -> None:
    """Refuse read structures for reads from an aligned file, which may be clipped."""
    if " aligned to " in origin:
        raise ParameterError(
            f"--umi {' '.join(structures.texts)}: a read structure needs unaligned reads, and these are from "
            f"{origin}",
            remedy="give the FASTQ files or an unaligned BAM, or leave the column umi empty",
        )
