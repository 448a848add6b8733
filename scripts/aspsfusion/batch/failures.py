"""What became of each sample of a batch when some of its jobs failed.

Snakemake removes the output of a failed job and does not start the jobs that need it. The workflow calls
this module at the end of such a run: it finds the samples that did not arrive, takes the reason from the
log of the job where they stopped, and removes what later jobs had written in an earlier run, so that no
former result stands beside a failed sample.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.errors import ERROR_MARK, STAGE_MARK

JOB_FILES: dict[str, tuple[str, ...]] = {
    "screen": ("screen.json",),
    "analyse": (
        "align.json",
        "evidence.json.gz",
        "calls.json",
        "panel.bam",
        "panel.bam.bai",
        "junctions.fa",
        "junctions.fa.fai",
        "report.json",
        "report.html",
        "fusions.tsv",
        "fusions.vcf.gz",
        "fusions.vcf.gz.tbi",
    ),
}
"""What each job leaves in a sample's directory, in the order of the data, without temporary files. The job
`extract` leaves what `screen` leaves, and writes its log."""

FURTHER_FILES = ("arriba.tsv", "star-fusion.tsv", "report.pdf")
"""What can stand beside them where it was asked for."""


@dataclass(frozen=True)
class Failure:
    """A sample without a result.

    Attributes:
        sample_id: the sample.
        job: the job where it stopped.
        sentence: the reason, one line.
        note: the file that holds the sentence.
    """

    sample_id: str
    job: str
    sentence: str
    note: Path


def sample_files(outdir: str, sample_id: str, job: str) -> list[str]:
    """Return the files of one job; `sample_id` may be a Snakemake wildcard."""
    return [f"{outdir}/{sample_id}/{sample_id}.{name}" for name in JOB_FILES[job]]


def job_log(outdir: str, sample_id: str, job: str) -> str:
    """Return the log of one job; `sample_id` may be a Snakemake wildcard."""
    return f"{outdir}/logs/{job}/{sample_id}.log"


def benchmark_file(outdir: str, sample_id: str, job: str) -> str:
    """Return the benchmark of one job; `sample_id` may be a Snakemake wildcard."""
    return f"{outdir}/benchmarks/{job}/{sample_id}.tsv"


def forget_failures(outdir: str, sample_ids: Iterable[str]) -> None:
    """Before a run: remove the notes and logs of the last failure, so that only this run's can be found."""
    for sample_id in sample_ids:
        job = _first_missing(outdir, sample_id)
        if job is None:
            continue
        _note(outdir, sample_id).unlink(missing_ok=True)
        for name in _from(job):
            Path(job_log(outdir, sample_id, name)).unlink(missing_ok=True)


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
        job = _first_missing(outdir, sample_id)
        if job is None:
            continue
        outdated = [file for name in _from(job) for file in sample_files(outdir, sample_id, name)]
        outdated += [f"{outdir}/{sample_id}/{sample_id}.{name}" for name in FURTHER_FILES]
        for file in outdated:
            Path(file).unlink(missing_ok=True)
        note = _note(outdir, sample_id)
        job = _job_that_stopped(outdir, sample_id, job)
        sentence = _reason(outdir, sample_id, job)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{sentence}\n", encoding="utf-8")
        failures.append(Failure(sample_id, job, sentence, note))
    return failures


def _first_missing(outdir: str, sample_id: str) -> str | None:
    """Return the first job of a sample of which a file is missing, None when all are there."""
    for job in JOB_FILES:
        if not all(Path(file).is_file() for file in sample_files(outdir, sample_id, job)):
            return job
    return None


def _job_that_stopped(outdir: str, sample_id: str, first_missing: str) -> str:
    """Return the job that wrote its log last.

    It is the first one without its files, unless a cluster ran all jobs of the sample as one: then the files
    of those before it were removed with it, and their logs are still there.
    """
    if not Path(job_log(outdir, sample_id, first_missing)).is_file():
        return first_missing
    logs = [(Path(job_log(outdir, sample_id, name)), name) for name in _from(first_missing)]
    written = [(log.stat().st_mtime_ns, rank, name) for rank, (log, name) in enumerate(logs) if log.is_file()]
    return max(written)[2]


def _from(job: str) -> list[str]:
    """Return the job and those that follow it."""
    jobs = list(JOB_FILES)
    return jobs[jobs.index(job) :]


def _note(outdir: str, sample_id: str) -> Path:
    return Path(outdir) / sample_id / f"{sample_id}.failed.txt"


def _reason(outdir: str, sample_id: str, job: str) -> str:
    log = Path(job_log(outdir, sample_id, job))
    if not log.is_file():
        return f"not analysed: the run ended before the job {job}; run the workflow again"
    stage = job
    for line in reversed(log.read_text(encoding="utf-8", errors="replace").splitlines()):
        if line.startswith(ERROR_MARK):
            return line.removeprefix(ERROR_MARK)
        if line.startswith(STAGE_MARK) and stage == job:
            stage = line.removeprefix(STAGE_MARK).split()[0]
    return f"{stage} stopped without a message, killed or out of memory, time or disk space; see {log}"
