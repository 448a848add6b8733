"""What became of each sample of a batch when some of its jobs failed.

Snakemake removes the output of a failed job and does not start the jobs that need it. The workflow calls
this module at the end of such a run: it finds the samples that did not arrive, takes the reason from the
log of the stage where they stopped, and removes what later stages had written in an earlier run, so that
no former result stands beside a failed sample.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.errors import ERROR_MARK

STAGE_FILES: dict[str, tuple[str, ...]] = {
    "screen": ("screen.json",),
    "align": ("align.json",),
    "evidence": ("evidence.json.gz",),
    "call": ("calls.json",),
    "tag": ("panel.bam", "panel.bam.bai", "junctions.fa", "junctions.fa.fai"),
    "report": ("report.json", "report.html", "fusions.tsv", "fusions.vcf.gz", "fusions.vcf.gz.tbi"),
}
"""What each stage leaves in a sample's directory, in the order of the data, without temporary files."""


@dataclass(frozen=True)
class Failure:
    """A sample without a result.

    Attributes:
        sample_id: the sample.
        stage: the stage where it stopped.
        sentence: the reason, one line.
        note: the file that holds the sentence.
    """

    sample_id: str
    stage: str
    sentence: str
    note: Path


def sample_files(outdir: str, sample_id: str, stage: str) -> list[str]:
    """Return the files of one stage; `sample_id` may be a Snakemake wildcard."""
    return [f"{outdir}/{sample_id}/{sample_id}.{name}" for name in STAGE_FILES[stage]]


def stage_log(outdir: str, sample_id: str, stage: str) -> str:
    """Return the log of one stage; `sample_id` may be a Snakemake wildcard."""
    return f"{outdir}/logs/{stage}/{sample_id}.log"


def forget_failures(outdir: str, sample_ids: Iterable[str]) -> None:
    """Before a run: remove the notes and logs of the last failure, so that only this run's can be found."""
    for sample_id in sample_ids:
        stage = _first_missing_stage(outdir, sample_id)
        if stage is None:
            continue
        _note(outdir, sample_id).unlink(missing_ok=True)
        for name in _from(stage):
            Path(stage_log(outdir, sample_id, name)).unlink(missing_ok=True)


def record_failures(outdir: str, sample_ids: Iterable[str]) -> list[Failure]:
    """After a run in which a job failed: note the failed samples and remove their outdated files.

    Args:
        outdir: the workflow's output directory.
        sample_ids: every sample of the sheet.

    Returns:
        The samples without a result, in the order given. Each has a file `<sample>.failed.txt` with the
        reason in its directory.
    """
    failures = []
    for sample_id in sample_ids:
        stage = _first_missing_stage(outdir, sample_id)
        if stage is None:
            continue
        for name in _from(stage):
            for file in sample_files(outdir, sample_id, name):
                Path(file).unlink(missing_ok=True)
        note = _note(outdir, sample_id)
        stage = _stage_that_stopped(outdir, sample_id, stage)
        sentence = _reason(outdir, sample_id, stage)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{sentence}\n", encoding="utf-8")
        failures.append(Failure(sample_id, stage, sentence, note))
    return failures


def _first_missing_stage(outdir: str, sample_id: str) -> str | None:
    for stage in STAGE_FILES:
        if not all(Path(file).is_file() for file in sample_files(outdir, sample_id, stage)):
            return stage
    return None


def _stage_that_stopped(outdir: str, sample_id: str, first_missing: str) -> str:
    """Return the stage that wrote its log last.

    It is the first one without its files, unless a cluster ran all stages as one job: then the files of the
    stages before it were removed with the job, and their logs are still there.
    """
    if not Path(stage_log(outdir, sample_id, first_missing)).is_file():
        return first_missing
    logs = [(Path(stage_log(outdir, sample_id, name)), name) for name in _from(first_missing)]
    written = [(log.stat().st_mtime_ns, rank, name) for rank, (log, name) in enumerate(logs) if log.is_file()]
    return max(written)[2]


def _from(stage: str) -> list[str]:
    """Return the stage and those that follow it."""
    stages = list(STAGE_FILES)
    return stages[stages.index(stage) :]


def _note(outdir: str, sample_id: str) -> Path:
    return Path(outdir) / sample_id / f"{sample_id}.failed.txt"


def _reason(outdir: str, sample_id: str, stage: str) -> str:
    log = Path(stage_log(outdir, sample_id, stage))
    if not log.is_file():
        return f"not analysed: the run ended before the stage {stage}; run the workflow again"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in reversed(lines):
        if line.startswith(ERROR_MARK):
            return line.removeprefix(ERROR_MARK)
    return f"{stage} stopped without a message, killed or out of memory, time or disk space; see {log}"
